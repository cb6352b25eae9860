"""Findings about nodes that make gigabytes out of next to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import prod
from typing import Final

from inspector.analysis.cost.dimension import value_of
from inspector.analysis.findings.evidence import STANDARD_DOMAIN, Evidence
from inspector.analysis.findings.promised_sizes import PURE_GENERATORS, SIZED_BY_VALUES, promised_bytes
from inspector.analysis.findings.wording import agreeing, amount, at_nodes, at_tensors, size
from inspector.records.cost import Bindings, NodeCost, Product
from inspector.records.dtype import BITS
from inspector.records.finding import Finding
from inspector.records.graph import Graph, Node
from inspector.records.tensor import Shape, TensorSpec

GIGABYTE: Final = 2**30
QUARTER_GIGABYTE: Final = 2**28
RATIO: Final = 1000
STRETCH_RATIO: Final = 100


def findings(evidence: Evidence) -> Iterator[Finding]:
    """Yield nodes and sparse weights whose output is huge for what goes in; symbols without a value count as 1."""
    bombs = [(made, (graph, node)) for graph in evidence.inference_graphs for made, node in _bombs(evidence, graph)]
    if bombs:
        bombs.sort(key=lambda bomb: -bomb[0])
        largest = bombs[0][0]
        message = (
            f"{amount(len(bombs), 'node')} {agreeing(len(bombs), 'makes', 'make')} a tensor of at least "
            f"{size(bombs[-1][0])}{f' (up to {size(largest)})' if len(bombs) > 1 else ''} out of next to nothing"
        )
        yield at_nodes("memory-bomb", message, [place for _, place in bombs], "high" if largest >= GIGABYTE else "medium")
    yield from _sparse(evidence)


def _bombs(evidence: Evidence, graph: Graph) -> Iterator[tuple[int, Node]]:
    lower_bound = _LowerBound(evidence.summary.bindings)
    values = graph.values
    costs: Sequence[NodeCost | None] = evidence.costs.get(graph.path) or [None] * len(graph.nodes)
    for node, cost in zip(graph.nodes, costs, strict=False):
        made = 0
        for name in node.outputs:
            spec = values.get(name)
            if spec is not None and spec.shape is not None:
                made += lower_bound.bytes_of(spec)
        if not made and cost is not None and cost.activation_bytes:
            made = lower_bound.value(cost.activation_bytes)
        if node.operator in SIZED_BY_VALUES and node.domain in ("", STANDARD_DOMAIN):
            made = max(made, _promised(evidence, graph, node, lower_bound))
        if made >= QUARTER_GIGABYTE and _is_bomb(made, node, graph, lower_bound):
            yield made, node


def _is_bomb(made: int, node: Node, graph: Graph, lower_bound: _LowerBound) -> bool:
    """Return whether the output is huge for what goes in: 1,000 times it, or 1 GiB from values that only say how much."""
    if node.operator in PURE_GENERATORS and made >= GIGABYTE:
        return True
    data = node.inputs[:1] if node.operator in SIZED_BY_VALUES else node.inputs
    specs = [graph.values.get(name) for name in data if name]
    if node.subgraphs or any(spec is None or spec.shape is None for spec in specs):
        return False
    fed = max(1, sum(lower_bound.bytes_of(spec) for spec in specs if spec is not None))
    stretched = node.operator in SIZED_BY_VALUES and made >= GIGABYTE
    return made >= (STRETCH_RATIO if stretched else RATIO) * fed


def _promised(evidence: Evidence, graph: Graph, node: Node, lower_bound: _LowerBound) -> int:
    def constant(position: int) -> tuple[int | float, ...] | None:
        name = node.inputs[position] if position < len(node.inputs) else ""
        return evidence.small_values(graph.path, name) if name else None

    def lengths(position: int) -> tuple[int, ...]:
        spec = graph.values.get(node.inputs[position]) if position < len(node.inputs) else None
        shape = spec.shape if spec is not None and spec.shape is not None else ()
        return tuple(lower_bound.elements((dim,)) for dim in shape)

    return promised_bytes(graph, node, constant, lengths)


class _LowerBound:
    """The least a shape can take, remembered by shape: unknown dimensions and unbound symbols count as 1."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = bindings
        self._counts: dict[Shape, int] = {}

    def elements(self, shape: Shape) -> int:
        """Return the product of the lengths; the factors of a cost are lengths, too."""
        count = self._counts.get(shape)
        if count is None:
            count = self._counts[shape] = prod(self._length(dim) for dim in shape)
        return count

    def bytes_of(self, spec: TensorSpec) -> int:
        return 0 if spec.shape is None else self.elements(spec.shape) * BITS.get(spec.dtype, 8) // 8

    def value(self, terms: Iterable[Product]) -> int:
        return sum([self.elements(term.factors) for term in terms])

    def _length(self, dim: int | str | None) -> int:
        if isinstance(dim, int):
            return max(dim, 0)
        known = value_of(dim, self._bindings) if dim else None
        return 1 if known is None else known


def _sparse(evidence: Evidence) -> Iterator[Finding]:
    guilty = [
        weight
        for weight in evidence.computation.weights
        if weight.carrier == "sparse_initializer"
        and weight.byte_count >= QUARTER_GIGABYTE
        and weight.byte_count >= RATIO * max(1, weight.storage.length)
    ]
    if guilty:
        largest = max(weight.byte_count for weight in guilty)
        verb = agreeing(len(guilty), "unfolds", "unfold")
        message = f"{amount(len(guilty), 'sparse initializer')} {verb} to up to {size(largest)}"
        yield at_tensors(
            "memory-bomb", message, [w.name for w in guilty], "high" if largest >= GIGABYTE else "medium", kind="weight"
        )
