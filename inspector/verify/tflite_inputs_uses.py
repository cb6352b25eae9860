"""What a signature of a .tflite file does with an input: which tables it indexes, what it is compared with and scaled by."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node
from inspector.records.tensor import Dim
from inspector.verify.inputs_uses import MOST_STEPS, Uses

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

Step = tuple[str, str]
"""A tensor by the path of its graph and its name there."""


class TFLiteUses:
    """Follows the inputs of signatures through the graphs of a .tflite file."""

    def __init__(self, computation: Computation) -> None:
        self._values = computation.small_values
        self._graphs = {graph.path: graph for graph in computation.roots()}
        self._consumers: dict[str, dict[str, list[tuple[Node, int]]]] = {}

    def uses(self, graph: str, tensor: str) -> Uses:
        """Return what is done with the values of a tensor in a graph, as far as they are passed on unchanged."""
        found = Uses()
        waiting = deque([(graph, tensor)])
        seen = set(waiting)
        for _ in range(MOST_STEPS):
            if not waiting:
                break
            path, name = waiting.popleft()
            for node, slot in self._consumers_of(path).get(name, ()):
                self._note(found, path, node, slot)
                for step in self._onward(path, node, slot):
                    if step not in seen:
                        seen.add(step)
                        waiting.append(step)
        return found

    def _onward(self, path: str, node: Node, slot: int) -> Iterator[Step]:
        """Yield where the values go from a node."""
        argument = slot - _FIRST_ARGUMENT.get(node.operator, 0)
        for call in node.calls:
            body = self._graphs.get(call.graph)
            if body is not None and 0 <= argument < len(body.inputs):
                yield body.path, body.inputs[argument].name
        carried = _CARRIES.get(node.operator, ())
        if carried is None or slot in carried:
            yield from ((path, output) for output in node.outputs if output)

    def _note(self, found: Uses, path: str, node: Node, slot: int) -> None:
        found.operators.add(node.operator)
        if slot == 1 and node.operator == "GATHER":
            axis = node.attribute("axis")
            place = axis.value if axis is not None and isinstance(axis.value, int) else 0
            found.rows.append(self._length(path, node.inputs[0], place))
        elif slot == 0 and node.operator == "EMBEDDING_LOOKUP":
            found.rows.append(self._length(path, node.inputs[1], 0) if len(node.inputs) > 1 else None)
        elif slot == 0 and node.operator == "ONE_HOT":
            depth = self._constants(path, node.inputs[1]) if len(node.inputs) > 1 else ()
            found.rows.append(int(depth[0]) if depth else None)
        elif slot in _SHAPES.get(node.operator, ()):
            found.shape_of.add(node.operator)
        else:
            others = [value for at, name in enumerate(node.inputs) if at != slot for value in self._constants(path, name)]
            _note_arithmetic(found, node.operator, slot, others)

    def _constants(self, path: str, name: str) -> tuple[int | float, ...]:
        return self._values.get((path, name), ())

    def _length(self, path: str, name: str, axis: int) -> Dim:
        known = self._graphs[path].values.get(name)
        shape = known.shape if known is not None else None
        return shape[axis] if shape and -len(shape) <= axis < len(shape) else None

    def _consumers_of(self, path: str) -> dict[str, list[tuple[Node, int]]]:
        """Return what takes each tensor of a graph, indexed when it is first asked for."""
        if path not in self._consumers:
            self._consumers[path] = _indexed(self._graphs.get(path))
        return self._consumers[path]


def _note_arithmetic(found: Uses, operator: str, slot: int, others: list[int | float]) -> None:
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


def _indexed(graph: Graph | None) -> dict[str, list[tuple[Node, int]]]:
    found: dict[str, list[tuple[Node, int]]] = defaultdict(list)
    for node in graph.nodes if graph is not None else ():
        for slot, name in enumerate(node.inputs):
            if name:
                found[name].append((node, slot))
    return found
