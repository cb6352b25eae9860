"""Totals over all weights of an artifact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest

from inspector.records.artifact import Computation
from inspector.records.tensor import Weight


@dataclass(frozen=True, slots=True)
class WeightTotal:
    """Parameters (elements) and dense bytes of all weights of one element type."""

    dtype: str
    parameters: int
    bytes: int
    count: int = 0


def total_weights(computation: Computation) -> tuple[WeightTotal, ...]:
    """Return the totals by element type, most bytes first: every weight of every carrier, in every graph."""
    parameters: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    by_kind = {(weight.dtype, weight.shape, weight.stored_bytes): weight for weight in computation.weights}
    uses = Counter((weight.dtype, weight.shape, weight.stored_bytes) for weight in computation.weights)
    for kind, weight in by_kind.items():
        parameters[weight.dtype] += weight.element_count * uses[kind]
        sizes[weight.dtype] += weight.byte_count * uses[kind]
        counts[weight.dtype] += uses[kind]
    order = sorted(parameters, key=lambda dtype: (-sizes[dtype], dtype))
    return tuple(WeightTotal(dtype, parameters[dtype], sizes[dtype], counts[dtype]) for dtype in order)


def largest_weights(computation: Computation, limit: int = 10) -> Sequence[Weight]:
    """Return the weights of most bytes, largest first, ties in file order."""
    return nlargest(limit, computation.weights, key=lambda weight: weight.byte_count)
