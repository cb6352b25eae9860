"""Stored little-endian bytes as numpy arrays of values, for every element type ONNX has; for child processes only."""

from __future__ import annotations

from typing import Any, Final

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from inspector.records.dtype import BITS

_PLAIN: Final[dict[str, str]] = {
    "bool": "u1", "int8": "i1", "uint8": "u1", "int16": "<i2", "uint16": "<u2", "int32": "<i4", "uint32": "<u4",
    "int64": "<i8", "uint64": "<u8", "float32": "<f4", "float64": "<f8", "complex64": "<c8",
    "complex128": "<c16",
}  # fmt: skip

_EXTENDED: Final[dict[str, Any]] = {
    "float16": np.dtype("<f2"),
    "bfloat16": ml_dtypes.bfloat16,
    "float8e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
    "float8e8m0": ml_dtypes.float8_e8m0fnu,
    "float6e2m3": ml_dtypes.float6_e2m3fn,
    "float6e3m2": ml_dtypes.float6_e3m2fn,
    "float4e2m1": ml_dtypes.float4_e2m1fn,
}

INTEGERS: Final = frozenset(
    {"bool", "int2", "uint2", "int4", "uint4", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}
)
COMPLEX: Final = frozenset({"complex64", "complex128"})


def is_decodable(dtype: str) -> bool:
    """Return whether values of this element type can be decoded: all of fixed width can."""
    return dtype in _PLAIN or dtype in _EXTENDED or BITS.get(dtype, 8) < 8


def decode(dtype: str, data: bytes | memoryview) -> NDArray[Any]:
    """Return the values in whole bytes of densely stored elements, as an array of one dimension.

    Numbers keep their type, except that bool becomes uint8, floats under 32 bits float32 (on which numpy is much faster), and
    integers under 8 bits int8 or uint8. A last byte that is not full gives padding elements too.
    """
    if dtype in _PLAIN:
        return np.frombuffer(data, dtype=_PLAIN[dtype])
    if BITS[dtype] < 8:
        codes = _unpacked(np.frombuffer(data, dtype=np.uint8), BITS[dtype])
        if dtype in _EXTENDED:
            return _widened(codes.view(_EXTENDED[dtype]))
        return codes if dtype.startswith("u") else _signed(codes, BITS[dtype])
    return _widened(np.frombuffer(data, dtype=_EXTENDED[dtype]))


def _widened(values: NDArray[Any]) -> NDArray[np.float32]:
    """Return values of one of the extended float types as float32, which holds each of them exactly."""
    wide: NDArray[np.float32] = values.astype(np.float32)
    return wide


def _unpacked(packed: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Return sub-byte codes, those in the low bits first, as ONNX packs them; what is left over of a last code is dropped."""
    if bits == 6:
        flat = np.unpackbits(packed, bitorder="little")
        six = flat[: flat.size // 6 * 6].reshape(-1, 6)
        return np.packbits(six, axis=1, bitorder="little").reshape(-1)
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes: NDArray[np.uint8] = ((packed[:, None] >> shifts) & np.uint8((1 << bits) - 1)).reshape(-1)
    return codes


def _signed(codes: NDArray[np.uint8], bits: int) -> NDArray[np.int8]:
    """Return two's-complement codes of so many bits as signed integers."""
    spare = 8 - bits
    values: NDArray[np.int8] = (codes << spare).view(np.int8) >> np.int8(spare)
    return values
