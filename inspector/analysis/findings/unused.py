"""Findings about what the graph carries but never uses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.tensor_use import TensorUse
from inspector.analysis.findings.wording import agreeing, amount, at_nodes, at_tensors, graph_name, size
from inspector.records.finding import Finding
from inspector.records.graph import Graph, Node
from inspector.records.tensor import Weight

_NOTABLE_SHARE: Final = 0.05
_NOTABLE_BYTES: Final = 1_000_000


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield dead nodes, unused initializers and unused inputs of the graphs that inference runs."""
    dead = [(graph, node) for graph in evidence.inference_graphs for node in dead_nodes(evidence.tensor_uses[graph.path])]
    if dead:
        what = agreeing(len(dead), "computes something that reaches", "compute something that reaches")
        yield at_nodes("dead-node", f"{amount(len(dead), 'node')} {what} no output of {_of_which(dead)}", dead)
    yield from _initializers(evidence)
    yield from _inputs(evidence)


def dead_nodes(use: TensorUse) -> list[Node]:
    """Return the nodes, in file order, none of whose outputs an output of their graph depends on."""
    live = _live_in_order(use) if not use.early else _live_by_search(use)
    return [node for position, node in enumerate(use.graph.nodes) if not live[position]]


def _live_in_order(use: TensorUse) -> bytearray:
    nodes = use.graph.nodes
    needed = {spec.name for spec in use.graph.outputs}
    captured = use.captured
    live = bytearray(len(nodes))
    for position in range(len(nodes) - 1, -1, -1):
        node = nodes[position]
        if not needed.isdisjoint(node.outputs) and ("" not in node.outputs or any(o and o in needed for o in node.outputs)):
            live[position] = 1
            needed.update(node.inputs)
            if position in captured:
                needed.update(captured[position])
    return live


def _live_by_search(use: TensorUse) -> bytearray:
    nodes = use.graph.nodes
    makers = {name: position for position, node in enumerate(nodes) for name in node.outputs if name}
    live = bytearray(len(nodes))
    pending = [spec.name for spec in use.graph.outputs]
    while pending:
        position = makers.get(pending.pop())
        if position is not None and not live[position]:
            live[position] = 1
            pending.extend(use.reads(nodes[position]))
    return live


def _of_which(places: Sequence[tuple[Graph, Node]]) -> str:
    paths = {graph.path for graph, _ in places}
    return graph_name(places[0][0]) if len(paths) == 1 else f"{len(paths):,} graphs they are in"


def _initializers(evidence: Evidence) -> Iterator[Finding]:
    trained = set().union(*(w.outside for path, w in evidence.tensor_uses.items() if path.startswith("training:")))
    unused = [
        weight
        for weight in evidence.computation.weights
        if weight.carrier in ("initializer", "sparse_initializer")
        and not weight.graph.startswith("training:")
        and weight.graph in evidence.tensor_uses
        and weight.name not in evidence.tensor_uses[weight.graph].read
        and weight.name not in trained
    ]
    if unused:
        wasted = sum(weight.byte_count for weight in unused)
        notable = wasted >= _NOTABLE_BYTES or wasted >= _NOTABLE_SHARE * evidence.weight_bytes
        message = f"{amount(len(unused), 'initializer')} ({size(wasted)}) {agreeing(len(unused), 'is', 'are')} read by no node"
        names = [weight.name for weight in _largest_first(unused)]
        yield at_tensors("unused-initializer", message, names, "medium" if notable else "low", kind="initializer")


def _largest_first(weights: Sequence[Weight]) -> list[Weight]:
    return sorted(weights, key=lambda weight: -weight.byte_count)


def _inputs(evidence: Evidence) -> Iterator[Finding]:
    graph = evidence.computation.graph
    read = evidence.tensor_uses[graph.path].read
    unused = [spec.name for spec in graph.inputs if spec.name not in read and spec.name not in graph.initializers]
    if unused and not evidence.computation.training:
        message = f"{amount(len(unused), 'input')} {agreeing(len(unused), 'is', 'are')} read by no node"
        yield at_tensors("unused-input", message, unused, kind="input")
