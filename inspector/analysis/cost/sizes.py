"""Bytes that tensors take while a computation runs, as products with symbolic factors."""

from __future__ import annotations

from inspector.analysis.cost.expression import Factors
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
    if bits is None or None in spec.shape or any(isinstance(dim, int) and dim < 0 for dim in spec.shape):
        return None
    factors: Factors = tuple(dim for dim in spec.shape if dim is not None and dim != 1)
    if bits >= 8:
        return Product((*factors, bits // 8))
    if any(isinstance(factor, str) for factor in factors):
        return Product(factors)
    count = 1
    for factor in factors:
        count *= int(factor)
    return Product((packed_bytes(spec.dtype, count) or 0,))
