"""A run from its raw samples: median and interval, percentiles where there are enough, outliers, phases, failures."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final, TypeVar

from inspector.bench.compare import TIGHT
from inspector.bench.start_figures import cache_notes, own_notes, phase_figures, sum_note
from inspector.bench.statistics import independent_median, median_interval, outliers, samples_for_percentile
from inspector.records.benchmark import (
    PERCENTILES,
    BenchKind,
    Benchmark,
    BenchSubject,
    ColdStart,
    Percentile,
)
from inspector.records.measurement import Conditions

MOST_TIMES: Final = 20_000
"""Samples of a latency that a record holds; figures are of all there were."""
MOST_STARTS: Final = 2_000
FEWEST_FOR_INTERVAL: Final = 6

Sample = TypeVar("Sample")


@dataclass(frozen=True, slots=True)
class RunOf:
    """What a run is of, and how it was taken."""

    subject: BenchSubject
    artifact: str
    device: str = "cpu"
    conditions: Conditions = Conditions()  # noqa: RUF009 - frozen
    nodes_on_cpu: tuple[str, ...] = ()


def latency_run(
    of: RunOf,
    sessions: Sequence[Sequence[float]],
    *,
    first_ms: float | None = None,
    throughput_per_second: float | None = None,
    failures: Sequence[str] = (),
    notes: Sequence[str] = (),
    cut_short: str = "",
    controls: Sequence[Sequence[float]] = (),
) -> Benchmark:
    """Return the run of single warm runs in ms, in the order they were taken, those of a session in one group.

    failures holds the reason of each sample that failed; cut_short why it ended before its time. controls are the times of
    the original once more. throughput None: of a closed loop, batch elements over the sum of the times. Without any sample
    it is "not measured", for the reason that cut_short or the failures give.
    """
    times = [time for session in sessions for time in session]
    if not times:
        return not_measured(of, "latency", cut_short or _commonest(failures), failures=len(failures), notes=notes)
    middle = median_interval(sessions)
    kept, left_out = bounded(times, MOST_TIMES)
    return Benchmark(
        of.subject,
        "latency",
        of.device,
        len(times),
        middle.value,
        middle.low,
        middle.high,
        conditions=of.conditions,
        artifact=of.artifact,
        status="cut short" if cut_short else "measured",
        note=_note(cut_short, failures),
        percentiles=percentiles(times),
        throughput_per_second=throughput_per_second or _closed_loop_throughput(times, of.conditions.batch),
        first_ms=first_ms,
        outliers=len(outliers(times)),
        failures=len(failures),
        times_ms=tuple(kept),
        control_ms=tuple(bounded([time for session in controls for time in session], MOST_TIMES)[0]),
        nodes_on_cpu=of.nodes_on_cpu,
        notes=_told((_few_samples(len(times)), _left_out(left_out, "times"), *notes)),
    )


def _closed_loop_throughput(times: Sequence[float], batch: int) -> float | None:
    """Return batch elements a second where each run begins when the one before has ended."""
    return 1000 * batch * len(times) / total if (total := sum(times)) > 0 else None


def cold_run(
    of: RunOf,
    starts: Sequence[ColdStart],
    *,
    first: ColdStart | None = None,
    failed_firsts: Sequence[str] = (),
    notes: Sequence[str] = (),
    cut_short: str = "",
    controls: Sequence[ColdStart] = (),
) -> Benchmark:
    """Return the run of whole starts in the order they were taken; failed ones are kept and counted, and are in no figure.

    first is the start that is not counted, failed_firsts why those before it failed. Without any that succeeded it is "not
    measured", for the reason that cut_short or the failures give.
    """
    good = [start for start in starts if not start.failure]
    failures = [*failed_firsts, *(start.failure for start in starts if start.failure)]
    kept, left_out = bounded(starts, MOST_STARTS)
    if not good:
        found = not_measured(of, "cold_start", cut_short or _commonest(failures), failures=len(failures), notes=notes)
        return replace(
            found, starts=tuple(kept), control_starts=tuple(bounded(controls, MOST_STARTS)[0]), first_ms=_wall(first)
        )
    walls = [start.wall_ms for start in good]
    middle = independent_median(walls)
    said = (
        _few_samples(len(good)),
        _left_out(left_out, "starts"),
        *cache_notes(good),
        sum_note(good),
        *own_notes(good),
        *notes,
    )
    return Benchmark(
        of.subject,
        "cold_start",
        of.device,
        len(good),
        middle.value,
        middle.low,
        middle.high,
        phase_figures(good),
        of.conditions,
        of.artifact,
        "cut short" if cut_short else "measured",
        _note(cut_short, failures),
        percentiles(walls),
        first_ms=_wall(first),
        outliers=len(outliers(walls)),
        failures=len(failures),
        starts=tuple(kept),
        control_starts=tuple(bounded(controls, MOST_STARTS)[0]),
        nodes_on_cpu=of.nodes_on_cpu,
        notes=_told(said),
    )


def not_measured(of: RunOf, kind: BenchKind, reason: str, *, failures: int = 0, notes: Sequence[str] = ()) -> Benchmark:
    """Return the run of what could not be measured, with the reason in its note."""
    return Benchmark(
        of.subject,
        kind,
        of.device,
        0,
        0.0,
        conditions=of.conditions,
        artifact=of.artifact,
        status="not measured",
        note=f"not measured: {reason or 'nothing was timed'}",
        failures=failures,
        nodes_on_cpu=of.nodes_on_cpu,
        notes=_told(notes),
    )


def percentiles(times: Sequence[float]) -> tuple[Percentile, ...]:
    """Return PERCENTILES of times in ms, None for each that needs more samples than there are.

    A percentile is the smallest sample that at least that share of all lies at or below: the order statistic of rank
    ceil(share n), definition 1 of R. J. Hyndman, Y. Fan, Sample quantiles in statistical packages, The American Statistician
    50, 1996, 361-365.
    """
    ordered = sorted(times)
    return tuple(_percentile(ordered, share) for share in PERCENTILES)


def _percentile(ordered: Sequence[float], share: float) -> Percentile:
    needs = samples_for_percentile(share)
    if len(ordered) < needs:
        return Percentile(share, None, needs)
    rank = ceil(round(share * len(ordered), 6))  # 0.9 * 70 is a little more than 63
    return Percentile(share, ordered[rank - 1], needs)


def is_settled(run: Benchmark) -> bool:
    """Whether a run's median lies in an interval so narrow that more samples would say nothing new."""
    return run.samples >= FEWEST_FOR_INTERVAL and run.high_ms - run.low_ms <= 2 * TIGHT * run.median_ms


