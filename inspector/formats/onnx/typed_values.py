"""Values in protobuf's typed repeated fields, made into the dense little-endian bytes that raw_data would hold.

Which field a dtype uses, and how narrow types lie in int32_data, is stated with TensorProto in the ONNX IR specification
(https://github.com/onnx/onnx/blob/main/docs/IR.md).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.formats.onnx.schema import AttributeMessage, TypedDataMessage
from inspector.formats.onnx.wire import encode_varint
from inspector.records.dtype import BITS

FLOAT_DATA: Final = 4
INT32_DATA: Final = 5
STRING_DATA: Final = 6
INT64_DATA: Final = 7
DOUBLE_DATA: Final = 10
UINT64_DATA: Final = 11
TENSORFLOW_STRINGS: Final = 8
"""Field of TensorFlow's TensorProto that holds texts; its other typed fields lie as one of those above does."""

EXPECTED_FIELD: Final[dict[str, int]] = {
    **dict.fromkeys(BITS, INT32_DATA),
    "float32": FLOAT_DATA,
    "complex64": FLOAT_DATA,
    "string": STRING_DATA,
    "int64": INT64_DATA,
    "float64": DOUBLE_DATA,
    "complex128": DOUBLE_DATA,
    "uint32": UINT64_DATA,
    "uint64": UINT64_DATA,
}
"""TensorProto field that holds the typed values of each dtype."""

_TENSOR_FIELD: Final = {
    FLOAT_DATA: ("float_data", "f"),
    INT32_DATA: ("int32_data", "i"),
    INT64_DATA: ("int64_data", "q"),
    DOUBLE_DATA: ("double_data", "d"),
    UINT64_DATA: ("uint64_data", "Q"),
}
_ATTRIBUTE_FIELD: Final = {
    ("int64", 3): ("i", "q"),
    ("int64", 8): ("ints", "q"),
    ("float32", 2): ("f", "f"),
    ("float32", 7): ("floats", "f"),
}
_STRING_FIELD: Final = {4: "s", 9: "strings"}

_SMALL_FORMAT: Final = {
    "int8": "b", "uint8": "B", "bool": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q",
    "uint64": "Q", "float16": "e", "float32": "f", "float64": "d",
}  # fmt: skip
_SMALL_OTHER: Final = frozenset({"bfloat16", "int4", "uint4", "int2", "uint2"})

HAS_SMALL_VALUES: Final = frozenset(_SMALL_FORMAT) | _SMALL_OTHER
"""Dtypes whose small weights are read into small_values."""


def dense(dtype: str, field: int, tagged: bool, stored: bytes) -> bytes:
    """Return the values as dense little-endian bytes: sub-byte types packed, first element in the low bits.

    stored is the packed payload of the field, or with tagged a stretch of whole protobuf fields.
    Raises ValueError if stored is malformed or the dtype does not use the field.
    """
    name, code = _ATTRIBUTE_FIELD.get((dtype, field)) or _TENSOR_FIELD.get(field, ("", ""))
    if not name or ((dtype, field) not in _ATTRIBUTE_FIELD and EXPECTED_FIELD.get(dtype) != field):
        raise ValueError(f"{dtype} values do not lie in field {field}")
    message = _parse(AttributeMessage if (dtype, field) in _ATTRIBUTE_FIELD else TypedDataMessage, field, tagged, stored)
    values = getattr(message, name)
    return _narrow(dtype, _bytes_of(code, values if hasattr(values, "__len__") else (values,)))


def strings(field: int, stored: bytes) -> list[bytes]:
    """Return the values of a string weight; stored is a stretch of whole protobuf fields. Raises ValueError if malformed."""
    if field in (STRING_DATA, TENSORFLOW_STRINGS):
        parsed = _parse(TypedDataMessage, field, True, stored)
        return list(parsed.string_data if field == STRING_DATA else parsed.string_val)
    values = getattr(_parse(AttributeMessage, field, True, stored), _STRING_FIELD[field])
    return [values] if isinstance(values, bytes) else list(values)


def _parse(message_class: Any, field: int, tagged: bool, stored: bytes) -> Any:
    header = b"" if tagged else encode_varint(field << 3 | 2) + encode_varint(len(stored))
    try:
        return message_class.FromString(header + stored)
    except DecodeError as error:
        raise ValueError(f"the values of field {field} are malformed") from error


def _bytes_of(code: str, values: Sequence[int | float]) -> bytes:
    numbers = array(code, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def _narrow(dtype: str, wide: bytes) -> bytes:
    bits = BITS[dtype]
    if EXPECTED_FIELD[dtype] == UINT64_DATA and bits == 32:
        return _low_bytes(wide, 8, 4)
    if EXPECTED_FIELD[dtype] != INT32_DATA or bits == 32:
        return wide
    if bits == 6:
        return _pack(wide[::4], 6)
    return _low_bytes(wide, 4, max(bits // 8, 1))


def _low_bytes(wide: bytes, width: int, kept: int) -> bytes:
    narrow = bytearray(len(wide) // width * kept)
    for byte in range(kept):
        narrow[byte::kept] = wide[byte::width]
    return bytes(narrow)


def _pack(elements: bytes, bits: int) -> bytes:
    total = 0
    for index, element in enumerate(elements):
        total |= (element & (1 << bits) - 1) << (bits * index)
    return total.to_bytes((len(elements) * bits + 7) // 8, "little")


def small_values(dtype: str, count: int, stored: bytes) -> tuple[int | float, ...]:
    """Return count elements of dense little-endian bytes as numbers; dtype is one of HAS_SMALL_VALUES."""
    code = _SMALL_FORMAT.get(dtype)
    if code is not None:
        return struct.unpack(f"<{count}{code}", stored)
    if dtype == "bfloat16":
        return struct.unpack(f"<{count}f", b"".join(b"\0\0" + stored[at : at + 2] for at in range(0, len(stored), 2)))
    bits = BITS[dtype]
    unsigned = (stored[at * bits // 8] >> (at * bits % 8) & (1 << bits) - 1 for at in range(count))
    if dtype.startswith("uint"):
        return tuple(unsigned)
    return tuple(value - (1 << bits) if value >> (bits - 1) else value for value in unsigned)
