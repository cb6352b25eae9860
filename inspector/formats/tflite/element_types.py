"""TensorFlow Lite's element types by number: facts of the format (TensorType in its schema)."""

from __future__ import annotations

from typing import Final

_NAMES: Final = (
    *("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64"),
    *("complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16", "int2", "uint4"),
    *("float8e4m3fn", "float8e5m2"),
)


def element_type(number: int) -> str:
    """Return the name of an element type, as every format here calls it; "type N" for one that is not known."""
    return _NAMES[number] if 0 <= number < len(_NAMES) else f"type {number}"
