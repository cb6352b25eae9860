"""Measured before and after, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MeasurementKind = Literal["session_creation", "latency", "cold_start"]

ComparisonVerdict = Literal["faster", "slower", "no difference shown", "not measured"]

CacheState = Literal["cold", "warm"]
"""Whether the files of the artifact and its runtime are out of the page cache when a process starts, or in it."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a measurement was taken under, beside its device.

    threads 0: as many as the runtime may use; cache only for cold starts; cpus: processors' time granted a second (None: all
    there are); load: share of capacity at which requests arrive in an open loop (None: a closed loop).
    """

    threads: int = 0
    batch: int = 1
    cache: CacheState | None = None
    cpus: float | None = None
    load: float | None = None


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
    conditions: Conditions | None = None
    """None for the quick comparison that comes with every change."""
    phase: str = ""
    """The phase of a cold start that is compared; empty: the whole of it."""
    after_device: str = ""
    """Where the changed one ran, if not on the same device."""
