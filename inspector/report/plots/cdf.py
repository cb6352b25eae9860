"""Latencies as cumulative shares: how many of the runs took at most how long, before, after and the control."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.records.benchmark import Benchmark
from inspector.report.bench_sentences import turn_text
from inspector.report.figures import plural
from inspector.report.plots.axes import ROW, WIDTH, legend, time_text, time_unit, x_axis
from inspector.report.plots.lettering import SMALL, fitted, text_width
from inspector.report.plots.scales import Linear, Logarithmic, Scale, WithTail, all_usable, usable
from inspector.report.plots.svg import circle, document, line, number, path, rect, text

MOST_PANELS: Final = 8
MOST_POINTS: Final = 400
WIDE_SPREAD: Final = 8.0
"""Largest over smallest time from which the axis is logarithmic."""
_HEIGHT: Final = 190
_LEFT: Final = 52.0
_MARKS: Final = (0.5, 0.9, 0.99)
USUAL: Final = 0.995
"""Share of the runs that the main part of the axis shows where the others lie far out."""
FAR_OUT: Final = 1.7
"""Slowest over usual time from which it gets a strip of its own."""
_TAIL: Final = 0.13
"""Share of the width that the strip takes."""
_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Curve:
    """Times of one subject, ascending, and the percentiles that its samples suffice for."""

    subject: str
    times: tuple[float, ...]
    percentiles: tuple[tuple[float, float], ...]


def cdf(benchmarks: Sequence[Benchmark], width: int = WIDTH) -> str:
    """Return the distribution of latencies in ms, one panel for each set of conditions; "" without samples.

    Percentiles are marked where there are samples enough for them; the axis is logarithmic where times spread widely.
    """
    panels = _panels(benchmarks)
    if not panels:
        return ""
    body: list[str] = []
    y = 14.0
    for title, curves in panels[:MOST_PANELS]:
        drawn, y = _drawn(title, curves, y, width)
        body += drawn
    if len(panels) > MOST_PANELS:
        body.append(text(_LEFT, y, f"{plural(len(panels) - MOST_PANELS, 'further condition')} in the table", "muted"))
        y += ROW
    told = " ".join(f"{title}: {'; '.join(map(_told, curves))}." for title, curves in panels[:MOST_PANELS])
    return document("cdf", "Distribution of latency", told, (width, y), body)


def _panels(benchmarks: Iterable[Benchmark]) -> list[tuple[str, list[_Curve]]]:
    grouped: dict[object, list[Benchmark]] = {}
    for run in benchmarks:
        if run.kind == "latency":
            grouped.setdefault((run.conditions, run.device), []).append(run)
    panels = []
    for runs in grouped.values():
        curves = [curve for run in runs for curve in _curves(run)]
        first = {curve.subject: curve for curve in reversed(curves)}
        shown = [first[subject] for subject in ("control", "before", "after") if subject in first]
        if shown:
            panels.append((f"{turn_text('latency', runs[0].conditions)}, {runs[0].device}", shown))
    return panels


def _curves(run: Benchmark) -> Iterator[_Curve]:
    times = sorted(all_usable(run.times_ms))
    if times:
        enough = {one.share: usable(one.milliseconds) for one in run.percentiles}
        marks = {
            0.5: usable(run.median_ms) or times[(len(times) - 1) // 2],
            **{share: ms for share, ms in enough.items() if ms is not None},
        }
        yield _Curve(run.subject, tuple(times), tuple((share, marks[share]) for share in _MARKS if share in marks))
    control = sorted(all_usable(run.control_ms))
    if control:
        yield _Curve("control", tuple(control), ())


def _drawn(title: str, curves: Sequence[_Curve], y: float, width: int) -> tuple[list[str], float]:
    parts = [text(4, y, fitted(title, width - 8.0), "heading")]
    key, used = legend([(f"curve {curve.subject}", _named(curve)) for curve in curves], _LEFT, y + 18, width - _LEFT)
    top = y + 18 + used
    bottom = top + _HEIGHT
    across = _scale(curves, _LEFT, width - 24.0)
    up = Linear(0.0, 1.0, bottom, top)
    parts += [*key, *_time_axis(across, top, bottom)]
    for share in (0.0, 0.25, 0.5, 0.75, 0.9, 0.99):
        parts.append(line(_LEFT, up(share), width - 24.0, up(share), "grid"))
        if share != 0.99:
            parts.append(text(_LEFT - 8, up(share) + 4, f"{share:.0%}".replace("%", " %"), "tick", "end"))
    parts.append(text(_LEFT - 8, top - 2, "99 %", "tick", "end"))
    parts += [path(_commands(curve.times, across, up), f"curve {curve.subject}") for curve in curves]
    return [*parts, *_marks(curves, across, up)], bottom + 40


def _time_axis(across: Linear | Logarithmic | WithTail, top: float, bottom: float) -> list[str]:
    main = across.usual if isinstance(across, WithTail) else across
    parts = x_axis(main, top, bottom, time_unit(main.high), "time of one run")
    if isinstance(across, WithTail):
        start, end = across.tail.start, across.tail.end
        parts.append(rect(start, top, end - start, bottom - top, "tail"))
        parts.append(line(start, bottom, end, bottom, "axis"))
        parts.append(text(end, bottom + 14, f"… {time_text(across.tail.high / 1.05)}", "tick", "end"))
    return parts


def _scale(curves: Sequence[_Curve], start: float, end: float) -> Linear | Logarithmic | WithTail:
    """Return a scale of all times; where the slowest lie far out, these get a strip of their own at the right."""
    low, high = min(curve.times[0] for curve in curves), max(curve.times[-1] for curve in curves)
    usual = max(curve.times[int(USUAL * (len(curve.times) - 1))] for curve in curves)
    if usual <= low or high < FAR_OUT * usual:
        return _simple(low, high, start, end)
    edge = end - (end - start) * _TAIL
    inner = _simple(low, usual + (usual - low) * 0.1, start, edge)
    return WithTail(inner, Logarithmic(inner.high, high * 1.05, edge, end))


def _simple(low: float, high: float, start: float, end: float) -> Linear | Logarithmic:
    if low > high * 1e-12 and high / low >= WIDE_SPREAD:
        return Logarithmic(low / 1.05, high * 1.05, start, end)
    pad = max((high - low) * 0.04, high * 1e-3, 1e-9)
    return Linear(max(low - pad, 0.0), high + pad, start, end)


def _commands(times: Sequence[float], across: Scale, up: Linear) -> str:
    """Return steps through the samples, or through MOST_POINTS of them, the first and last among them."""
    count = len(times)
    most = min(count, MOST_POINTS)
    picked = sorted({round(index * (count - 1) / max(most - 1, 1)) for index in range(most)})
    steps = [f"M{number(across(times[0]))} {number(up(0.0))}"]
    for index in picked:
        steps.append(f"H{number(across(times[index]))}V{number(up((index + 1) / count))}")
    return "".join(steps)


def _marks(curves: Sequence[_Curve], across: Scale, up: Linear) -> list[str]:
    """Return a point and its time for each percentile, words kept off each other."""
    parts: list[str] = []
    taken: list[_Box] = []
    for curve in curves:
        for share, milliseconds in curve.percentiles:
            x, y = across(milliseconds), up(share)
            words = f"{curve.subject} " if len(curves) > 1 else ""
            words += f"p{share * 100:g} {time_text(milliseconds)}"
            parts.append(circle(x, y, 3.2, f"point {curve.subject}", words))
            place = _free(x, y, text_width(words, SMALL, strong=True), taken, (across(-1e300), across(1e300)))
            if place is not None:
                parts.append(text(*place, words, f"small {curve.subject}"))
    return parts


def _free(x: float, y: float, needed: float, taken: list[_Box], ends: tuple[float, float]) -> tuple[float, float] | None:
    """Return where words fit beside a point, on the right if they can, and note that; None where all places are taken."""
    for down in (13, 26, 39, -5):
        for start in (x + 8, x - 8 - needed):
            box = (start - 2, y + down - 9, start + needed + 2, y + down + 2)
            apart = all(box[2] < b[0] or box[0] > b[2] or box[3] < b[1] or box[1] > b[3] for b in taken)
            if start >= ends[0] and start + needed <= ends[1] and apart:
                taken.append(box)
                return start, y + down
    return None


def _named(curve: _Curve) -> str:
    what = {"control": "control (before once more)"}.get(curve.subject, curve.subject)
    return f"{what}, {plural(len(curve.times), 'run')}"


def _told(curve: _Curve) -> str:
    marks = [f"p{share * 100:g} {time_text(milliseconds)}" for share, milliseconds in curve.percentiles]
    within = bisect_right(curve.times, curve.times[-1])
    spread = f"{time_text(curve.times[0])} to {time_text(curve.times[-1])}"
    return f"{curve.subject} {', '.join([*marks, spread])}, {plural(within, 'run')}"
