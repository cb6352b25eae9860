"""Which of TensorFlow's operators only prepare something for others: constants, variables, shape arithmetic."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.formulas.tensorflow_free import RANDOM
from inspector.analysis.operator_effects import EFFECTS
from inspector.records.graph import Attribute, Node
from inspector.records.saved_model import TENSORFLOW

CONSTANT_OPERATORS: Final = frozenset({"Constant", "Const"})

_NAMES_ONLY: Final = frozenset(("container", "shared_name"))

_STORED: Final = frozenset(("Const", "HostConst", "VarHandleOp", "Variable", "VariableV2", "HashTableV2", "MutableHashTableV2"))
"""Operators without inputs whose result is the same for every request."""

_ALWAYS_SHOWN: Final = frozenset(EFFECTS) | {name.removeprefix("tensorflow:") for name in RANDOM}

TENSORFLOW_SHAPE_READERS: Final = frozenset({"Shape", "ShapeN", "Size", "Rank"})

TENSORFLOW_SHAPE_ARITHMETIC: Final = frozenset(
    """
    Const Shape ShapeN Size Rank Identity Cast Gather GatherV2 GatherNd Slice StridedSlice Split SplitV Pack Unpack Concat
    ConcatV2 ConcatOffset Reshape Squeeze ExpandDims Transpose BroadcastTo BroadcastArgs Tile Fill Pad Range InvertPermutation
    OneHot Select SelectV2 Where LogicalAnd LogicalOr LogicalNot Equal NotEqual Less LessEqual Greater GreaterEqual Add AddV2
    Sub Mul Div RealDiv FloorDiv FloorMod TruncateDiv TruncateMod Mod Neg Abs Sign Floor Ceil Round Rint Sqrt Rsqrt Pow Maximum
    Minimum ClipByValue Prod Sum Max Min All Any ArgMax ArgMin ZerosLike OnesLike ReverseV2 Cumsum Cumprod StopGradient
    EnsureShape Unique UniqueV2 Bincount
    """.split()  # noqa: SIM905
)
"""What computes with shapes; any other operator fed from shapes makes data worth a row."""


def is_shown_always(node: Node) -> bool:
    """Tell whether a node of a SavedModel has a row whatever it is fed from.

    That is one that calls functions, has an effect, makes random numbers, or is fed from outside.
    """
    if node.domain != TENSORFLOW:
        return False
    if node.calls or node.operator in _ALWAYS_SHOWN:
        return True
    return not any(node.inputs) and node.operator not in _STORED


def telling_attributes(node: Node) -> tuple[Attribute, ...]:
    """Return the attributes that say what a node does: not names of functions and resources, nor what only runtimes note."""
    functions = {call.attribute.partition(":")[0] for call in node.calls}
    return tuple(
        attribute
        for attribute in node.attributes
        if not attribute.name.startswith("_") and attribute.name not in functions and attribute.name not in _NAMES_ONLY
    )
