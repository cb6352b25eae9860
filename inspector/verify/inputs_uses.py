"""What a graph does with an input: which tables it indexes, what it is compared with, whether it is a mask or a length."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node
from inspector.records.tensor import Dim, Shape

MOST_STEPS: Final = 20_000
"""Uses looked at for one input."""

_CARRIES: Final[Mapping[str, tuple[int, ...] | None]] = {
    **dict.fromkeys(("Identity", "Cast", "CastLike", "Unsqueeze", "Squeeze", "Reshape", "Transpose", "Expand", "Slice"), (0,)),
    **dict.fromkeys(("Flatten", "Gather", "GatherElements", "GatherND", "Split", "Tile", "Pad", "Clip", "Dropout"), (0,)),
    **dict.fromkeys(("ReduceMax", "ReduceMin", "Compress", "Trilu"), (0,)),
    **dict.fromkeys(("Concat", "Max", "Min"), None),
    "Where": (1, 2),
    "OptionalGetElement": (0,),
}
"""Operators that pass values on unchanged, by the inputs they take them from (None: all)."""

_COMPARE: Final = frozenset({"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"})
_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "Reshape": (1,),
    "Expand": (1,),
    "ConstantOfShape": (0,),
    "Tile": (1,),
    "Resize": (3,),
    "Upsample": (1,),
    "Range": (0, 1, 2),
    "TopK": (1,),
    "Slice": (1, 2, 3, 4),
    "Loop": (0,),
    "Pad": (1,),
    "Split": (1,),
    "Squeeze": (1,),
    "Unsqueeze": (1,),
    "OneHot": (1,),
}
"""Inputs that say how long something is or where it ends."""

_SEQUENCE_LENGTHS: Final[Mapping[str, int]] = {"LSTM": 4, "GRU": 4, "RNN": 4, "ReverseSequence": 1}
_TABLES: Final[Mapping[tuple[str, str], Mapping[int, int]]] = {
    ("com.microsoft", "EmbedLayerNormalization"): {0: 2, 1: 4},
    ("com.microsoft", "RotaryEmbedding"): {1: 2},
    ("ai.onnx", "RotaryEmbedding"): {3: 1},
}
"""Which input of an operator indexes the rows of which."""

Place = tuple[Node, int, Graph]


@dataclass(slots=True)
class Uses:
    """What was found: rows are the lengths of axes it indexes, compared the constants it is held against."""

    rows: list[Dim] = field(default_factory=list)
    compared: set[float] = field(default_factory=set)
    divided_by: set[float] = field(default_factory=set)
    shifted_by: set[float] = field(default_factory=set)
    mask: bool = False
    shape_of: set[str] = field(default_factory=set)
    """Operators that take it as a shape, a count or an end."""
    sequence_lengths: bool = False
    operators: set[str] = field(default_factory=set)


class UseFinder:
    """Follows inputs through a computation, its subgraphs and functions."""

    def __init__(self, computation: Computation) -> None:
        self._values = computation.small_values
        self._functions = {(one.domain, one.name): one.body for one in computation.functions}
        self._consumers: dict[str, list[Place]] = defaultdict(list)
        """Of the main graph and what is nested in it: names there are unique, and subgraphs see those around them."""
        self._bodies: dict[str, dict[str, list[Place]]] = {}
        self._shapes: dict[str, Shape | None] = {}
        for graph in _nested(computation.graph):
            self._shapes.update((name, spec.shape) for name, spec in graph.values.items())
            _index(graph, self._consumers)
        for function in computation.functions:
            consumers: dict[str, list[Place]] = defaultdict(list)
            for graph in _nested(function.body):
                _index(graph, consumers)
            self._bodies[function.body.path] = consumers

    def uses(self, name: str) -> Uses:
        """Return what is done with the values of a main-graph input, as far as they are passed on unchanged."""
        found = Uses()
        waiting: deque[tuple[str, str]] = deque([("", name)])
        seen = set(waiting)
        for _ in range(MOST_STEPS):
            if not waiting:
                break
            body, tensor = waiting.popleft()
            for place in self._bodies.get(body, self._consumers).get(tensor, ()):
                self._note(found, place)
                for step in self._onward(body, place):
                    if step not in seen:
                        seen.add(step)
                        waiting.append(step)
        return found

    def _onward(self, body: str, place: Place) -> Iterator[tuple[str, str]]:
        """Yield where the values go from here: (path of the function's body or "", tensor)."""
        node, slot, _ = place
        function = self._functions.get((node.domain, node.operator))
        if function is not None:
            if slot < len(function.inputs):
                yield function.path, function.inputs[slot].name
            return
        for subgraph in node.subgraphs if node.operator in ("Loop", "Scan") else ():
            if slot < len(subgraph.inputs):
                yield body, subgraph.inputs[slot].name
        carried = _CARRIES.get(node.operator, ())
        if carried is None or slot in carried:
            yield from ((body, output) for output in node.outputs if output)

    def _note(self, found: Uses, place: Place) -> None:
        node, slot, graph = place
        found.operators.add(node.operator)
        if slot == 1 and node.operator in ("Gather", "GatherElements", "ScatterElements"):
            found.rows.append(self._length(node.inputs[0], _axis(node)))
        elif slot == 1 and node.operator in ("GatherND", "ScatterND"):
            shape = self._shapes.get(node.inputs[0]) or (None,)
            found.rows.extend(shape)
        elif slot in (tables := _TABLES.get((node.domain, node.operator), {})):
            found.rows.append(self._length(node.inputs[tables[slot]], 0))
        elif slot == 0 and node.operator == "OneHot":
            depth = self._constants(node.inputs[1], graph)
            found.rows.append(int(depth[0]) if depth else None)
        elif slot in _SHAPES.get(node.operator, ()):
            found.shape_of.add(node.operator)
        elif slot == _SEQUENCE_LENGTHS.get(node.operator):
            found.sequence_lengths = True
        else:
            self._note_arithmetic(found, node, slot, graph)

    def _note_arithmetic(self, found: Uses, node: Node, slot: int, graph: Graph) -> None:
        others = [value for at, name in enumerate(node.inputs) if at != slot for value in self._constants(name, graph)]
        if node.operator in _COMPARE:
            found.compared.update(others)
        elif node.operator == "Div" and slot == 0:
            found.divided_by.update(others)
        elif node.operator == "Mul":
            found.divided_by.update(1 / value for value in others if value)
        elif node.operator == "Sub" and slot == 0:
            found.shifted_by.update(others)
        found.mask = found.mask or _reads_as_mask(node, slot, others)

    def _constants(self, name: str, graph: Graph) -> tuple[int | float, ...]:
        """Return the values of a small constant that a node of the graph sees, empty where it is none."""
        path = graph.path
        while True:
            values = self._values.get((path, name))
            if values is not None:
                return values
            if not path:
                return ()
            path = path.rpartition("/")[0]

    def _length(self, name: str, axis: int) -> Dim:
        shape = self._shapes.get(name)
        return shape[axis] if shape and -len(shape) <= axis < len(shape) else None


_BOOL: Final = 9
"""TensorProto.BOOL."""


def _reads_as_mask(node: Node, slot: int, others: list[int | float]) -> bool:
    """Tell whether a node takes an input as yes or no: 1 - x, x as a condition, not x."""
    if node.operator == "Cast":
        to = node.attribute("to")
        return to is not None and to.value == _BOOL
    if node.operator == "Sub":
        return slot == 1 and 1 in others
    return node.operator == "Not" or (node.operator == "Where" and slot == 0)


def _axis(node: Node) -> int:
    attribute = node.attribute("axis")
    return attribute.value if attribute is not None and isinstance(attribute.value, int) else 0


def _nested(graph: Graph) -> Iterator[Graph]:
    """Yield the graph and every subgraph in it."""
    waiting = [graph]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(subgraph for node in one.nodes for subgraph in node.subgraphs)


def _index(graph: Graph, consumers: dict[str, list[Place]]) -> None:
    for node in graph.nodes:
        for slot, name in enumerate(node.inputs):
            if name:
                consumers[name].append((node, slot, graph))
