"""Which nodes take each weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inspector.records.artifact import Computation
from inspector.records.graph import Graph, NodeRef
from inspector.records.tensor import Weight


def weight_uses(computation: Computation) -> Mapping[int, tuple[NodeRef, ...]]:
    """Return the nodes that take each weight, in file order, by the weight's index in Computation.weights.

    A subgraph sees the weights of the graphs around it; a weight that a node's own attribute carries is used by that
    node. Weights nobody takes are absent. One pass over all nodes.
    """
    found: dict[int, list[NodeRef]] = {}
    offered: dict[str, dict[str, int]] = {}
    names = {graph.path: graph for graph in computation.graphs()}
    for index, weight in enumerate(computation.weights):
        if weight.carrier == "attribute" and weight.node >= 0:
            found[index] = [NodeRef(weight.graph, weight.node)]
        else:
            for name in _names(weight, names.get(weight.graph)):
                offered.setdefault(weight.graph, {}).setdefault(name, index)
    for graph in names.values():
        scopes = [offered[path] for path in _scopes(graph.path) if path in offered]
        if scopes:
            _collect(graph, scopes, found)
    return {index: tuple(refs) for index, refs in found.items()}


def _names(weight: Weight, graph: Graph | None) -> Iterable[str]:
    """Yield the tensor names that stand for a weight: its own, and the output of the Constant node that carries it."""
    yield weight.name
    if weight.carrier == "constant" and graph is not None and 0 <= weight.node < len(graph.nodes):
        yield from graph.nodes[weight.node].outputs


def _scopes(path: str) -> list[str]:
    """Return the path and those of the graphs around it, innermost first.

    A path is "", "<parent>/<node>.<attribute>" or a root such as "function:<domain>:<name>", whose name may hold
    slashes: paths that no graph has offer nothing.
    """
    scopes = [path]
    while "/" in path:
        path = path.rpartition("/")[0]
        scopes.append(path)
    return scopes


def _collect(graph: Graph, scopes: list[dict[str, int]], found: dict[int, list[NodeRef]]) -> None:
    for node in graph.nodes:
        for name in dict.fromkeys(node.inputs):
            index = next((scope[name] for scope in scopes if name in scope), None)
            if index is not None:
                found.setdefault(index, []).append(NodeRef(graph.path, node.index))
