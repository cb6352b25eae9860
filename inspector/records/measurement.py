"""Measured before and after, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MeasurementKind = Literal["session_creation", "latency", "cold_start"]

ComparisonVerdict = Literal["faster", "slower", "no difference shown", "not measured"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two subjects measured interleaved in random order: medians in ms, the median of paired ratios after / before with a
    bootstrap interval of 95 %, and the noise floor: the interval of the same for the original against itself.
    """

    kind: MeasurementKind
    before_ms: float
    after_ms: float
    ratio: float
    low: float
    high: float
    verdict: ComparisonVerdict
    pairs: int
    noise_low: float | None = None
    noise_high: float | None = None
    device: str = "cpu"
    threads: int = 1
    note: str = ""
