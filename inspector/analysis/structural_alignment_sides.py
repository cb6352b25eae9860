"""One of two graphs that are aligned: its nodes in topological order, what each takes, and who takes what it gives."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from inspector.analysis.tensorflow_absorption import CONSTANT_OPERATORS
from inspector.analysis.wiring import wire
from inspector.records.artifact import Computation
from inspector.records.graph import Attribute, Graph, Node
from inspector.records.tensor import Weight

CONTROL: Final = -1
"""Slot of a control input."""
CAPTURED: Final = -2
"""Slot of a tensor that a node's subgraphs take from outside."""

_BY_REFERENCE: Final = frozenset({"graph", "graphs"})
_TENSORS: Final = frozenset({"tensor", "tensors"})
_OF_THE_FILE: Final = frozenset({"config_proto", "executor_type", "container", "shared_name", "debug_name"})
"""Attributes of TensorFlow's nodes that say nothing of what is computed."""


class Source(NamedTuple):
    """Where one input comes from: a node's output, a graph input, a weight, a tensor of the graph around it, or nowhere."""

    kind: Literal["node", "input", "weight", "outer", "none"]
    at: int = -1
    """Position of the node, or number of the input."""
    slot: int = 0
    """Which output of the node."""
    name: str = ""
    """Of a weight: what the graph calls it."""
    weight: int | None = None
    """Its place in Computation.weights, where it was found there."""
    outer: Hashable = None
    """What the graph around it knows the tensor as: equal on both sides where it is the same; UNKNOWN matches anything."""


NOTHING: Final = Source("none")
UNKNOWN: Final = "?"


class Use(NamedTuple):
    """One use of an output: which output, by which node, at which of its inputs."""

    output: int
    consumer: int
    slot: int


class StoredWeights:
    """The weights of a computation by where a graph refers to them."""

    def __init__(self, computation: Computation, digests: Sequence[str] = ()) -> None:
        self.weights = computation.weights
        self._digests = digests
        self._by_name: dict[tuple[str, str], int] = {}
        self._by_node: dict[tuple[str, int], int] = {}
        self._anywhere: dict[str, int] = {}
        for number, weight in enumerate(computation.weights):
            self._by_name.setdefault((weight.graph, weight.name), number)
            self._anywhere.setdefault(weight.name, number)
            if weight.carrier == "constant":
                self._by_node.setdefault((weight.graph, weight.node), number)
        self._values = computation.small_values
        self._texts = computation.small_texts

    def find(self, graph: str, name: str, node: int = -1) -> int | None:
        """Return the number of the weight that a name stands for in a graph, or that a constant node holds."""
        found = self._by_name.get((graph, name))
        if found is None and node >= 0:
            found = self._by_node.get((graph, node))
        return self._anywhere.get(name) if found is None else found

    def looks(self, number: int | None, content: bool) -> Hashable:
        """Return element type and shape, and with content what tells the values: their digest, else those of a small one."""
        if number is None:
            return "weight"
        weight: Weight = self.weights[number]
        if not content:
            return weight.dtype, weight.shape
        at = weight.graph, weight.name
        values = self.digest(number) or repr(self._values.get(at) or self._texts.get(at))
        return weight.dtype, weight.shape, values

    def digest(self, number: int) -> str:
        """Return the digest of a weight's values; empty where it is not known."""
        return self._digests[number] if self._digests else ""


@dataclass(frozen=True, slots=True)
class Side:
    """A graph without its constants: nodes by position, with index_of their places in the file."""

    graph: Graph
    stored: StoredWeights
    nodes: Sequence[Node]
    index_of: Sequence[int]
    inputs: Sequence[tuple[Source, ...]]
    captured: Mapping[int, tuple[Source, ...]]
    """By position: what subgraphs take, and nodes that must have run before."""
    uses: Sequence[list[Use]]
    outputs: Sequence[Source]
    source_of: Mapping[str, Source]
    outer: Mapping[str, Source]

    def find(self, name: str) -> Source:
        """Return where a tensor comes from."""
        if not name:
            return NOTHING
        found = self.source_of.get(name)
        return found if found is not None else self.outer.get(name, Source("outer", outer=UNKNOWN))


