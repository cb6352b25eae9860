"""What a signature of a .tflite file does with an input: which tables it indexes, what it is compared with and scaled by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from inspector.records.graph import Node
from inspector.records.tensor import Dim
from inspector.verify.inputs_uses import Uses
from inspector.verify.values_walk import ValuesWalk

_FIRST: Final = (0,)
_CARRIES: Final[Mapping[str, tuple[int, ...] | None]] = {
    **dict.fromkeys(("CAST", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "TRANSPOSE", "TILE", "SLICE", "STRIDED_SLICE"), _FIRST),
    **dict.fromkeys(("PAD", "PADV2", "BROADCAST_TO", "GATHER", "GATHER_ND", "UNPACK", "SPLIT_V", "REVERSE_V2"), _FIRST),
    **dict.fromkeys(("CONCATENATION", "PACK", "MAXIMUM", "MINIMUM"), None),
    "UNIQUE": _FIRST,
    "SPLIT": (1,),
    "SELECT": (1, 2),
    "SELECT_V2": (1, 2),
}
"""Operators that pass values on unchanged, by the inputs they take them from (None: all)."""

_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    **dict.fromkeys(("RESHAPE", "BROADCAST_TO", "TILE", "PAD", "PADV2", "EXPAND_DIMS"), (1,)),
    "SLICE": (1, 2),
    "STRIDED_SLICE": (1, 2, 3),
    "FILL": (0,),
    "RANGE": (0, 1, 2),
    "TOPK_V2": (1,),
}
"""Inputs that say how long something is or where it ends."""

_COMPARE: Final = frozenset({"EQUAL", "NOT_EQUAL", "LESS", "GREATER", "LESS_EQUAL", "GREATER_EQUAL"})
_FIRST_ARGUMENT: Final[Mapping[str, int]] = {"IF": 1}
"""Input that is the first argument of the graphs an operator calls, where it is not its first."""


class TFLiteUses(ValuesWalk):
    """Follows the inputs of signatures through the graphs of a .tflite file."""

    carries = _CARRIES
    first_argument = _FIRST_ARGUMENT

    def uses(self, graph: str, tensor: str) -> Uses:
        """Return what is done with the values of a tensor in a graph, as far as they are passed on unchanged."""
        return self.follow([(graph, tensor)])

    def note(self, found: Uses, path: str, node: Node, slot: int) -> None:
        """Add what a node tells of the values that it takes at a slot."""
        if slot == 1 and node.operator == "GATHER":
            axis = node.attribute("axis")
            place = axis.value if axis is not None and isinstance(axis.value, int) else 0
            found.rows.append(self._length(path, node.inputs[0], place))
        elif slot == 0 and node.operator == "EMBEDDING_LOOKUP":
            found.rows.append(self._length(path, node.inputs[1], 0) if len(node.inputs) > 1 else None)
        elif slot == 0 and node.operator == "ONE_HOT":
            depth = self.constants(path, node.inputs[1]) if len(node.inputs) > 1 else ()
            found.rows.append(int(depth[0]) if depth else None)
        elif slot in _SHAPES.get(node.operator, ()):
            found.shape_of.add(node.operator)
        else:
            _note_arithmetic(found, node.operator, slot, self.constants_beside(path, node, slot))

    def _length(self, path: str, name: str, axis: int) -> Dim:
        known = self._graphs[path].values.get(name)
        shape = known.shape if known is not None else None
        return shape[axis] if shape and -len(shape) <= axis < len(shape) else None


def _note_arithmetic(found: Uses, operator: str, slot: int, others: Iterable[int | float]) -> None:
    if operator in _COMPARE:
        found.compared.update(others)
    elif operator == "DIV" and slot == 0:
        found.divided_by.update(others)
    elif operator == "MUL":
        found.divided_by.update(1 / value for value in others if value)
    elif operator == "SUB" and slot == 0:
        found.shifted_by.update(others)
    elif operator == "LOGICAL_NOT" or (operator in ("SELECT", "SELECT_V2") and slot == 0):
        found.mask = True
