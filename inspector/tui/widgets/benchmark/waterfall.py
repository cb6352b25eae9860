"""The phases of a start as a waterfall: each bar begins where the one above ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TypeVar

from textual.content import Content

from inspector.records.benchmark import Benchmark, PhaseFigures
from inspector.report.bench_sentences import ms_text, range_text
from inspector.report.figures import bytes_text, count_text, share_text
from inspector.tui.plain_text import fit, plain, shorten
from inspector.tui.widgets.text_rows import heading

Lines = list[Content]
Value = TypeVar("Value")

_BLOCKS = " ▏▎▍▌▋▊▉█"
_EIGHTHS = 8
_LABEL_CELLS = 12
_MS_CELLS = 10
_SHARE_CELLS = 7
_INTERVAL_CELLS = 16
_ROOMY = 66
"""From this width on, intervals stand beside the bars."""
_FIGURE_CELLS = 10


def whole_ms(run: Benchmark) -> float:
    """Return what all phases take together, modelled ones included."""
    return sum(phase.median_ms for phase in run.phases.values())


def staged_bar(start: float, end: float, width: int) -> str:
    """Return exactly width cells with a bar from one share of it to another, at least an eighth of a cell long.

    A bar ends in eighths of a cell, and begins in halves: there are no glyphs for less.
    """
    total = width * _EIGHTHS
    first = max(0, min(total - 1, round(start * total)))
    last = max(first + 1, min(total, round(end * total)))
    cell, until = first // _EIGHTHS, (last - 1) // _EIGHTHS
    if cell == until:
        bar = _BLOCKS[last - first]
    else:
        bar = ("▐" if first % _EIGHTHS >= _EIGHTHS // 2 else "█") + "█" * (until - cell - 1) + _BLOCKS[last - until * _EIGHTHS]
    return (" " * cell + bar).ljust(width)[:width]


def waterfall_lines(run: Benchmark, full_ms: float, width: int) -> Lines:
    """Return one line a phase, full_ms filling the width of the bars; modelled phases are drawn in dots, without a share."""
    measured = sum(phase.median_ms for phase in run.phases.values() if not phase.modelled)
    roomy = width >= _ROOMY
    room = max(6, width - _LABEL_CELLS - _MS_CELLS - _SHARE_CELLS - 1 - (_INTERVAL_CELLS if roomy else 0))
    largest = max((phase.median_ms for phase in run.phases.values()), default=0.0)
    lines: Lines = []
    start = 0.0
    for name, phase in run.phases.items():
        bar = staged_bar(start / full_ms, (start + phase.median_ms) / full_ms, room) if 0 < full_ms < inf else " " * room
        start += phase.median_ms
        strong = "$ink bold" if phase.median_ms == largest else "$ink"
        label = plain(fit(shorten(name, _LABEL_CELLS - 1), _LABEL_CELLS), strong)
        share = "" if phase.modelled or measured <= 0 else share_text(phase.median_ms / measured)
        figures = [(f"{ms_text(phase.median_ms):>{_MS_CELLS}}", strong), (f"{share:>{_SHARE_CELLS}}", "$soft")]
        if roomy:
            figures.append((f"{_interval(phase):>{_INTERVAL_CELLS}}", "$soft"))
        lines.append(Content.assemble(label, _bar(bar, phase), *figures))
    return lines


def _bar(bar: str, phase: PhaseFigures) -> Content:
    if phase.modelled:
        return Content.styled("".join(" " if cell == " " else "▒" for cell in bar), "$bar-alt")
    return Content.styled(bar, "$bar")


def _interval(phase: PhaseFigures) -> str:
    return "modelled" if phase.modelled else range_text(phase.low_ms, phase.high_ms)


def waterfall_titles(width: int) -> Content:
    """Return the line of titles over a waterfall."""
    right = f"{'median':>{_MS_CELLS}}{'share':>{_SHARE_CELLS}}" + (f"{'95 %':>{_INTERVAL_CELLS}}" if width >= _ROOMY else "")
    return Content.styled("phase".ljust(max(5, width - 1 - len(right))) + right, "$soft bold")


def phase_lines(phases: Sequence[tuple[str, PhaseFigures]], width: int) -> Lines:
    """Return what is known of each phase beside its time; columns without a figure are left out."""
    columns = [
        ("CPU", [_known(phase.cpu_ms, ms_text) for _, phase in phases]),
        ("RSS", [_known(phase.rss_bytes, bytes_text) for _, phase in phases]),
        ("read", [_known(phase.read_bytes, bytes_text) for _, phase in phases]),
        ("faults", [_known(phase.minor_faults, count_text) for _, phase in phases]),
        ("major", [_known(phase.major_faults, count_text) for _, phase in phases]),
    ]
    kept = [(title, cells) for title, cells in columns if any(cell != "–" for cell in cells)]
    kept = kept[: max(0, (width - _LABEL_CELLS) // _FIGURE_CELLS)]
    if not kept:
        return []
    titles = "".join(f"{title:>{_FIGURE_CELLS}}" for title, _ in kept)
    lines = [heading(f"{'phase':<{_LABEL_CELLS}}{titles}")]
    for at, (name, _) in enumerate(phases):
        figures = "".join(f"{cells[at]:>{_FIGURE_CELLS}}" for _, cells in kept)
        lines.append(Content.assemble(plain(fit(shorten(name, _LABEL_CELLS - 1), _LABEL_CELLS)), (figures, "$soft")))
    return lines


def _known(value: Value | None, text: Callable[[Value], str]) -> str:
    return "–" if value is None else text(value)
