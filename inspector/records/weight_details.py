"""What reading a weight's values gives."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.tensor import Weight


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in equal bins between low and high."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WeightDetails:
    """Statistics of one weight over all its finite elements; None where there are none or the dtype is not numeric."""

    weight: Weight
    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    zero_count: int
    nan_count: int
    infinite_count: int
    histogram: Histogram | None
    preview: tuple[str, ...]
    """The first elements as text (at most 64)."""
    sha256: str
    """Digest of the stored bytes."""
