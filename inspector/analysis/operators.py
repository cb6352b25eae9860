"""Which operators an artifact uses, how often, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inspector.analysis.cost.expression import evaluate, symbols
from inspector.analysis.cost.summary import ASSUMED_LENGTH, cut
from inspector.records.artifact import Computation
from inspector.records.cost import Bindings, NodeCost, OperatorCount

CostsByPath = Mapping[str, Sequence[NodeCost]]


class _Total:
    __slots__ = ("count", "flops", "parameters")

    def __init__(self) -> None:
        self.count = 0
        self.parameters = 0
        self.flops: int | None = None


def count_operators(computation: Computation, costs: CostsByPath, bindings: Bindings) -> tuple[OperatorCount, ...]:
    """Return the operators of all graphs (subgraphs, functions and training included), most used first, then by name.

    Open symbols count as 1, as in the summary. Nodes that run graphs have no FLOPs and parameters of their own here.
    """
    totals: dict[tuple[str, str], _Total] = {}
    values: dict[int, int | None] = {}
    for graph in computation.graphs():
        for node, cost in zip(graph.nodes, costs.get(graph.path, ()), strict=False):
            key = (node.domain, node.operator)
            total = totals.get(key)
            if total is None:
                total = totals[key] = _Total()
            total.count += 1
            if cost.runs:
                continue
            total.parameters += cost.parameters
            identity = id(cost)
            if identity not in values:
                values[identity] = _flops(cost, bindings)
            value = values[identity]
            if value is not None:
                total.flops = (total.flops or 0) + value
    return _ordered(totals)


def _flops(cost: NodeCost, bindings: Bindings) -> int | None:
    if not cost.flops:
        return None if cost.flops is None else 0
    found = evaluate(cost.flops, bindings)
    if found is None:
        found = evaluate(cost.flops, dict.fromkeys(symbols(cost.flops), ASSUMED_LENGTH) | dict(bindings))
    return found


def _ordered(totals: Mapping[tuple[str, str], _Total]) -> tuple[OperatorCount, ...]:
    merged: dict[tuple[str, str], _Total] = {}
    for (domain, name), total in totals.items():
        kept = merged.setdefault((domain or "ai.onnx", name), total)
        if kept is not total:
            kept.count += total.count
            kept.parameters += total.parameters
            kept.flops = total.flops if kept.flops is None else kept.flops + (total.flops or 0)
    counts = [
        OperatorCount(domain, name, total.count, cut(total.parameters), None if total.flops is None else cut(total.flops))
        for (domain, name), total in merged.items()
    ]
    return tuple(sorted(counts, key=lambda count: (-count.count, count.domain, count.name)))
