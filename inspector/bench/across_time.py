"""Two runs of the same plan at different times: what can be said although they were not interleaved."""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from statistics import median

from inspector.bench.statistics import Interval, verdict
from inspector.records.benchmark import Benchmark
from inspector.records.measurement import Comparison

APART: str = "measured at different times, not interleaved: what changed on the machine is in it"


def across_time(earlier: Sequence[Benchmark], later: Sequence[Benchmark]) -> tuple[Comparison, ...]:
    """Return a comparison of each later run with the earlier one of the same subject, kind, device and conditions.

    The interval of the ratio is made of both medians' intervals, which is wider than one of paired samples would be; the noise
    floor is how far the original was from itself within either run. A run without its like is left out.
    """
    known = {_key(run): run for run in earlier if run.samples}
    return tuple(_compared(known[_key(run)], run) for run in later if run.samples and _key(run) in known)


def _key(run: Benchmark) -> tuple[object, ...]:
    return run.subject, run.kind, run.device, run.conditions


def _compared(before: Benchmark, after: Benchmark) -> Comparison:
    ratio = Interval(after.median_ms / before.median_ms, after.low_ms / before.high_ms, after.high_ms / before.low_ms)
    drifts = [drift for run in (before, after) if (drift := _drift(run)) is not None]
    noise = Interval(max(drifts, key=_distance), min(1.0, *drifts), max(1.0, *drifts)) if drifts else None
    return Comparison(
        after.kind,
        before.median_ms,
        after.median_ms,
        ratio.value,
        ratio.low,
        ratio.high,
        verdict(ratio, noise),
        min(before.samples, after.samples),
        noise.low if noise else None,
        noise.high if noise else None,
        after.device,
        after.conditions.threads,
        APART,
        after.conditions,
    )


def _distance(drift: float) -> float:
    """Return how far a ratio is from 1, up or down alike."""
    return abs(log(drift))


def _drift(run: Benchmark) -> float | None:
    """Return the median of the original's control over its own median; None where there was no control."""
    controls = run.control_ms if run.kind == "latency" else [one.wall_ms for one in run.control_starts if not one.failure]
    return median(controls) / run.median_ms if controls and run.subject == "before" and run.median_ms > 0 else None
