"""Which node makes an output of a signature: in the function that the signature runs, however many calls lie in between."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.saved_model import MetaGraphFacts, SignatureFacts, SignatureTensor

_MOST_STEPS: Final = 1_000
"""Calls and copies followed for one output."""


def output_maker(
    computation: Computation, tag_set: MetaGraphFacts, signature: SignatureFacts, output: SignatureTensor
) -> NodeRef | None:
    """Return the node that makes an output in the function that the signature runs; where that is lost, the node that calls.

    None for a signature of a graph without functions, and where nothing gives the tensor.
    """
    if not signature.function or output.encoding != "dense":
        return None
    graphs = {graph.path: _Makers(graph) for graph in computation.graphs()}
    tensor = output.tensor.removesuffix(":0")
    for path in tag_set.graphs:
        found = graphs[path].of.get(tensor) if path in graphs else None
        if found is not None:
            return _followed(graphs, path, tensor, signature.graph) or NodeRef(path, found.index)
    return None


class _Makers:
    """Who makes each tensor of a graph, known once asked for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    @cached_property
    def of(self) -> Mapping[str, Node]:
        return {name: node for node in self.graph.nodes for name in node.outputs}


def _followed(graphs: Mapping[str, _Makers], path: str, tensor: str, wanted: str | None) -> NodeRef | None:
    """Return the node of the wanted graph that gives a tensor's value to another graph, None if no such is met."""
    for _ in range(_MOST_STEPS):
        node = graphs[path].of.get(tensor)
        if node is None:
            return None
        if path == wanted:
            return NodeRef(path, node.index)
        called = _called(node)
        if called is not None and called in graphs:
            place, results = node.outputs.index(tensor), graphs[called].graph.outputs
            if place >= len(results):
                return None
            path, tensor = called, results[place].name
        elif node.operator == "Identity" and node.inputs:
            tensor = node.inputs[0]
        else:
            return None
    return None


def _called(node: Node) -> str | None:
    """Return the path of the function whose results are the node's own, None where there is no one such."""
    if len(node.calls) != 1:
        return None
    (call,) = node.calls
    return call.graph if call.attribute == "" or node.operator.endswith("PartitionedCall") else None
