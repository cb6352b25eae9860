"""Tensors as LiteRT describes them, as ours. In children only: numpy is imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from inspector.records.tensor import Dim, TensorSpec


def described_tensor(name: str, details: Mapping[str, Any]) -> TensorSpec:
    """Return a tensor by what get_input_details() and its like say of it; an open dimension is None, text is "string".

    LiteRT gives the shape () to scalars and to tensors of unknown rank alike.
    """
    dtype = np.dtype(details["dtype"])
    signature = details.get("shape_signature")
    sizes = details["shape"] if signature is None or len(signature) == 0 else signature
    shape = tuple(int(size) if size >= 0 else None for size in sizes)
    return TensorSpec(str(name), "string" if dtype.kind in "SO" else dtype.name, shape)


def numpy_type(dtype: str) -> np.dtype[Any]:
    """Return the type of the arrays that are passed for an element type; text is passed as objects."""
    return np.dtype(object) if dtype == "string" else np.dtype(dtype)


def shape_text(shape: Sequence[Dim]) -> str:
    """Return a shape for a person: "? x 8 x 8 x 1"."""
    return " x ".join("?" if size is None else str(size) for size in shape) or "()"
