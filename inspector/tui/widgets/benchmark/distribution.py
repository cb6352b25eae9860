"""Samples as a histogram with marks for median and percentiles, and as a line over time with outliers flagged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from statistics import fmean

from textual.content import Content

from inspector.records.benchmark import Benchmark
from inspector.records.weight_details import Histogram
from inspector.report.bench_sentences import ms_text
from inspector.report.figures import plural
from inspector.tui.widgets.benchmark.figures import percentile_figure, percentile_name, walls_of
from inspector.tui.widgets.histogram import histogram_lines
from inspector.tui.widgets.text_rows import wrapped

Lines = list[Content]

_LEVELS = "▁▂▃▄▅▆▇█"
_FEWEST_BINS, _MOST_BINS = 12, 60
_TAIL_SHARE = 0.98
_FAR = 2.0
"""A tail that reaches farther than so many times the bulk is counted, not drawn: it would squeeze the bulk into one bar."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The ms that the first and the last column stand for."""

    low: float
    high: float


def scale_of(runs: Sequence[Benchmark]) -> Scale:
    """Return a scale that holds the bulk of all these runs' samples, so that they can be compared by eye."""
    values = sorted(value for run in runs for value in walls_of(run))
    if not values:
        return Scale(0.0, 1.0)
    low, high = values[0], values[-1]
    bulk = values[min(len(values) - 1, int(_TAIL_SHARE * len(values)))]
    if high - low > _FAR * (bulk - low) > 0:
        high = low + 1.1 * (bulk - low)
    if high <= low:
        low, high = low * 0.99, high * 1.01 or 1.0
    return Scale(low, high)


def distribution_lines(run: Benchmark, scale: Scale, width: int, height: int) -> Lines:
    """Return bars, marks under them, and the ends of the scale; how many samples lie beyond it is said."""
    times = walls_of(run)
    bins = max(1, min(width, _MOST_BINS, max(_FEWEST_BINS, 2 * isqrt(len(times)))))
    counts = [0] * bins
    beyond = 0
    for time in times:
        share = (time - scale.low) / (scale.high - scale.low)
        if share > 1:
            beyond += 1
        else:
            counts[max(0, min(bins - 1, int(share * bins)))] += 1
    *bars, _ = histogram_lines(Histogram(scale.low, scale.high, tuple(counts)), width, height)
    cells = bins * (width // bins)
    return [*bars, _marks(run, scale, cells), _ends(scale, cells, beyond, max(times, default=0.0))]


def _ends(scale: Scale, cells: int, beyond: int, largest: float) -> Content:
    low, high = ms_text(scale.low), ms_text(scale.high)
    said = f"{beyond:,} beyond, to {ms_text(largest)} ▸" if beyond else ""
    right = f"{said} {high}" if said and len(low) + len(said) + len(high) + 2 <= cells else high
    return Content.styled(low + " " * max(1, cells - len(low) - len(right)) + right, "$soft")


def _marks(run: Benchmark, scale: Scale, cells: int) -> Content:
    """Return a line with a mark and a name where the median and each known percentile lie; the later ones give way."""
    line = [" "] * cells
    free = 0
    known = [(one.share, one.milliseconds) for one in run.percentiles if one.milliseconds is not None and one.share != 0.5]
    for share, milliseconds in [(0.5, run.median_ms), *known]:
        at = int((milliseconds - scale.low) / (scale.high - scale.low) * cells)
        name = f"▲{percentile_name(share)}"
        if free <= at < cells and at + len(name) <= cells:
            line[at : at + len(name)] = name
            free = at + len(name) + 1
        elif at == cells or (free <= cells - len(name) <= at < cells):
            line[cells - len(name) :] = name[1:] + "▲"
            free = cells
    return Content.styled("".join(line), "$accent-text")


def sparkline_lines(run: Benchmark, scale: Scale, width: int) -> Lines:
    """Return the samples over time, several a column where there are many, and under them a mark for each outlier."""
    from inspector.bench.statistics import outliers

    times = walls_of(run)
    if not times:
        return []
    columns = min(width, len(times))
    bounds = [len(times) * at // columns for at in range(columns + 1)]
    span = scale.high - scale.low
    line = ""
    for first, last in pairwise(bounds):
        share = (fmean(times[first:last]) - scale.low) / span
        line += _LEVELS[max(0, min(len(_LEVELS) - 1, int(share * len(_LEVELS))))]
    far = outliers(times)
    flagged = {place * columns // len(times) for place in far}
    lines = [Content.styled(line, "$violet")]
    if far:
        marks = "".join("▴" if at in flagged else " " for at in range(columns))
        lines.append(Content.styled(marks.rstrip(), "$medium"))
    return lines


def sparkline_note(run: Benchmark) -> str:
    """Return what the line over time shows."""
    far = f", {plural(run.outliers, 'outlier')} marked ▴" if run.outliers else ""
    return f"{plural(len(walls_of(run)), 'sample')} in the order taken{far}"


def percentile_lines(run: Benchmark, width: int) -> Lines:
    """Return every percentile: its ms, or how many samples it needs."""
    parts = [
        part
        for one in run.percentiles
        if one.share != 0.5
        for part in (
            (f"{percentile_name(one.share)} ", "$soft"),
            (f"{percentile_figure(one)}   ", "$ink" if one.milliseconds is not None else "$soft"),
        )
    ]
    return wrapped(Content.assemble(*parts), width) if parts else []
