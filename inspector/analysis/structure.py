"""What a node is, apart from names and values: equal labels for nodes of equal structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inspector.analysis.tensorflow_absorption import CONSTANT_OPERATORS, telling_attributes
from inspector.analysis.tflite_absorption import telling_attributes as telling_attributes_in_tflite
from inspector.analysis.wiring import Wiring, wire
from inspector.records.graph import Attribute, Graph, Node
from inspector.records.layout import Layout
from inspector.records.saved_model import TENSORFLOW
from inspector.records.tensor import TensorSpec
from inspector.records.tflite import TFLITE

GENERATED_SYMBOL: Final = "unk__"
"""How shape inference names a length it knows nothing of: a new symbol each time, equal to no other."""

SLOT_UNIT: Final = 1 << 40

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Structure:
    """The rows of a layout as labels and distances; parallel lists indexed by row."""

    graph: Graph
    layout: Layout
    exact: list[int]
    """Equal for rows of the same operator, domain, attributes, element types and shapes, absorbed nodes included."""
    rough: list[int]
    """Equal for rows of the same operator, domain and attributes, whatever the shapes."""
    kind: list[int]
    """Equal for rows of the same operator and domain."""
    reach: list[tuple[int, ...]]
    """For each tensor taken from a row or an outer graph: rows up to its producer (beyond the first row: an outer tensor),
    plus SLOT_UNIT for each output of the producer before it."""

    def gives_unknown_shape(self, row: int) -> bool:
        """Tell whether the row's node gives a tensor of unknown rank."""
        number = self.layout.nodes[row]
        specs = (self.graph.values.get(name) for name in self.graph.nodes[number].outputs if name) if number >= 0 else ()
        return any(spec is None or spec.shape is None for spec in specs)

    def weight_rank(self, row: int) -> int:
        """Return 2 if the row's node takes a stored matrix or kernel, 1 for a stored vector, 0 if nothing of the kind."""
        number = self.layout.nodes[row]
        if number < 0:
            return 0
        absorbed = {name for i in self.layout.absorbed.get(number, ()) for name in self.graph.nodes[i].outputs}
        names = [name for name in self.graph.nodes[number].inputs if name in self.graph.initializers or name in absorbed]
        return max((self._long_sides(name) for name in names), default=0)

    def _long_sides(self, name: str) -> int:
        spec = self.graph.values.get(name)
        shape = spec.shape if spec is not None and spec.shape is not None else ()
        return min(2, sum(1 for length in shape if length != 1))


def describe_rows(graph: Graph, layout: Layout) -> Structure:
    """Label every row of the layout; linear in nodes and edges."""
    wiring = wire(graph)
    position_of = {index: position for position, index in enumerate(wiring.index_of)}
    labels = _Labels(graph, wiring, layout)
    rows = [position_of[number] if number >= 0 else number for number in layout.nodes]
    exact, rough, kind = labels.of_rows(rows)
    return Structure(graph, layout, exact, rough, kind, _reaches(wiring, layout, rows))


def _reaches(wiring: Wiring, layout: Layout, rows: Sequence[int]) -> list[tuple[int, ...]]:
    row_of = {producer: row for row, producer in enumerate(rows)}
    slots = _slots(wiring)
    above = len(rows) + 1
    outer_numbers: dict[str, int] = {}
    reaches: list[tuple[int, ...]] = []
    inputs = layout.input_count
    for row, producer in enumerate(rows):
        if producer >= 0:
            reach = [row - row_of[source] for source in wiring.sources[producer] if source in row_of]
            if slots and any(name in slots for name in wiring.taken(producer)):
                reach = _reaches_to_slots(wiring, row_of, slots, row, producer)
            for name in wiring.outer.get(producer, ()):
                reach.append(row + above + outer_numbers.setdefault(name, len(outer_numbers)))
            reaches.append(tuple(reach))
        elif producer < -inputs:
            name = wiring.graph.outputs[-1 - producer - inputs].name
            given = row_of.get(wiring.producers.get(name, len(wiring.nodes)))
            reaches.append(() if given is None else (row - given + slots.get(name, 0) * SLOT_UNIT,))
        else:
            reaches.append(())
    return reaches


def _slots(wiring: Wiring) -> dict[str, int]:
    """Return which output of its node a tensor is, for those that are not the first."""
    several = (node.outputs for node in wiring.nodes if len(node.outputs) > 1)
    return {name: slot for outputs in several for slot, name in enumerate(outputs) if slot}


def _reaches_to_slots(wiring: Wiring, row_of: dict[int, int], slots: dict[str, int], row: int, producer: int) -> list[int]:
    found: list[int] = []
    for name in wiring.taken(producer):
        source = wiring.producers.get(name, len(wiring.nodes))
        if source in row_of and source < producer:
            found.append(row - row_of[source] + slots.get(name, 0) * SLOT_UNIT)
    return found


