"""Going through a model's graphs: subgraphs, what they capture, an order in which everything is made before it is used."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from onnx import GraphProto, ModelProto, NodeProto

from inspector.errors import OperationFailed

CONTROL_FLOW = ("If", "Loop", "Scan")


def subgraphs(node: NodeProto) -> Iterator[GraphProto]:
    """Yield the graphs that the node's attributes hold."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def all_graphs(model: ModelProto) -> Iterator[GraphProto]:
    """Yield the main graph and every graph nested in it, each before those it holds."""
    pending = [model.graph]
    while pending:
        graph = pending.pop()
        yield graph
        pending.extend(graph for node in graph.node for graph in subgraphs(node))


def all_nodes(model: ModelProto) -> Iterator[NodeProto]:
    """Yield every node of every graph."""
    for graph in all_graphs(model):
        yield from graph.node


def nodes_within(node: NodeProto) -> Iterator[NodeProto]:
    """Yield the nodes of the graphs that a node holds, at every depth."""
    for graph in subgraphs(node):
        for inner in graph.node:
            yield inner
            yield from nodes_within(inner)


def uses(node: NodeProto) -> set[str]:
    """Return the names a node needs from its own graph or from outside: its inputs and what its subgraphs capture."""
    needed = {name for name in node.input if name}
    for graph in subgraphs(node):
        needed |= captures(graph)
    return needed


def captures(graph: GraphProto) -> set[str]:
    """Return the names that a subgraph uses and does not define, those of the graphs within it included."""
    defined = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    defined |= {tensor.values.name for tensor in graph.sparse_initializer}
    needed: set[str] = {value.name for value in graph.output if value.name}
    for node in graph.node:
        needed |= uses(node)
        defined |= set(node.output)
    return needed - defined


def sort_nodes(graph: GraphProto) -> bool:
    """Put the nodes of the graph, and of every graph within it, into an order in which values are made before they are used.

    The file's order is kept where it can be. Returns whether anything moved. Raises OperationFailed for a cycle.
    """
    moved = False
    for node in graph.node:
        for inner in subgraphs(node):
            moved |= sort_nodes(inner)
    order = _order(graph)
    if order == list(range(len(graph.node))):
        return moved
    nodes = [graph.node[index] for index in order]
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)
    return True


def _order(graph: GraphProto) -> list[int]:
    """Return the indices of the nodes in topological order, the lowest ready index first (Kahn's algorithm with a heap)."""
    makers = {name: index for index, node in enumerate(graph.node) for name in node.output if name}
    needs = [{makers[name] for name in uses(node) if name in makers} for node in graph.node]
    users: list[list[int]] = [[] for _ in needs]
    for index, needed in enumerate(needs):
        for maker in needed:
            users[maker].append(index)
    waiting = [len(needed) for needed in needs]
    ready = [index for index, count in enumerate(waiting) if not count]
    order = []
    while ready:
        index = heapq.heappop(ready)
        order.append(index)
        for user in users[index]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, user)
    if len(order) < len(needs):
        raise OperationFailed("its nodes form a cycle: they have no order in which they can run")
    return order