def _few_samples(count: int) -> str:
    """Return what a reader should know of an interval from so many samples; empty where there is nothing."""
    if count == 1:
        return "one sample only: it shows no spread"
    if count < FEWEST_FOR_INTERVAL:
        return f"{count} samples only: the interval is their range, and holds less often than 95 %"
    return ""


def bounded(samples: Sequence[Sample], most: int) -> tuple[Sequence[Sample], int]:
    """Return at most so many samples, drawn at random and in their order, and how many were left out."""
    if len(samples) <= most:
        return samples, 0
    places = sorted(random.Random(0).sample(range(len(samples)), most))  # noqa: S311 - a choice, not a secret
    return [samples[place] for place in places], len(samples) - most


def _left_out(count: int, what: str) -> str:
    return f"{count:,} {what}, chosen at random, are not in the record; the figures are of all" if count else ""


def _wall(start: ColdStart | None) -> float | None:
    return start.wall_ms if start else None


def _commonest(failures: Sequence[str]) -> str:
    """Return the reason that most samples failed for."""
    return Counter(failures).most_common(1)[0][0] if failures else ""


def _note(cut_short: str, failures: Sequence[str]) -> str:
    failed = f"{len(failures)} failed, most often: {_commonest(failures)}" if failures else ""
    return "; ".join(part for part in (cut_short, failed) if part)


def _told(notes: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for note in notes if note))
