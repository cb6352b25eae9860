"""Adds node costs up and evaluates them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from inspector.analysis.cost.expression import (
    Monomial,
    Sum,
    collect,
    evaluate,
    formula,
    polynomial_formula,
    short_formula,
    symbols,
)
from inspector.analysis.cost.formulas import qualified_name
from inspector.analysis.weights import served_weights, total_weights
from inspector.records.artifact import Computation
from inspector.records.cost import Bindings, CostSummary, NodeCost, Product
from inspector.records.graph import Graph
from inspector.records.tensor import Weight

LARGEST_COUNT: Final = 2**63 - 1
ASSUMED_LENGTH: Final = 1

CostsByPath = Mapping[str, Sequence[NodeCost]]


def summarize(
    computation: Computation, costs: CostsByPath, bindings: Bindings, weights: Sequence[Weight] | None = None
) -> CostSummary:
    """Return what one run of the main graph costs at the bindings; symbols they leave open are taken as 1 and listed.

    weights are those that parameters and bytes count: without them, all that inference may use.
    """
    from inspector.analysis.activations import find_peak  # it builds on this package

    main = costs[computation.graph.path]
    flops = _polynomial(cost.flops for cost in main)
    macs = _polynomial(cost.multiply_accumulates for cost in main)
    open_symbols = _symbols(flops, (cost.activation_bytes for cost in main))
    assumed = tuple(sorted(symbol for symbol in open_symbols if symbol not in bindings))
    values = {symbol: bindings.get(symbol, ASSUMED_LENGTH) for symbol in sorted(open_symbols)}
    counted, uncovered, notes = _coverage(computation, costs)
    peak = find_peak(computation, costs, values)
    totals = total_weights(served_weights(computation) if weights is None else weights)
    return CostSummary(
        flops=cut(_value(flops, values, notes)),
        flops_formula=short_formula(flops, values),
        covered=_share(counted, sum(uncovered.values())),
        uncovered=dict(uncovered.most_common()),
        bindings=values,
        parameters=cut(sum(total.parameters for total in totals)),
        weight_bytes=cut(sum(total.bytes for total in totals)),
        parameters_by_dtype={total.dtype: cut(total.parameters) for total in totals},
        weight_bytes_by_dtype={total.dtype: cut(total.bytes) for total in totals},
        activation_peak_bytes=None if peak.bytes is None else cut(peak.bytes),
        activation_peak_node=peak.node,
        activation_covered=peak.covered,
        multiply_accumulates=cut(_value(macs, values, Counter())),
        assumed=assumed,
        exact_formula=polynomial_formula(flops, values),
        notes=tuple(f"{note} ({count} nodes)" if count > 1 else note for note, count in notes.most_common()),
    )


def cut(count: int) -> int:
    """Return the count, or the largest that 64 bits hold: artifacts may claim any dimensions."""
    return min(count, LARGEST_COUNT)


def _polynomial(sums: Iterable[Sum | None]) -> dict[Monomial, int]:
    total: dict[Monomial, int] = {}
    for terms, uses in _distinct(sums):
        for monomial, coefficient in collect(terms).items():
            total[monomial] = total.get(monomial, 0) + coefficient * uses
    return total


def _distinct(sums: Iterable[Sum | None]) -> list[tuple[Sum, int]]:
    """Return sums with the number of their uses; those of equal nodes are one object, which saves adding them one by one."""
    given = [terms for terms in sums if terms]
    uses = Counter(map(id, given))
    by_identity = {id(terms): terms for terms in given}
    return [(terms, uses[identity]) for identity, terms in by_identity.items()]


def _symbols(flops: Mapping[Monomial, int], activations: Iterable[Sum | None]) -> frozenset[str]:
    texts = {symbol for monomial in flops for symbol in monomial}
    for terms, _ in _distinct(activations):
        texts.update(factor for term in terms for factor in term.factors if isinstance(factor, str))
    return symbols((Product(tuple(texts)),))


def _value(polynomial: Mapping[Monomial, int], values: Bindings, notes: Counter[str]) -> int:
    total = 0
    for monomial, count in polynomial.items():
        value = evaluate((Product((count, *monomial)),), values)
        if value is None:
            notes[f"{formula((Product(monomial),))} has no value at these lengths and is left out"] += 1
        total += value or 0
    return total


def _coverage(computation: Computation, costs: CostsByPath) -> tuple[int, Counter[str], Counter[str]]:
    """Return the number of costed nodes, of uncosted ones by operator, and notes, in all graphs that the main graph runs."""
    graphs = {graph.path: graph for graph in computation.graphs()}
    counted = 0
    uncovered: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    pending, seen = [computation.graph], {computation.graph.path}
    while pending:
        graph = pending.pop()
        own = costs.get(graph.path, ())
        counted += sum(1 for cost in own if cost.flops and not cost.runs)
        for path in _uncovered_and_run(graph, own, uncovered, notes):
            if path not in seen and path in graphs:
                seen.add(path)
                pending.append(graphs[path])
    return counted, uncovered, notes


def _uncovered_and_run(graph: Graph, costs: Sequence[NodeCost], uncovered: Counter[str], notes: Counter[str]) -> Iterable[str]:
    run: list[str] = []
    for node, cost in zip(graph.nodes, costs, strict=False):
        if cost.runs:
            run.extend(cost.runs)
            if cost.note:
                notes[f"{node.operator}: {cost.note}"] += 1
        elif cost.flops is None:
            uncovered[qualified_name(node.domain, node.operator)] += 1
    return run


def _share(counted: int, left_out: int) -> float:
    return counted / (counted + left_out) if counted + left_out else 1.0
