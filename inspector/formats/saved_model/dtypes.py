"""TensorFlow's element types by number: facts of the format (DataType in its types.proto)."""

from __future__ import annotations

from typing import Final

from inspector.records.dtype import UNDEFINED

_NUMBERS: Final[dict[int, tuple[str, str]]] = {
    1: ("DT_FLOAT", "float32"),
    2: ("DT_DOUBLE", "float64"),
    3: ("DT_INT32", "int32"),
    4: ("DT_UINT8", "uint8"),
    5: ("DT_INT16", "int16"),
    6: ("DT_INT8", "int8"),
    7: ("DT_STRING", "string"),
    8: ("DT_COMPLEX64", "complex64"),
    9: ("DT_INT64", "int64"),
    10: ("DT_BOOL", "bool"),
    11: ("DT_QINT8", "qint8"),
    12: ("DT_QUINT8", "quint8"),
    13: ("DT_QINT32", "qint32"),
    14: ("DT_BFLOAT16", "bfloat16"),
    15: ("DT_QINT16", "qint16"),
    16: ("DT_QUINT16", "quint16"),
    17: ("DT_UINT16", "uint16"),
    18: ("DT_COMPLEX128", "complex128"),
    19: ("DT_HALF", "float16"),
    20: ("DT_RESOURCE", "resource"),
    21: ("DT_VARIANT", "variant"),
    22: ("DT_UINT32", "uint32"),
    23: ("DT_UINT64", "uint64"),
    24: ("DT_FLOAT8_E5M2", "float8e5m2"),
    25: ("DT_FLOAT8_E4M3FN", "float8e4m3fn"),
    26: ("DT_FLOAT8_E4M3FNUZ", "float8e4m3fnuz"),
    27: ("DT_FLOAT8_E4M3B11FNUZ", "float8e4m3b11fnuz"),
    28: ("DT_FLOAT8_E5M2FNUZ", "float8e5m2fnuz"),
    29: ("DT_INT4", "int4"),
    30: ("DT_UINT4", "uint4"),
    31: ("DT_INT2", "int2"),
    32: ("DT_UINT2", "uint2"),
}
_REFERENCE: Final = 100
"""Added to the number of the type of a mutable TF1 variable's value."""

ENUM_VALUES: Final[dict[str, int]] = {
    "DT_INVALID": 0,
    **{name: number for number, (name, _) in _NUMBERS.items()},
    **{f"{name}_REF": number + _REFERENCE for number, (name, _) in _NUMBERS.items()},
}

RESOURCE: Final = "resource"
STRING: Final = "string"


def dtype_name(number: int) -> str:
    """Return the name of an element type, that of a reference to it being the same; "undefined" for 0, "dtype N" for others."""
    if number == 0:
        return UNDEFINED
    base = number - _REFERENCE if number > _REFERENCE else number
    known = _NUMBERS.get(base)
    return known[1] if known else f"dtype {number}"