class _Labels:
    """Numbers structures: equal numbers for equal structures, one numbering for all graphs below this one."""

    def __init__(self, graph: Graph, wiring: Wiring, layout: Layout) -> None:
        self._graph = graph
        self._wiring = wiring
        self._layout = layout
        self._numbers: dict[object, int] = {}
        self._specs: dict[tuple[str, object], int] = {}

    def number(self, key: object) -> int:
        """Return the number of a structure."""
        return self._numbers.setdefault(key, len(self._numbers))

    def of_rows(self, rows: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        """Return the exact, rough and kind labels of rows (positions; negative numbers for inputs and outputs)."""
        exact_of, rough_of, kind_of = self._of_nodes()
        exact: list[int] = []
        rough: list[int] = []
        kind: list[int] = []
        inputs = self._layout.input_count
        for producer in rows:
            if producer >= 0:
                exact.append(exact_of[producer])
                rough.append(rough_of[producer])
                kind.append(kind_of[producer])
                continue
            is_input = producer >= -inputs
            spec = self._graph.inputs[-1 - producer] if is_input else self._graph.outputs[-1 - producer - inputs]
            side = "input" if is_input else "output"
            exact.append(self.number((side, self._spec(spec))))
            rough.append(self.number((side, spec.dtype)))
            kind.append(self.number(side))
        return exact, rough, kind

    def _of_nodes(self) -> tuple[list[int], list[int], list[int]]:
        """Return the labels of all nodes by position; that of an absorbed node is part of its consumers'."""
        wiring, number, captured = self._wiring, self.number, self._wiring.captured
        shown, index_of = self._layout.row_of, wiring.index_of
        exact: list[int] = []
        rough: list[int] = []
        kind: list[int] = []
        nothing = number("nothing known")
        given_as = {name: self._spec(spec) for name, spec in self._graph.values.items()}
        taken_as = self._taken_tensors(given_as, nothing)
        for position, node in enumerate(wiring.nodes):
            names = wiring.taken(position) if position in captured else node.inputs
            taken = [taken_as.get(name, nothing) for name in names]
            given = [given_as.get(name, nothing) for name in node.outputs]
            operator = number((node.operator, node.domain, node.overload))
            like = number((operator, self._attributes(node) if node.attributes else (), len(taken)))
            label = number((like, *taken, *given))
            kind.append(operator)
            rough.append(like)
            exact.append(label)
            if index_of[position] not in shown:
                taken_as.update((name, -1 - label) for name in node.outputs if wiring.producers[name] == position)
        return exact, rough, kind

    def _taken_tensors(self, given_as: dict[str, int], nothing: int) -> dict[str, int]:
        """Return what a consumer's label says of each tensor: its type, and whether it is stored."""
        known = dict(given_as)
        for name in self._graph.initializers:
            known[name] = self.number(("weight", known.get(name, nothing)))
        known[""] = self.number("omitted")
        return known

    def _spec(self, spec: TensorSpec) -> int:
        key = (spec.dtype, spec.shape)
        known = self._specs.get(key)
        if known is None:
            known = self._specs[key] = self.number((spec.dtype, comparable_shape(spec)))
        return known

    def _attributes(self, node: Node) -> Key:
        if node.operator in CONSTANT_OPERATORS and len(node.inputs) == 0:
            return ()
        told = node.attributes
        if node.domain == TENSORFLOW:
            told = telling_attributes(node)
        elif node.domain == TFLITE:
            told = telling_attributes_in_tflite(node)
        return tuple(self._attribute(node, a) if a.kind in _BY_REFERENCE else a for a in told)

    def _attribute(self, node: Node, attribute: Attribute) -> Key:
        if attribute.kind in ("graph", "graphs"):
            inside = [graph for graph in node.subgraphs if _attribute_of(graph) == attribute.name]
            return (attribute.name, *(self._of_graph(graph) for graph in inside))
        names = attribute.value if isinstance(attribute.value, tuple) else (attribute.value,)
        specs = [self._graph.values.get(str(name)) for name in names]
        return (attribute.name, *(self._spec(spec) if spec else None for spec in specs))

    def _of_graph(self, graph: Graph) -> int:
        """Return a label for a nested graph: its nodes in file order, each with where its inputs come from."""
        pending, found = [graph], []
        while pending:
            found.append(pending.pop())
            pending.extend(inner for node in found[-1].nodes for inner in node.subgraphs)
        label_of: dict[int, int] = {}
        for inner in reversed(found):
            label_of[id(inner)] = self.number(self._graph_key(inner, label_of))
        return label_of[id(graph)]

    def _graph_key(self, graph: Graph, label_of: dict[int, int]) -> Key:
        given: dict[str, object] = {name: ("weight", self._known(graph, name)) for name in graph.initializers}
        given.update((spec.name, (-1 - k, self._spec(spec))) for k, spec in enumerate(graph.inputs))
        key: list[object] = []
        for at, node in enumerate(graph.nodes):
            attributes = tuple(a if a.kind not in _BY_REFERENCE else a.name for a in node.attributes)
            attributes = () if node.operator in CONSTANT_OPERATORS else attributes
            inside = tuple(label_of[id(inner)] for inner in node.subgraphs)
            taken = tuple(given.get(name, ("outer", bool(name))) for name in node.inputs)
            key.append((node.operator, node.domain, node.overload, attributes, inside, taken))
            given.update((name, (at, slot, self._known(graph, name))) for slot, name in enumerate(node.outputs))
        return (*key, tuple(given.get(spec.name, "outer") for spec in graph.outputs))

    def _known(self, graph: Graph, name: str) -> int | None:
        spec = graph.values.get(name)
        return None if spec is None else self._spec(spec)


_BY_REFERENCE: Final = frozenset({"tensor", "tensors", "graph", "graphs"})


def comparable_shape(spec: TensorSpec) -> tuple[int | str | None, ...] | None:
    """Return the shape with symbols that inference made up taken for what they are: unknown lengths."""
    if spec.shape is None:
        return None
    return tuple(None if isinstance(d, str) and d.startswith(GENERATED_SYMBOL) else d for d in spec.shape)


def _attribute_of(graph: Graph) -> str:
    return graph.path.rpartition("/")[2].partition(".")[2].partition(":")[0]
