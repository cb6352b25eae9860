"""Cold starts as a waterfall: each phase begins where the one before it ended, before over after on one time axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.records.benchmark import Benchmark, PhaseFigures
from inspector.report.bench_sentences import ms_text, turn_text
from inspector.report.figures import plural, share_text
from inspector.report.plots.axes import ROW, WIDTH, legend, time_unit, wrapped, x_axis
from inspector.report.plots.lettering import SMALL, fitted, text_width
from inspector.report.plots.scales import Linear, usable
from inspector.report.plots.svg import document, hatch, line, path, rect, text

MOST_PANELS: Final = 6
MOST_PHASES: Final = 16
"""Phases with a bar of their own."""
SMALL_SHARE: Final = 0.01
"""Phases of less than this share of the longer start are joined."""
_BAR: Final = 10
_GAP: Final = 7
_MEASURED: Final = "measured start"
_OTHERS: Final = "other phases"


@dataclass(frozen=True, slots=True)
class _Step:
    """One bar: where it begins and ends in ms, its interval and its share of processor time."""

    name: str
    begin: float
    length: float
    low: float
    high: float
    cpu_share: float | None = None
    modelled: bool = False
    total: bool = False


@dataclass(frozen=True, slots=True)
class _Panel:
    """Runs under the same conditions, by subject, with the bars of each."""

    title: str
    runs: tuple[Benchmark, ...]
    steps: Mapping[str, tuple[_Step, ...]]
    joined: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """The rows of the panel: phases in order, the total last."""
        found = dict.fromkeys(step.name for steps in self.steps.values() for step in steps if not step.total)
        measured = any(step.total for steps in self.steps.values() for step in steps)
        return [*found, *([_MEASURED] if measured else [])]

    @property
    def longest(self) -> float:
        """The end of the longest bar or whisker."""
        ends = [step.begin + max(step.length, step.high) for steps in self.steps.values() for step in steps]
        return max(ends, default=0.0)


def waterfall(benchmarks: Sequence[Benchmark], width: int = WIDTH) -> str:
    """Return the phases of cold starts, one panel for each cache state and CPU quota; "" without any.

    Bars are medians, whiskers their intervals of 95 %, the dark strip below a bar the share of processor time; what is modelled
    is hatched. Phases below 1 % of the longest start are joined into one bar and told in words.
    """
    panels = _panels(benchmarks)
    if not panels:
        return ""
    named = max(text_width(name, strong=True) for panel in panels for name in panel.names)
    left = min(max(named + 16, 90.0), width * 0.26)
    scale = Linear(0.0, max(panel.longest for panel in panels) or 1.0, left, width - 128.0)
    body, y = legend(_legend(panels), left, 14.0, width - left)
    y += 14.0
    for panel in panels[:MOST_PANELS]:
        drawn, y = _drawn(panel, scale, y, width)
        body += drawn
    if len(panels) > MOST_PANELS:
        body.append(text(left, y, f"{plural(len(panels) - MOST_PANELS, 'further condition')} in the table", "muted"))
        y += ROW
    return document("waterfall", "Cold start by phase", " ".join(map(_told, panels[:MOST_PANELS])), (width, y + 4), body)


def _legend(panels: Sequence[_Panel]) -> list[tuple[str, str]]:
    subjects = [subject for subject in ("before", "after") if any(subject in panel.steps for panel in panels)]
    entries = [(f"swatch {subject}", subject) for subject in subjects]
    steps = [step for panel in panels for found in panel.steps.values() for step in found]
    if any(step.cpu_share for step in steps):
        entries.append(("cpu", "share of processor time"))
    return entries


def _panels(benchmarks: Iterable[Benchmark]) -> list[_Panel]:
    grouped: dict[object, list[Benchmark]] = {}
    for run in benchmarks:
        if run.kind == "cold_start" and (run.phases or usable(run.median_ms)):
            grouped.setdefault((run.conditions, run.device), []).append(run)
    panels = [_panel(runs) for runs in grouped.values()]
    return [panel for panel in panels if panel.longest > 0]


def _panel(runs: Sequence[Benchmark]) -> _Panel:
    first = {run.subject: run for run in reversed(runs)}
    shown = tuple(first[subject] for subject in ("before", "after") if subject in first)
    small = _small_phases(shown)
    title = f"{turn_text('cold_start', shown[0].conditions)}, {shown[0].device}"
    return _Panel(title, shown, {run.subject: tuple(_steps(run, small)) for run in shown}, small)


def _small_phases(runs: Sequence[Benchmark]) -> tuple[str, ...]:
    """Return the phases that are small in every run, and those beyond the number that can be drawn."""
    longest = max(sum(_length(phase) for phase in run.phases.values()) for run in runs)
    lengths: dict[str, float] = {}
    for run in runs:
        for name, phase in run.phases.items():
            lengths[name] = max(lengths.get(name, 0.0), _length(phase))
    large = {name for name, length in lengths.items() if length >= SMALL_SHARE * longest}
    drawn = set(sorted(large, key=lambda name: -lengths[name])[:MOST_PHASES])
    small = tuple(name for name in lengths if name not in drawn)
    return small if len(small) > 1 else ()


def _length(phase: PhaseFigures) -> float:
    return usable(phase.median_ms) or 0.0


def _steps(run: Benchmark, small: Sequence[str]) -> Iterable[_Step]:
    begin = 0.0
    for name, phase in run.phases.items():
        if name not in small:
            step = _phase_step(name, phase, begin)
            begin += step.length
            yield step
    joined = sum(_length(run.phases[name]) for name in small if name in run.phases)
    if joined:
        yield _Step(_OTHERS, begin, joined, joined, joined)
    modelled = sum(_length(phase) for phase in run.phases.values() if phase.modelled)
    median = usable(run.median_ms) or 0.0
    if not median:
        return
    yield _Step(_MEASURED, modelled, median, usable(run.low_ms) or median, usable(run.high_ms) or median, total=True)


def _phase_step(name: str, phase: PhaseFigures, begin: float) -> _Step:
    length = _length(phase)
    low, high = usable(phase.low_ms), usable(phase.high_ms)
    cpu = usable(phase.cpu_ms)
    share = min(cpu / length, 1.0) if cpu is not None and length else None
    return _Step(name, begin, length, length if low is None else low, length if high is None else high, share, phase.modelled)


def _drawn(panel: _Panel, scale: Linear, y: float, width: int) -> tuple[list[str], float]:
    """Return a panel from y downwards, and where it ends."""
    parts = [text(4, y + 4, fitted(panel.title, width - 8.0), "heading")]
    top = y + 14
    height = len(panel.steps) * _BAR + _GAP
    bottom = top + len(panel.names) * height + 3
    unit = time_unit(scale.high)
    parts += x_axis(scale, top, bottom, unit)
    for index, name in enumerate(panel.names):
        row = top + index * height + _GAP
        total = index == len(panel.names) - 1 and name == _MEASURED
        if total:
            parts.append(line(4, row - _GAP / 2, scale.end, row - _GAP / 2, "grid"))
        middle = row + len(panel.steps) * _BAR / 2 + 4
        parts.append(text(scale.start - 8, middle, fitted(name, scale.start - 10), "strong" if total else "label", "end"))
        for place, steps in enumerate(panel.steps.items()):
            step = next((one for one in steps[1] if one.name == name and one.total == total), None)
            if step is not None:
                parts += _bar(step, steps[0], scale, row + place * _BAR)
    y = bottom + 22
    for words in wrapped(_joined_text(panel), width - scale.start, SMALL) if panel.joined else ():
        parts.append(text(scale.start, y + 4, words, "muted small"))
        y += 13
    return parts, y + 14


def _bar(step: _Step, subject: str, scale: Linear, y: float) -> list[str]:
    """Return the bar of one subject with its whiskers, hatch, processor time and figure."""
    x, end = scale(step.begin), scale(step.begin + step.length)
    kind = f"bar {subject}{' modelled' if step.modelled else ''}{' total' if step.total else ''}"
    height = _BAR - 2
    shown = f"{ms_text(step.length)}{', modelled' if step.modelled else ''}"
    parts = [rect(x, y, max(end - x, 0.5), height, kind, f"{step.name}, {subject}: {shown}")]
    if step.modelled:
        parts.append(path(hatch(x, y, end - x, height), "hatch"))
    if step.cpu_share is not None and not step.modelled:
        parts.append(rect(x, y + height - 2, (end - x) * step.cpu_share, 2, "cpu"))
    last = end
    if step.high > step.low:
        low, high = scale(step.begin + step.low), scale(step.begin + step.high)
        middle = y + height / 2
        whisker = f"M{low:.1f} {middle:.1f}H{high:.1f}M{low:.1f} {middle - 3:.1f}v6M{high:.1f} {middle - 3:.1f}v6"
        parts.append(path(whisker, "interval"))
        last = max(end, high)
    words = f"{shown}{_cpu_text(step)}"
    style = "small strong" if step.total else "small"
    return [*parts, text(last + 6, y + height, words, style)]


def _cpu_text(step: _Step) -> str:
    return f" · CPU {share_text(step.cpu_share)}" if step.cpu_share is not None and not step.modelled else ""


def _joined_text(panel: _Panel) -> str:
    told = []
    for name in panel.joined:
        figures = [ms_text(_length(run.phases[name])) for run in panel.runs if name in run.phases]
        told.append(f"{fitted(name, 160.0, SMALL)} {' → '.join(figures)}")
    return f"{_OTHERS}: {', '.join(told[:MOST_PHASES])}{' …' if len(told) > MOST_PHASES else ''}"


def _told(panel: _Panel) -> str:
    """Return a panel in words, every phase with its median."""
    told = []
    for run in panel.runs:
        phases = [f"{fitted(name, 200.0)} {ms_text(_length(phase))}" for name, phase in list(run.phases.items())[:40]]
        told.append(f"{run.subject} {ms_text(usable(run.median_ms) or 0.0)} ({', '.join(phases)})")
    return f"{panel.title}: {'; '.join(told)}."
