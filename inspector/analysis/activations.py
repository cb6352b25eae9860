"""How much memory activations take: liveness over the order the file lists its nodes in.

A tensor lives from the node that makes it to the last that uses it; graph inputs from the start, graph outputs to the end.
Every output takes memory of its own: runtimes that work in place or alias reshapes need less. Weights are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.analysis.cost.bindings import data_inputs, named_shape
from inspector.analysis.cost.expression import evaluate
from inspector.analysis.cost.sizes import tensor_bytes
from inspector.records.artifact import Computation
from inspector.records.cost import Bindings, NodeCost, Product
from inspector.records.graph import Graph, NodeRef
from inspector.records.tensor import TensorSpec

ENOUGH: Final = 0.5
"""A peak is only given where at least this share of the activations has a known size."""

CostsByPath = Mapping[str, Sequence[NodeCost]]


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest sum of live activations in bytes (None: too few sizes known), where, and the share of sizes known."""

    bytes: int | None
    node: NodeRef | None
    covered: float


def find_peak(computation: Computation, costs: CostsByPath, bindings: Bindings) -> Peak:
    """Return the peak of one run of the main graph at the bindings.

    A node that runs graphs adds the largest of their peaks; symbols the bindings leave open make a size unknown.
    """
    tracer = _Tracer(computation, costs, bindings)
    inputs = {}
    for spec in data_inputs(computation):
        size = None if spec.shape is None else tensor_bytes(TensorSpec(spec.name, spec.dtype, named_shape(spec)))
        inputs[spec.name] = _evaluated(size, bindings)
    found = tracer.trace(computation.graph, inputs)
    covered = found.known / found.total if found.total else 1.0
    if covered < ENOUGH or not computation.graph.nodes:
        return Peak(None, None, covered)
    return Peak(found.bytes, NodeRef(computation.graph.path, found.index), covered)


@dataclass(frozen=True, slots=True)
class _Trace:
    bytes: int
    index: int
    known: int
    total: int


class _Tracer:
    def __init__(self, computation: Computation, costs: CostsByPath, bindings: Bindings) -> None:
        self.graphs = {graph.path: graph for graph in computation.graphs()}
        self.costs = costs
        self.bindings = bindings
        self.traces: dict[str, _Trace] = {}
        self.sizes: dict[int, tuple[int | None, ...]] = {}

    def trace(self, graph: Graph, inputs: Mapping[str, int | None]) -> _Trace:
        """Run through one graph; inputs are what is live from the start, with its bytes."""
        last_use = _last_uses(graph)
        live = {name: size for name, size in inputs.items() if size is not None}
        known, total = len(live), len(inputs)
        current = peak = sum(live.values())
        peak_index = 0
        for node, cost in zip(graph.nodes, self.costs.get(graph.path, ()), strict=False):
            names = [name for name in node.outputs if name] if cost.activation_bytes != () else []
            inside = 0
            if cost.runs:
                inner = self._inner(cost)
                inside, known, total = inner.bytes, known + inner.known, total + inner.total
            total += len(names)
            for name, size in zip(names, self._sizes(cost), strict=False):
                if size is not None and name not in live:
                    known += 1
                    live[name] = size
                    current += size
            if current + inside > peak:
                peak, peak_index = current + inside, node.index
            for name in (*node.inputs, *names):
                if last_use.get(name, -1) <= node.index and name in live:
                    current -= live.pop(name)
        return _Trace(peak, peak_index, known, total)

    def _sizes(self, cost: NodeCost) -> tuple[int | None, ...]:
        found = self.sizes.get(id(cost.activation_bytes))
        if found is None:
            found = tuple(_evaluated(size, self.bindings) for size in cost.activation_bytes or ())
            self.sizes[id(cost.activation_bytes)] = found
        return found

    def _inner(self, cost: NodeCost) -> _Trace:
        traces = [self._path(path) for path in cost.runs]
        known, total = sum(trace.known for trace in traces), sum(trace.total for trace in traces)
        return _Trace(max(trace.bytes for trace in traces), 0, known, total)

    def _path(self, path: str) -> _Trace:
        found = self.traces.get(path)
        if found is None:
            self.traces[path] = _Trace(0, 0, 0, 0)
            found = self.traces[path] = self.trace(self.graphs[path], {}) if path in self.graphs else self.traces[path]
        return found


def _last_uses(graph: Graph) -> dict[str, int]:
    last_use: dict[str, int] = {}
    for node in graph.nodes:
        for name in node.inputs:
            last_use[name] = node.index
        if node.subgraphs:
            last_use.update(dict.fromkeys(_captured(node.subgraphs), node.index))
    end = len(graph.nodes)
    last_use.update({output.name: end for output in graph.outputs})
    return last_use


def _captured(subgraphs: Sequence[Graph]) -> set[str]:
    names: set[str] = set()
    pending = list(subgraphs)
    while pending:
        graph = pending.pop()
        names.update(output.name for output in graph.outputs)
        for node in graph.nodes:
            names.update(node.inputs)
            pending.extend(node.subgraphs)
    return names


def _evaluated(size: Product | None, bindings: Bindings) -> int | None:
    return None if size is None else evaluate((size,), bindings)
