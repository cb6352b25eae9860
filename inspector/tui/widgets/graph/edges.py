"""Who makes a tensor and who takes it, across graphs: a subgraph sees the tensors of the graphs around it."""

from __future__ import annotations

from functools import cached_property

from inspector.analysis.tensorflow_absorption import CONSTANT_OPERATORS
from inspector.records.graph import Graph, NodeRef
from inspector.records.tensor import TensorSpec, Weight
from inspector.tui.widgets.graph.document import Document

Tensor = tuple[str, str]
"""Path of the graph that defines a tensor, and its name there."""


class Edges:
    """Edges of a document in both directions; consumers are known once prepared, which may be in another thread."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._producers: dict[str, dict[str, int]] = {}
        self._consumers: dict[Tensor, list[NodeRef]] | None = None

    @cached_property
    def weights(self) -> dict[Tensor, Weight]:
        """Every weight by the graph that holds it and its name."""
        return {(weight.graph, weight.name): weight for weight in self.document.inspection.computation.weights}

    @property
    def ready(self) -> bool:
        """Whether consumers are known."""
        return self._consumers is not None

    def prepare(self) -> None:
        """Find the weights, and the producer and consumers of every tensor."""
        if self._consumers is None:
            assert self.weights is not None
            for graph in self.document.graphs.values():
                self.producers_in(graph)
            self._consumers = self._find_consumers()

    def producers_in(self, graph: Graph) -> dict[str, int]:
        """Return the index of the node that makes each tensor of one graph."""
        known = self._producers.get(graph.path)
        if known is None:
            known = {name: node.index for node in graph.nodes for name in node.outputs if name}
            self._producers[graph.path] = known
        return known

    def definition(self, graph: Graph, name: str) -> Graph | None:
        """Return the graph, this one or one around it, that makes the tensor, takes it as input or holds it as weight."""
        at: Graph | None = graph
        while at is not None:
            if name in self.producers_in(at) or name in at.initializers or any(spec.name == name for spec in at.inputs):
                return at
            parent = self.document.parent_of(at.path)
            at = None if parent is None else parent[0]
        return None

    def producer(self, graph: Graph, name: str) -> NodeRef | None:
        """Return the node that makes a tensor as seen from a graph; None for inputs, weights and unknown names."""
        home = self.definition(graph, name)
        index = None if home is None else self.producers_in(home).get(name)
        return None if home is None or index is None else NodeRef(home.path, index)

    def source(self, graph: Graph, name: str) -> NodeRef | None:
        """Return the row a tensor comes from: its node, or a graph input by its number in Layout.nodes; None for weights."""
        home = self.definition(graph, name)
        if home is None:
            return None
        position = next((at for at, spec in enumerate(home.inputs) if spec.name == name), None)
        if position is None:
            return self.producer(home, name)
        rows = self.document.view(home.path).layout.row_of
        return NodeRef(home.path, -1 - position) if -1 - position in rows else None

    def consumers(self, graph: Graph, name: str) -> tuple[NodeRef, ...]:
        """Return the nodes, subgraphs included, that take a tensor which the graph defines; none until prepared."""
        return tuple(self._consumers.get((graph.path, name), ())) if self._consumers is not None else ()

    def weight(self, graph: Graph, name: str) -> Weight | None:
        """Return the weight a tensor name stands for: an initializer, or what a node of a constant operator holds."""
        home = self.definition(graph, name)
        if home is None:
            return None
        found = self.weights.get((home.path, name))
        if found is None and (index := self.producers_in(home).get(name)) is not None:
            maker = home.nodes[index]
            held = maker.attribute("value") if maker.operator in CONSTANT_OPERATORS else None
            found = self.weights.get((home.path, str(held.value))) if held is not None else None
        return found

    def spec(self, graph: Graph, name: str) -> TensorSpec | None:
        """Return the type of a tensor as far as it is known, from the graph or the graphs around it."""
        at: Graph | None = graph
        while at is not None:
            if name in at.values:
                return at.values[name]
            parent = self.document.parent_of(at.path)
            at = None if parent is None else parent[0]
        return None

    def _find_consumers(self) -> dict[Tensor, list[NodeRef]]:
        found: dict[Tensor, list[NodeRef]] = {}
        for graph in self.document.graphs.values():
            nested = self.document.parent_of(graph.path) is not None
            path = graph.path
            for node in graph.nodes:
                ref = NodeRef(path, node.index)
                for name in dict.fromkeys(node.inputs):
                    if name:
                        found.setdefault((self._home(graph, name) if nested else path, name), []).append(ref)
        return found

    def _home(self, graph: Graph, name: str) -> str:
        home = self.definition(graph, name)
        return graph.path if home is None else home.path
