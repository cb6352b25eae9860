"""Who makes and who reads each tensor of a graph, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node

Reader = tuple[Graph, Node]


@dataclass(frozen=True, slots=True)
class TensorUse:
    """One graph's tensors by name.

    outside: names the graph or its subgraphs read but do not make, with the node that reads each first (None: the graph
    gives it as an output). captured: by node index, what the subgraphs of that node read from this graph or further out.
    early: nodes that read what only a later node makes.
    """

    graph: Graph
    made: Set[str]
    read: Set[str]
    outside: Mapping[str, Reader | None]
    captured: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    early: Sequence[Node] = ()

    def reads(self, node: Node) -> Sequence[str]:
        """Return every tensor a node needs: its inputs, and what its subgraphs read from outside themselves."""
        captured = self.captured.get(node.index)
        return (*node.inputs, *captured) if captured else node.inputs


def follow_tensors(computation: Computation) -> dict[str, TensorUse]:
    """Return who makes and reads tensors by graph path, in the order of Computation.graphs(); linear in nodes and inputs."""
    graphs = list(computation.graphs())
    tensor_uses: dict[str, TensorUse] = {}
    for graph in reversed(graphs):
        tensor_uses[graph.path] = _follow(graph, tensor_uses)
    return {graph.path: tensor_uses[graph.path] for graph in graphs}


def _follow(graph: Graph, nested: Mapping[str, TensorUse]) -> TensorUse:
    captured = _captured(graph, nested)
    made = {spec.name for spec in graph.inputs} | graph.initializers | {""}
    read: set[str] = set()
    unmet: list[tuple[Node, str]] = []
    for node in graph.nodes:
        inputs: Sequence[str] = node.inputs
        if node.index in captured:
            inputs = (*inputs, *captured[node.index])
        if not made.issuperset(inputs):
            unmet.extend((node, name) for name in inputs if name not in made)
        read.update(inputs)
        made.update(node.outputs)
    read.update(spec.name for spec in graph.outputs)
    outside: dict[str, Reader | None] = {}
    for node, name in unmet:
        if name not in made:
            outside.setdefault(name, _reader_inside(node, name, nested) or (graph, node))
    outside.update((spec.name, None) for spec in graph.outputs if spec.name not in made and spec.name not in outside)
    early = tuple({node.index: node for node, name in unmet if name in made}.values())
    return TensorUse(graph, made, read, outside, captured, early)


def _captured(graph: Graph, nested: Mapping[str, TensorUse]) -> dict[int, tuple[str, ...]]:
    """Return, by index of the nodes that hold subgraphs, the names those subgraphs read from outside themselves."""
    return {
        node.index: tuple(dict.fromkeys(name for subgraph in node.subgraphs for name in nested[subgraph.path].outside))
        for node in graph.nodes
        if node.subgraphs
    }


def _reader_inside(node: Node, name: str, nested: Mapping[str, TensorUse]) -> Reader | None:
    """Return the node inside the subgraphs of node that reads the name first; None where node reads it itself."""
    if name in node.inputs:
        return None
    readers = (nested[subgraph.path].outside.get(name) for subgraph in node.subgraphs)
    return next((reader for reader in readers if reader is not None), None)
