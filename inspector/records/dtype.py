"""Names and widths of element types, shared by every format (ONNX and TensorFlow agree on these names)."""

from __future__ import annotations

from typing import Final

BITS: Final[dict[str, int]] = {
    "bool": 8,
    "int2": 2,
    "uint2": 2,
    "int4": 4,
    "uint4": 4,
    "float4e2m1": 4,
    "float6e2m3": 6,
    "float6e3m2": 6,
    "int8": 8,
    "uint8": 8,
    "float8e4m3fn": 8,
    "float8e4m3fnuz": 8,
    "float8e5m2": 8,
    "float8e5m2fnuz": 8,
    "float8e8m0": 8,
    "int16": 16,
    "uint16": 16,
    "float16": 16,
    "bfloat16": 16,
    "int32": 32,
    "uint32": 32,
    "float32": 32,
    "int64": 64,
    "uint64": 64,
    "float64": 64,
    "complex64": 64,
    "complex128": 128,
}
"""Bits one element takes; element types of no fixed width (string, resource, undefined) are absent."""

UNDEFINED: Final = "undefined"


def packed_bytes(dtype: str, count: int) -> int | None:
    """Return the bytes that count elements take when stored densely (sub-byte types packed), None if of no fixed width."""
    bits = BITS.get(dtype)
    return None if bits is None else (bits * count + 7) // 8
