"""What every rule looks at, gathered once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from inspector.analysis.findings.tensor_use import TensorUse, follow_tensors
from inspector.analysis.reachability import Reachability, find_ways
from inspector.records.artifact import Computation
from inspector.records.cost import CostSummary, NodeCost
from inspector.records.equal_weights import EqualWeights
from inspector.records.graph import Graph, Node
from inspector.records.runtime_support import RuntimeSupport
from inspector.records.tensor import Weight

STANDARD_DOMAIN: Final = "ai.onnx"
MEGABYTE: Final = 1_000_000

Operator = tuple[str, str]
"""Domain ("ai.onnx" where the file leaves it empty) and name."""


@dataclass(frozen=True)
class Evidence:
    """A computation, what it costs, what the installed runtime loads, and indexes that several rules share."""

    computation: Computation
    costs: Mapping[str, Sequence[NodeCost]]
    summary: CostSummary
    equal_weights: tuple[EqualWeights, ...]
    runtime: RuntimeSupport

    @cached_property
    def graphs(self) -> tuple[Graph, ...]:
        """Every graph, the main one first."""
        return tuple(self.computation.graphs())

    @cached_property
    def inference_graphs(self) -> tuple[Graph, ...]:
        """Every graph but those of training_info."""
        return tuple(graph for graph in self.graphs if not graph.path.startswith("training:"))

    @cached_property
    def tensor_uses(self) -> Mapping[str, TensorUse]:
        """Who makes and reads each tensor, by graph path."""
        return follow_tensors(self.computation)

    @cached_property
    def reach(self) -> Reachability:
        """What makes each node of a SavedModel run."""
        return find_ways(self.computation)

    @cached_property
    def uses(self) -> Mapping[Operator, Sequence[tuple[Graph, Node]]]:
        """Every use of every operator."""
        uses: dict[Operator, list[tuple[Graph, Node]]] = {}
        for graph in self.graphs:
            for node in graph.nodes:
                key = (node.domain, node.operator)
                found = uses.get(key)
                if found is None:
                    uses[key] = [(graph, node)]
                else:
                    found.append((graph, node))
        return _with_standard_domain_named(uses)

    def uses_of(self, *names: str) -> Iterator[tuple[Graph, Node]]:
        """Yield every use of the standard operators of these names."""
        for name in names:
            yield from self.uses.get((STANDARD_DOMAIN, name), ())

    @cached_property
    def weight_bytes(self) -> int:
        """Bytes of all weights."""
        return sum(size for _, size in self._sized_weights)

    @cached_property
    def large_weights(self) -> Sequence[tuple[Weight, int]]:
        """Weights of a megabyte and more that inference uses, with their bytes."""
        return [(weight, size) for weight, size in self._sized_weights if size >= MEGABYTE and weight.carrier != "training"]

    @cached_property
    def _sized_weights(self) -> Sequence[tuple[Weight, int]]:
        """Every weight with its bytes, which most weights share with others of their shape."""
        known: dict[tuple[str, tuple[int, ...]], int] = {}
        sized: list[tuple[Weight, int]] = []
        for weight in self.computation.weights:
            key = (weight.dtype, weight.shape)
            size = known.get(key)
            if size is None or weight.stored_bytes is not None:
                size = known[key] = weight.byte_count
            sized.append((weight, size))
        return sized

    def small_values(self, path: str, tensor: str) -> tuple[int | float, ...] | None:
        """Return the values of a small constant that the graph at path sees under that name, its own or an outer graph's."""
        known = self.computation.small_values
        while (path, tensor) not in known:
            if not path:
                return None
            path = path.rpartition("/")[0]
        return known[path, tensor]


def _with_standard_domain_named(
    uses: dict[Operator, list[tuple[Graph, Node]]],
) -> Mapping[Operator, Sequence[tuple[Graph, Node]]]:
    for domain, name in [key for key in uses if not key[0]]:
        uses.setdefault((STANDARD_DOMAIN, name), []).extend(uses.pop((domain, name)))
    return uses
