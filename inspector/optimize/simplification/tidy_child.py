"""Clean-up that needs no tool: identities, nodes nobody takes anything from, weights nobody uses; in every graph."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, Final

import onnx

from inspector.formats.onnx.save_child import SaveRequest, save_in_child
from inspector.optimize.simplification.requests import ToolRequest

_STANDARD: Final = ("", "ai.onnx")
_MOST_ROUNDS: Final = 1_000


def tidy(model: Any) -> int:
    """Remove in place what does nothing; return the nodes removed."""
    removed = 0
    for _ in range(_MOST_ROUNDS):
        round_removed = _skip_identities(model.graph) + _drop_dead(model.graph)
        removed += round_removed
        if not round_removed:
            break
    _drop_unused_weights(model.graph)
    _drop_unused_functions(model)
    return removed


def sort_nodes(graph: Any) -> int:
    """Put the nodes of every graph in an order in which each comes after those it, or its subgraphs, take from.

    Returns how many graphs were out of order; one with a cycle stays as it is. The order is the file's where that allows.
    """
    return sum(_sort_one(one) for one in list(graphs_within(graph)))


def _sort_one(graph: Any) -> bool:
    giver = {name: at for at, node in enumerate(graph.node) for name in node.output if name}
    needs = [{giver[name] for name in _takes(node) if name in giver} - {at} for at, node in enumerate(graph.node)]
    if all(not before or max(before) < at for at, before in enumerate(needs)):
        return False
    waiting = [len(before) for before in needs]
    followers: dict[int, list[int]] = {}
    for at, before in enumerate(needs):
        for one in before:
            followers.setdefault(one, []).append(at)
    ready = [at for at, count in enumerate(waiting) if not count]
    order = []
    while ready:
        order.append(heappop(ready))
        for at in followers.get(order[-1], ()):
            waiting[at] -= 1
            if not waiting[at]:
                heappush(ready, at)
    if len(order) < len(graph.node):
        return False
    nodes = [onnx.NodeProto.FromString(graph.node[at].SerializeToString()) for at in order]
    del graph.node[:]
    graph.node.extend(nodes)
    return True


def _takes(node: Any) -> Iterator[str]:
    """Yield the names a node takes, those its subgraphs mention included, whoever gives them."""
    yield from node.input
    for nested in subgraphs(node):
        yield from (value.name for value in nested.output)
        for inner in nested.node:
            yield from _takes(inner)


def graphs_within(graph: Any) -> Iterator[Any]:
    """Yield a graph and every one nested in it, outer ones first."""
    yield graph
    for node in graph.node:
        for nested in subgraphs(node):
            yield from graphs_within(nested)


def subgraphs(node: Any) -> Iterator[Any]:
    """Yield the graphs that a node carries."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == onnx.AttributeProto.GRAPHS:
            yield from attribute.graphs


def uses(graph: Any) -> Counter[str]:
    """Return how often each tensor is taken within a graph, nested ones included: as input, or as output of a graph."""
    taken: Counter[str] = Counter()
    for one in graphs_within(graph):
        taken.update(value.name for value in one.output)
        for node in one.node:
            taken.update(name for name in node.input if name)
    return taken


def _definitions(graph: Any) -> Counter[str]:
    """Return how often each name is given to a tensor: branches may use the same ones."""
    given: Counter[str] = Counter()
    for one in graphs_within(graph):
        given.update(value.name for value in one.input)
        listed = {value.name for value in one.input}
        given.update(tensor.name for tensor in one.initializer if tensor.name not in listed)
        given.update(name for node in one.node for name in node.output if name)
    return given


def _skip_identities(graph: Any) -> int:
    """Let everything that takes an Identity's output take its input; return the inputs changed. The Identity is then dead."""
    given = _definitions(graph)
    replaced: dict[str, str] = {}
    for one in graphs_within(graph):
        outputs = {value.name for value in one.output}
        for node in one.node:
            if node.op_type == "Identity" and node.domain in _STANDARD and len(node.input) == len(node.output) == 1:
                source, name = node.input[0], node.output[0]
                if source and given[name] == 1 and given[source] <= 1 and name not in outputs:
                    replaced[name] = replaced.get(source, source)
    return sum(_take_instead(node, replaced) for one in graphs_within(graph) for node in one.node) if replaced else 0


def _take_instead(node: Any, replaced: dict[str, str]) -> int:
    places = [at for at, name in enumerate(node.input) if name in replaced]
    for at in places:
        node.input[at] = replaced[node.input[at]]
    return len(places)


def _drop_dead(graph: Any) -> int:
    """Remove nodes of every graph none of whose outputs is taken, and what only they took from; return how many."""
    taken = uses(graph)
    count = 0
    for one in list(graphs_within(graph)):
        for at in range(len(one.node) - 1, -1, -1):
            node = one.node[at]
            if node.output and not any(name and taken[name] > 0 for name in node.output):
                taken.subtract(name for name in node.input if name)
                del one.node[at]
                count += 1
    return count


def _drop_unused_weights(graph: Any) -> None:
    taken = uses(graph)
    for one in graphs_within(graph):
        fed = {value.name for value in one.input}
        unused = [at for at, tensor in enumerate(one.initializer) if not taken[tensor.name] and tensor.name not in fed]
        for at in reversed(unused):
            del one.initializer[at]
        spare = [at for at, tensor in enumerate(one.sparse_initializer) if not taken[tensor.values.name]]
        for at in reversed(spare):
            del one.sparse_initializer[at]


def _drop_unused_functions(model: Any) -> None:
    """Remove definitions that no node calls, directly or through others."""
    definitions = {(one.domain, one.name, one.overload): one for one in model.functions}
    needed: set[tuple[str, str, str]] = set()
    waiting: list[Any] = [node for graph in graphs_within(model.graph) for node in graph.node]
    while waiting:
        node = waiting.pop()
        key = (node.domain, node.op_type, node.overload)
        if key in definitions and key not in needed:
            needed.add(key)
            for inner in definitions[key].node:
                waiting.append(inner)
                waiting.extend(deep for nested in subgraphs(inner) for one in graphs_within(nested) for deep in one.node)
    unused = [at for at, one in enumerate(model.functions) if (one.domain, one.name, one.overload) not in needed]
    for at in reversed(unused):
        del model.functions[at]


def run(request: ToolRequest, _report: Callable[[int, int, str], None]) -> int:
    """Copy the model unchanged, to be tidied as every result is; return the size of its file."""
    source, target = Path(request.source), Path(request.target)
    save_in_child(SaveRequest(os.fsencode(source), os.fsencode(target), {}), lambda *_: None)
    return target.stat().st_size
