"""Which of TensorFlow Lite's operators only compute with shapes, and which have a row whatever they are fed from."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.formulas.tflite_free import TFLITE_RANDOM, TFLITE_STATE
from inspector.records.graph import Attribute, Node

TFLITE_SHAPE_READERS: Final = frozenset({"SHAPE", "RANK"})

TFLITE_SHAPE_ARITHMETIC: Final = frozenset(
    """
    SHAPE RANK CAST GATHER GATHER_ND SLICE STRIDED_SLICE SPLIT SPLIT_V PACK UNPACK CONCATENATION RESHAPE SQUEEZE EXPAND_DIMS
    TRANSPOSE BROADCAST_TO BROADCAST_ARGS TILE FILL PAD PADV2 RANGE ONE_HOT SELECT SELECT_V2 WHERE LOGICAL_AND LOGICAL_OR
    LOGICAL_NOT EQUAL NOT_EQUAL LESS LESS_EQUAL GREATER GREATER_EQUAL ADD SUB MUL DIV FLOOR_DIV FLOOR_MOD NEG ABS SIGN FLOOR
    CEIL ROUND SQRT RSQRT POW MAXIMUM MINIMUM REDUCE_PROD SUM REDUCE_MAX REDUCE_MIN REDUCE_ALL REDUCE_ANY ARG_MAX ARG_MIN
    ZEROS_LIKE REVERSE_V2 CUMSUM UNIQUE
    """.split()  # noqa: SIM905
)
"""What computes with shapes; any other operator fed from shapes makes data worth a row."""

_NOT_TELLING: Final = frozenset(("container", "shared_name"))

_ALWAYS_SHOWN: Final = frozenset(name.removeprefix("tflite:") for name in TFLITE_RANDOM | TFLITE_STATE)


def is_shown_always(node: Node) -> bool:
    """Tell whether a node has a row whatever it is fed from: it calls graphs, makes random numbers or keeps state."""
    return bool(node.calls) or node.operator in _ALWAYS_SHOWN


def telling_attributes(node: Node) -> tuple[Attribute, ...]:
    """Return the attributes that say what a node does: not the names of resources."""
    return tuple(attribute for attribute in node.attributes if attribute.name not in _NOT_TELLING)
