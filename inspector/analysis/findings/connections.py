"""Findings about tensors nobody makes, circles, and nodes out of order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inspector.analysis.findings.evidence import Evidence
from inspector.analysis.findings.tensor_use import TensorUse
from inspector.analysis.findings.wording import agreeing, amount, at_nodes, at_tensors, graph_name, listed, overall
from inspector.records.finding import Finding
from inspector.records.graph import Node


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield undefined tensors, cycles, and graphs that are not topologically sorted."""
    if not evidence.computation.graph.outputs:
        yield overall("no-outputs", "the graph declares no outputs, so nothing it computes can be read")
    yield from _undefined(evidence)
    for use in evidence.tensor_uses.values():
        if use.early:
            yield from _order(use)


def _undefined(evidence: Evidence) -> Iterator[Finding]:
    """Yield what no scope makes: names that the main graph or a function reads from outside itself."""
    roots = (evidence.computation.graph, *(function.body for function in evidence.computation.functions))
    for root in roots:
        missing = evidence.tensor_uses[root.path].outside
        readers = [reader for reader in missing.values() if reader is not None]
        names = list(missing)
        if readers:
            verb = agreeing(len(names), "is read but produced", "are read but produced")
            message = f"in {graph_name(root)}, {amount(len(names), 'tensor')} {verb} by nothing: {listed(names, len(names))}"
            yield at_nodes("undefined-tensor", message, readers, tensor=names[0])
        elif names:
            verb = agreeing(len(names), "is", "are")
            message = f"{amount(len(names), 'output')} of {graph_name(root)} {verb} produced by nothing"
            yield at_tensors("undefined-tensor", message, names, kind="output")


def _order(use: TensorUse) -> Iterator[Finding]:
    circular = _circular(use)
    if circular:
        verb = agreeing(len(circular), "reads its own output", "read each other's outputs in a circle")
        message = f"in {graph_name(use.graph)}, {amount(len(circular), 'node')} {verb}"
        yield at_nodes("graph-cycle", message, [(use.graph, node) for node in circular])
    guilty = {node.index for node in circular}
    early = [node for node in use.early if node.index not in guilty]
    if early:
        verb = agreeing(len(early), "stands before a node whose output it reads", "stand before nodes whose outputs they read")
        message = f"in {graph_name(use.graph)}, {amount(len(early), 'node')} {verb}"
        yield at_nodes("not-topologically-sorted", message, [(use.graph, node) for node in early])


def _circular(use: TensorUse) -> list[Node]:
    """Return the nodes that lie on a circle or between two, in file order."""
    nodes = use.graph.nodes
    makers = {name: position for position, node in enumerate(nodes) for name in node.outputs if name}
    before = [[makers[name] for name in use.reads(node) if name in makers] for node in nodes]
    after: list[list[int]] = [[] for _ in nodes]
    for position, sources in enumerate(before):
        for source in sources:
            after[source].append(position)
    downstream = _left_over(before, after)
    both = downstream & _left_over(after, before) if downstream else set()
    return [nodes[position] for position in sorted(both)]


def _left_over(before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]) -> set[int]:
    """Return what is left when nodes with nothing before them are taken away one by one."""
    waiting = [len(sources) for sources in before]
    ready = [position for position, count in enumerate(waiting) if not count]
    left = set(range(len(before)))
    while ready:
        position = ready.pop()
        left.discard(position)
        for reader in after[position]:
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.append(reader)
    return left
