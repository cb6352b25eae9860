"""Which fields ONNX messages have (up to IR version 13), and what they hold: facts of the format, as tags and numbers.

A tag is field number * 8 + wire type (0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes).
"""

from __future__ import annotations

from typing import Final

TEXT: Final = "text"
"""A name, which may be clipped."""
PROSE: Final = "prose"
"""Documentation nobody refers to, which may be dropped."""
VALUE: Final = "value"
"""Text that is no name, which may be clipped."""
PAYLOAD: Final = "payload"
"""Values of a tensor."""

KNOWN: Final[dict[str, frozenset[int]]] = {
    "Model": frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26}),
    "Graph": frozenset({1, 2, 5, 10, 11, 12, 13, 14, 15, 16}),
    "Node": frozenset(range(1, 11)),
    "Attribute": frozenset({*range(1, 12), 13, 14, 15, 20, 21, 22, 23}),
    "Tensor": frozenset({*range(1, 15), 16}),
    "SparseTensor": frozenset({1, 2, 3}),
    "ValueInfo": frozenset({1, 2, 3, 4}),
    "Function": frozenset(range(1, 15)),
    "Training": frozenset({1, 2, 3, 4}),
}
"""Field numbers of each message. Functions had a since_version (2) and a status (3) in early files of IR version 8."""

SCALARS: Final = frozenset({0x08, 0x10, 0x18, 0x28, 0x70})
"""Tags of single numbers in the messages that are walked field by field."""

CONTENT: Final[dict[str, dict[int, str]]] = {
    "Model": {
        0x12: TEXT, 0x1A: TEXT, 0x22: TEXT, 0x32: PROSE, 0x3A: "Graph", 0x42: "OperatorSet", 0x72: "Pair",
        20 * 8 + 2: "Training", 25 * 8 + 2: "Function",
    },
    "Graph": {
        0x0A: "Node", 0x12: TEXT, 0x2A: "Tensor", 0x52: PROSE, 0x5A: "ValueInfo", 0x62: "ValueInfo", 0x6A: "ValueInfo",
        0x7A: "SparseTensor", 16 * 8 + 2: "Pair",
    },
    "Node": {
        0x0A: TEXT, 0x12: TEXT, 0x1A: TEXT, 0x22: TEXT, 0x2A: "Attribute", 0x32: PROSE, 0x3A: TEXT, 0x42: TEXT, 0x4A: "Pair",
    },
    "Attribute": {
        0x0A: TEXT, 0x22: VALUE, 0x2A: "Tensor", 0x32: "Graph", 0x4A: VALUE, 0x52: "Tensor", 0x5A: "Graph", 0x6A: PROSE,
        0x72: "Type", 0x7A: "Type", 21 * 8 + 2: TEXT, 22 * 8 + 2: "SparseTensor", 23 * 8 + 2: "SparseTensor",
    },
    "Tensor": {
        0x22: PAYLOAD, 0x2A: PAYLOAD, 0x32: PAYLOAD, 0x3A: PAYLOAD, 0x42: TEXT, 0x4A: PAYLOAD, 0x52: PAYLOAD, 0x5A: PAYLOAD,
        0x62: PROSE, 0x6A: "Pair", 16 * 8 + 2: "Pair",
    },
    "SparseTensor": {0x0A: "Tensor", 0x12: "Tensor"},
    "ValueInfo": {0x0A: TEXT, 0x12: "Type", 0x1A: PROSE, 0x22: "Pair"},
    "Type": {
        0x0A: "TensorType", 0x22: "ElementType", 0x2A: "MapType", 0x32: TEXT, 0x3A: "OpaqueType", 0x42: "TensorType",
        0x4A: "ElementType",
    },
    "TensorType": {0x12: "Shape"},
    "ElementType": {0x0A: "Type"},
    "MapType": {0x12: "Type"},
    "OpaqueType": {0x0A: TEXT, 0x12: TEXT},
    "Shape": {0x0A: "Dimension"},
    "Dimension": {0x12: TEXT, 0x1A: TEXT},
    "Pair": {0x0A: TEXT, 0x12: VALUE},
    "OperatorSet": {0x0A: TEXT},
    "Function": {
        0x0A: TEXT, 0x22: TEXT, 0x2A: TEXT, 0x32: TEXT, 0x3A: "Node", 0x42: PROSE, 0x4A: "OperatorSet", 0x52: TEXT,
        0x5A: "Attribute", 0x62: "ValueInfo", 0x6A: TEXT, 0x72: "Pair",
    },
    "Training": {0x0A: "Graph", 0x12: "Graph", 0x1A: "Pair", 0x22: "Pair"},
}  # fmt: skip
"""What each length-delimited field holds, by message and tag: text, values, or another message."""

DTYPES: Final[dict[int, str]] = dict(
    enumerate([
        "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64",
        "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2",
        "float8e5m2fnuz", "uint4", "int4", "float4e2m1", "float8e8m0", "uint2", "int2", "float6e2m3", "float6e3m2",
    ])
)  # fmt: skip
"""Names of the element types, by number."""


def dtype_name(number: int) -> str:
    """Return the name of an element type; a number ONNX does not know gives a name that says so."""
    return DTYPES.get(number) or f"unknown({number})"
