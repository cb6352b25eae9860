"""Figures that were measured: latency and its percentiles, throughput, starts and their phases, memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import exp, log
from statistics import median

from inspector.records.benchmark import PERCENTILES, Benchmark, PhaseFigures
from inspector.records.measurement import CacheState, Comparison, Conditions
from inspector.records.review import Review
from inspector.verify.rules.percentile_interval import percentile_interval
from inspector.verify.rules.reading import Figure, Read, Reading, Side, nothing

BENCH = "--bench"

STARTS: dict[str, CacheState] = {"cold_start": "cold", "warm_start": "warm"}

_NOT_MEASURED = "not measured"


def measured_figures() -> tuple[Figure, ...]:
    """Return the figures whose names are fixed."""
    return (
        Figure("latency.median", "ms", "median of one run", _latency(_median), BENCH, ratios=_latency_ratios),
        *(
            Figure(
                f"latency.p{100 * share:g}",
                "ms",
                f"{100 * share:g} % of runs take no longer",
                _latency(_percentile(share)),
                BENCH,
            )
            for share in PERCENTILES
        ),
        Figure("latency.first", "ms", "the first run of a session", _latency(_first), BENCH),
        Figure("latency.throughput", "a second", "samples (batch elements) a second", _latency(_throughput), BENCH),
        *(
            Figure(
                f"{name}.median",
                "ms",
                f"median of a start from a {cache} cache",
                _starts(cache, _median),
                BENCH,
                ratios=_start_ratios(cache, ""),
            )
            for name, cache in STARTS.items()
        ),
        Figure("rss_bytes", "bytes", "most memory that a started process holds", _memory, BENCH),
    )


def phase_figure(start: str, phase: str) -> Figure:
    """Return one phase of a start; "_" stands for a space in its name."""
    cache, name = STARTS[start], phase.replace("_", " ")
    what = f"median of the phase {name} of a start from a {cache} cache"
    return Figure(f"{start}.{phase}", "ms", what, _starts(cache, _phase(name)), BENCH, ratios=_start_ratios(cache, name))


_Of = Callable[[Benchmark], Reading]


def _latency(of: _Of) -> Read:
    return _runs(lambda run: run.kind == "latency" and run.conditions.load is None, of)


def _starts(cache: CacheState, of: _Of) -> Read:
    return _runs(
        lambda run: run.kind == "cold_start" and run.conditions.cache in (cache, None) and run.conditions.cpus is None, of
    )


def _runs(belongs: Callable[[Benchmark], bool], of: _Of) -> Read:
    """Return a reader of all runs of the last subject (or the original), one reading for each set of conditions."""

    def read(review: Review, side: Side) -> Sequence[Reading]:
        subjects = {run.subject for run in review.benchmarks}
        wanted = "after" if side == "now" and "after" in subjects else "before"
        if side == "before" and "after" not in subjects:
            return ()
        found = [run for run in review.benchmarks if run.subject == wanted and belongs(run)]
        return [_reading(run, of) for run in found] or nothing(_NOT_MEASURED)

    return read


def _reading(run: Benchmark, of: _Of) -> Reading:
    where = conditions_text(run.conditions)
    if not run.samples:
        return Reading(None, key=where, where=where, unknown=run.note or _NOT_MEASURED)
    found = of(run)
    return Reading(found.value, found.low, found.high, where, where, found.unknown, found.noise, found.note)


def conditions_text(conditions: Conditions) -> str:
    """Return what a run was measured under: "batch 8, 2 threads"."""
    threads = f"{conditions.threads} thread{'' if conditions.threads == 1 else 's'}" if conditions.threads else ""
    cache = f"{conditions.cache} cache" if conditions.cache is not None else ""
    return ", ".join(part for part in (cache, f"batch {conditions.batch}", threads) if part)


def _median(run: Benchmark) -> Reading:
    low, high = (run.low_ms, run.high_ms) if run.high_ms >= run.median_ms >= run.low_ms > 0 else (None, None)
    return Reading(run.median_ms, low, high, noise=_noise(run, median), note=f"{run.samples:,} samples")


def _noise(run: Benchmark, figure: Callable[[Sequence[float]], float]) -> float | None:
    """Return how far, as a ratio above 1, the original was from itself; None where there was no control."""
    controls, samples = run.control_ms, run.times_ms
    if run.kind == "cold_start":
        controls = tuple(start.wall_ms for start in run.control_starts if not start.failure)
        samples = tuple(start.wall_ms for start in run.starts if not start.failure)
    if not controls or not samples:
        return None
    ours, theirs = figure(samples), figure(controls)
    return exp(abs(log(theirs / ours))) if ours > 0 and theirs > 0 else None


def _percentile(share: float) -> _Of:
    def of(run: Benchmark) -> Reading:
        found = next((one for one in run.percentiles if abs(one.share - share) < 1e-9), None)
        if found is None:
            return Reading(None, unknown=_NOT_MEASURED)
        if found.milliseconds is None:
            return Reading(None, unknown=f"needs {found.needs:,} samples, has {run.samples:,}")
        whole = len(run.times_ms) == run.samples
        low, high = percentile_interval(run.times_ms, share, found.milliseconds) if whole else (None, None)
        return Reading(found.milliseconds, low, high, note=f"{run.samples:,} samples")

    return of


def _first(run: Benchmark) -> Reading:
    return Reading(run.first_ms, unknown="" if run.first_ms is not None else _NOT_MEASURED)


def _throughput(run: Benchmark) -> Reading:
    rate = run.throughput_per_second
    return Reading(rate, unknown="" if rate is not None else _NOT_MEASURED)


def _phase(name: str) -> _Of:
    def of(run: Benchmark) -> Reading:
        found = run.phases.get(name)
        if found is None:
            return Reading(None, unknown=f"there is no phase {name}; there are: {', '.join(run.phases) or 'none'}")
        return _phase_reading(found)

    return of


def _phase_reading(phase: PhaseFigures) -> Reading:
    modelled = "modelled, not measured" if phase.modelled else ""
    low, high = (phase.low_ms, phase.high_ms) if phase.high_ms >= phase.median_ms >= phase.low_ms > 0 else (None, None)
    return Reading(phase.median_ms, low, high, note=modelled)


def _memory(review: Review, side: Side) -> Sequence[Reading]:
    read = _runs(lambda run: run.kind == "cold_start" and run.conditions.cpus is None, _resident)
    return read(review, side)


def _resident(run: Benchmark) -> Reading:
    """Return the median of the most memory of each start, from the lowest to the largest; else the largest phase."""
    peaks = sorted(peak for start in run.starts if (peak := _peak(phase.rss_bytes for phase in start.phases)) is not None)
    if peaks:
        return Reading(median(peaks), peaks[0], peaks[-1], note=f"{len(peaks):,} starts")
    known = _peak(phase.rss_bytes for phase in run.phases.values())
    return Reading(known, unknown="" if known is not None else _NOT_MEASURED)


def _peak(sizes: Iterator[int | None]) -> int | None:
    return max((size for size in sizes if size is not None), default=None)


def _latency_ratios(review: Review) -> Sequence[Reading]:
    return _ratios(one for one in review.comparisons if one.kind == "latency" and not one.phase and _load(one) is None)


def _load(comparison: Comparison) -> float | None:
    return comparison.conditions.load if comparison.conditions is not None else None


def _start_ratios(cache: CacheState, phase: str) -> Callable[[Review], Sequence[Reading]]:
    def ratios(review: Review) -> Sequence[Reading]:
        return _ratios(one for one in review.comparisons if _is_start(one, cache, phase))

    return ratios


def _is_start(comparison: Comparison, cache: CacheState, phase: str) -> bool:
    conditions = comparison.conditions or Conditions()
    plain = conditions.cpus is None and conditions.cache in (cache, None)
    return comparison.kind == "cold_start" and comparison.phase == phase and plain


def _ratios(comparisons: Iterator[Comparison]) -> list[Reading]:
    return [_ratio(one) for one in comparisons]


def _ratio(comparison: Comparison) -> Reading:
    where = conditions_text(comparison.conditions or Conditions())
    if comparison.verdict == _NOT_MEASURED or not comparison.pairs:
        return Reading(None, key=where, where=where, unknown=comparison.note or _NOT_MEASURED)
    ends = [end for end in (comparison.noise_low, comparison.noise_high) if end is not None and end > 0]
    noise = exp(max(abs(log(end)) for end in ends)) if ends else None
    note = f"{comparison.pairs:,} pairs measured in turns"
    return Reading(comparison.ratio, comparison.low, comparison.high, where, where, noise=noise, note=note)
