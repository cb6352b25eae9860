"""Bytes that tensors take while a computation runs, as products with symbolic factors."""

from __future__ import annotations

from math import prod

from inspector.analysis.cost.bindings import is_missing
from inspector.analysis.cost.expression import product
from inspector.records.cost import Product
from inspector.records.dtype import BITS, packed_bytes
from inspector.records.tensor import TensorSpec


def tensor_bytes(spec: TensorSpec | None) -> Product | None:
    """Return the bytes of a tensor, None where its shape or the width of its elements is not known.

    Elements of less than a byte are packed where the shape is fixed, and take a byte each where it is not.
    """
    if spec is None or spec.shape is None:
        return None
    bits = BITS.get(spec.dtype)
    if bits is None or any(map(is_missing, spec.shape)):
        return None
    lengths = [dim for dim in spec.shape if dim is not None]
    if bits >= 8:
        return product((*lengths, bits // 8))
    fixed = [length for length in lengths if isinstance(length, int)]
    if len(fixed) < len(lengths):
        return product(lengths)
    return Product((packed_bytes(spec.dtype, prod(fixed)) or 0,))
