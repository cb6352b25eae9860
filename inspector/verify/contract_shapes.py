"""What becomes of a promised shape, dimension by dimension."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from inspector.records.tensor import Dim, Shape

Side = Literal["input", "output"]

Fit = Literal["fits", "breaks", "unknown"]


def fit(promised: Shape | None, actual: Shape | None, side: Side) -> Fit:
    """Say whether a tensor keeps the shape it was promised with.

    A length that may vary must go on varying. A fixed one is kept by an input that takes any length; what an output of
    varying or unknown length will be, its description does not say.
    """
    if promised is None:
        return "fits"
    if actual is None:
        return "unknown"
    if len(promised) != len(actual):
        return "breaks"
    fits = [_fit_of_dim(before, after, side) for before, after in zip(promised, actual, strict=True)]
    return "breaks" if "breaks" in fits else "unknown" if "unknown" in fits else "fits"


def _fit_of_dim(promised: Dim, actual: Dim, side: Side) -> Fit:
    if promised is None or promised == actual:
        return "fits"
    if isinstance(actual, int):
        return "breaks"
    if isinstance(promised, str):
        return "fits"
    return "fits" if side == "input" else "unknown"


def lost_dimensions(before: Shape, after: Shape) -> Iterator[int]:
    """Yield the indices of dimensions that varied and are fixed now."""
    for index, (was, now) in enumerate(zip(before, after, strict=True)):
        if isinstance(was, str) and isinstance(now, int):
            yield index


def shape_words(shape: Shape | None) -> str:
    """Return a shape as people write it: "[batch, 3, ?]", "of unknown rank"."""
    return "of unknown rank" if shape is None else f"[{', '.join('?' if dim is None else str(dim) for dim in shape)}]"
