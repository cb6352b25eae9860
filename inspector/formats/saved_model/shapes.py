"""Shapes as TensorShapeProto writes them: -1 for an unknown length, a flag for an unknown rank."""

from __future__ import annotations

from typing import Any, Final

from inspector.records.tensor import Shape

MOST_DIMENSIONS: Final = 254
"""The largest rank TensorFlow has; the dimensions beyond are left out."""


def open_shape(message: Any) -> Shape | None:
    """Return the shape of a parsed message: None where the rank is unknown, None for each unknown length."""
    if message.unknown_rank:
        return None
    return tuple([dim.size if dim.size >= 0 else None for dim in message.dim[:MOST_DIMENSIONS]])


def whole_shape(message: Any) -> tuple[int, ...]:
    """Return the shape of stored values: a negative length, which none can have, is taken as 0."""
    return tuple([max(dim.size, 0) for dim in message.dim[:MOST_DIMENSIONS]])


def shape_text(shape: Shape | None) -> str:
    """Return "[?,28,28,1]", or "[...]" for an unknown rank."""
    return "[...]" if shape is None else f"[{','.join('?' if dim is None else str(dim) for dim in shape)}]"
