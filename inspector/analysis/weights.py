"""Totals over all weights of an artifact."""

from __future__ import annotations

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
    parameters: dict[str, int] = {}
    sizes: dict[str, int] = {}
    counts: dict[str, int] = {}
    for weight in computation.weights:
        dtype = weight.dtype
        parameters[dtype] = parameters.get(dtype, 0) + weight.element_count
        sizes[dtype] = sizes.get(dtype, 0) + weight.byte_count
        counts[dtype] = counts.get(dtype, 0) + 1
    order = sorted(parameters, key=lambda dtype: (-sizes[dtype], dtype))
    return tuple(WeightTotal(dtype, parameters[dtype], sizes[dtype], counts[dtype]) for dtype in order)


def largest_weights(computation: Computation, limit: int = 10) -> Sequence[Weight]:
    """Return the weights of most bytes, largest first, ties in file order."""
    return nlargest(limit, computation.weights, key=lambda weight: weight.byte_count)
