"""How times, conditions and verdicts are written on the benchmark tab."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.records.benchmark import Benchmark, Percentile
from inspector.records.measurement import Comparison, ComparisonVerdict
from inspector.report.bench_sentences import ms_text
from inspector.report.figures import count_text, plural
from inspector.tui.widgets.optimize.figures import ratio_text

VERDICT_GLYPHS: dict[ComparisonVerdict, str] = {"faster": "✓", "slower": "◆", "no difference shown": "=", "not measured": "·"}
VERDICT_ROLES: dict[ComparisonVerdict, str] = {
    "faster": "good",
    "slower": "medium",
    "no difference shown": "soft",
    "not measured": "soft",
}
VERDICT_STYLES = {"good": "$good bold", "medium": "$medium bold", "soft": "$soft bold"}


def seconds_text(seconds: float) -> str:
    """Return seconds for a person: "0.4 s", "12 s", "2 min 5 s"."""
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def rate_text(per_second: float) -> str:
    """Return a rate: "0.4/s", "169/s", "16.9 K/s"."""
    return f"{per_second:.1f}/s" if per_second < 10 else f"{count_text(round(per_second))}/s"


def title_text(run: Benchmark, threads: bool) -> str:
    """Return what was measured, and under which conditions: "cold start, cold cache, 0.5 CPU", "open loop 70 %, batch 8"."""
    conditions = run.conditions
    if run.kind == "cold_start":
        cold = [] if conditions.cache is None else [conditions.cache if conditions.cpus else f"{conditions.cache} cache"]
        parts = ["cold start" if conditions.cache and not conditions.cpus else "start", *cold]
        parts += [] if conditions.cpus is None else [f"{conditions.cpus:g} CPU"]
    else:
        load = conditions.load
        parts = ["latency" if load is None else f"open loop {load * 100:.0f} %", f"batch {conditions.batch}"]
    return ", ".join([*parts, *([threads_text(conditions.threads)] if threads else [])])


def threads_text(threads: int) -> str:
    """Return "2 threads", or "all threads" for 0."""
    return plural(threads, "thread") if threads else "all threads"


def verdict_text(comparison: Comparison) -> str:
    """Return the verdict with a glyph that tells it without color: "✓ faster 0.71×"."""
    glyph = VERDICT_GLYPHS[comparison.verdict]
    if comparison.verdict in ("faster", "slower"):
        return f"{glyph} {comparison.verdict} {ratio_text(comparison.ratio)}"
    return f"{glyph} {comparison.verdict}"


def percentile_of(run: Benchmark, share: float) -> Percentile | None:
    """Return a percentile of a run, None where it was not asked for."""
    return next((one for one in run.percentiles if one.share == share), None)


def percentile_name(share: float) -> str:
    """Return "p99.9" for 0.999, "median" for 0.5."""
    return "median" if share == 0.5 else f"p{share * 100:g}"


def percentile_figure(percentile: Percentile) -> str:
    """Return it in ms, or how many samples it needs."""
    return f"needs {percentile.needs:,}" if percentile.milliseconds is None else ms_text(percentile.milliseconds)


def walls_of(run: Benchmark) -> Sequence[float]:
    """Return every sample in ms, in the order taken."""
    return run.times_ms or tuple(start.wall_ms for start in run.starts if not start.failure)


def interval_text(comparison: Comparison) -> str:
    """Return the ratio's interval: "0.65–0.78"."""
    return f"{comparison.low:.2f}–{comparison.high:.2f}"


def reason_text(run: Benchmark) -> str:
    """Return why a run is missing or cut short, without what its status says already."""
    return run.note.removeprefix(f"{run.status}: ")


def comparison_of(run: Benchmark, comparisons: Sequence[Comparison], phase: str = "") -> Comparison | None:
    """Return what was said of a run beside the other one under the same conditions."""
    found = (
        one
        for one in comparisons
        if (one.kind, one.conditions, one.phase) == (run.kind, run.conditions, phase) and run.device in _devices(one)
    )
    return next(found, None)


def _devices(comparison: Comparison) -> tuple[str, ...]:
    return comparison.device, comparison.after_device or comparison.device