def side_of(graph: Graph, stored: StoredWeights, outer: Mapping[str, Source]) -> Side:
    """Return the graph made ready; outer is where the tensors come from that it takes from graphs around it."""
    wiring = wire(graph)
    kept = [at for at, node in enumerate(wiring.nodes) if not _is_constant(node)]
    nodes = [wiring.nodes[at] for at in kept]
    source_of = _sources(graph, stored, nodes, wiring.nodes)
    captured = {new: wiring.captured[old] for new, old in enumerate(kept) if old in wiring.captured}
    side = Side(graph, stored, nodes, [wiring.index_of[at] for at in kept], [], {}, [], [], source_of, outer)
    position_of = {node.name: at for at, node in enumerate(nodes) if node.control_inputs or node.name}
    extra = {at: tuple(side.find(name) for name in names) for at, names in captured.items()}
    for at, node in enumerate(nodes):
        if node.control_inputs:
            before = (position_of.get(name.lstrip("^")) for name in node.control_inputs)
            extra[at] = (*extra.get(at, ()), *(Source("node", p, CONTROL) for p in before if p is not None))
    inputs = [_without_trailing(tuple(side.find(name) for name in node.inputs)) for node in nodes]
    outputs = [side.find(spec.name) for spec in graph.outputs]
    return Side(graph, stored, nodes, side.index_of, inputs, extra, _uses(inputs, extra), outputs, source_of, outer)


def _is_constant(node: Node) -> bool:
    return node.operator in CONSTANT_OPERATORS and not node.inputs and not node.subgraphs


def _sources(graph: Graph, stored: StoredWeights, nodes: Sequence[Node], everything: Sequence[Node]) -> dict[str, Source]:
    found = {name: Source("weight", name=name, weight=stored.find(graph.path, name)) for name in graph.initializers}
    for number, spec in enumerate(graph.inputs):
        found.setdefault(spec.name, Source("input", number))
    for node in everything:
        if _is_constant(node):
            for name in node.outputs:
                found.setdefault(name, Source("weight", name=name, weight=stored.find(graph.path, name, node.index)))
    for position, node in enumerate(nodes):
        for slot, name in enumerate(node.outputs):
            if name:
                found.setdefault(name, Source("node", position, slot))
    return found


def _uses(inputs: Sequence[tuple[Source, ...]], extra: Mapping[int, tuple[Source, ...]]) -> list[list[Use]]:
    uses: list[list[Use]] = [[] for _ in inputs]
    for consumer, sources in enumerate(inputs):
        for slot, source in enumerate(sources):
            if source.kind == "node":
                uses[source.at].append(Use(source.slot, consumer, slot))
    for consumer, sources in extra.items():
        for source in sources:
            if source.kind == "node":
                uses[source.at].append(Use(source.slot, consumer, CAPTURED))
    return uses


def _without_trailing(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    end = len(sources)
    while end and sources[end - 1] is NOTHING:
        end -= 1
    return sources[:end]


def plain_attributes(node: Node) -> dict[str, Attribute]:
    """Return the attributes that say what a node computes, by name: neither graphs, functions nor stored tensors."""
    called = {call.attribute for call in node.calls}
    return {
        attribute.name: attribute
        for attribute in node.attributes
        if attribute.kind not in _BY_REFERENCE
        and attribute.kind not in _TENSORS
        and attribute.name not in called
        and attribute.name not in _OF_THE_FILE
        and not attribute.name.startswith("_")
    }


def tensor_attributes(node: Node) -> dict[str, tuple[str, ...]]:
    """Return the names of the weights that attributes hold, by attribute."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in node.attributes:
        if attribute.kind in _TENSORS:
            value = attribute.value
            found[attribute.name] = tuple(map(str, value)) if isinstance(value, tuple) else (str(value),)
    return found


def nested_graphs(node: Node) -> dict[str, Graph]:
    """Return the subgraphs of a node by the attribute, and number, that holds each."""
    return {graph.path.rpartition("/")[2].partition(".")[2]: graph for graph in node.subgraphs}
