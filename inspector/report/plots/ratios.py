"""Comparisons as a forest plot: each ratio with its interval, the line at 1, and what noise alone would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.records.measurement import Comparison
from inspector.report.bench_sentences import comparison_title
from inspector.report.figures import plural
from inspector.report.plots.axes import WIDTH, Unit, legend, x_axis
from inspector.report.plots.lettering import clipped, fitted, text_width
from inspector.report.plots.scales import Logarithmic, usable
from inspector.report.plots.svg import document, line, number, path, polygon, rect, text

MOST_ROWS: Final = 60
_HEIGHT: Final = 22
_TIMES: Final = Unit("", 1.0)
_STYLES: Final = {"faster": "faster", "slower": "slower", "no difference shown": "same"}
_NARROWEST: Final = (0.8, 1.25)
"""The axis spans at least this."""
_INDENT: Final = "    "
_FARTHEST: Final = 1000.0
"""Ratios beyond it, and below its inverse, are drawn at the edge."""


def ratios(comparisons: Sequence[Comparison], width: int = WIDTH) -> str:
    """Return ratios of times, after / before, with intervals of 95 % on a logarithmic axis; "" where none was measured."""
    shown = [one for one in comparisons if _is_measured(one)]
    if not shown:
        return ""
    rows = shown[:MOST_ROWS]
    titles = _titles(rows)
    left = min(max(text_width(title) for title in titles) + 16, width * 0.36)
    told = [_told(one) for one in rows]
    right = max(text_width(words) for words, _ in told) + max(text_width(verdict) for _, verdict in told) + 30
    scale = _scale(rows, left, max(width - right, left + 120))
    key, used = legend([("noise", "within noise: the original against itself")], left, 14.0, width - left)
    top = 10 + used + 6
    bottom = top + len(rows) * _HEIGHT + 4
    body = [*key]
    body += [rect(0, top + index * _HEIGHT, width, _HEIGHT, "stripe") for index in range(0, len(rows), 2)]
    body += x_axis(scale, top, bottom, _TIMES, most=6 if width > 800 else 4)
    body.append(line(scale(1.0), top, scale(1.0), bottom, "reference"))
    for index, (one, title) in enumerate(zip(rows, titles, strict=True)):
        body += _row(one, title, told[index], scale, top + index * _HEIGHT + _HEIGHT / 2, width)
    y = bottom + 32
    body.append(text(scale.start, bottom + 30, "← faster", "muted small"))
    body.append(text(scale.end, bottom + 30, "slower →", "muted small", "end"))
    if len(shown) > len(rows):
        body.append(text(4, y, f"{plural(len(shown) - len(rows), 'further comparison')} in the table", "muted"))
    description = "; ".join(f"{_title(one)}: {words}, {verdict}" for one, (words, verdict) in zip(rows, told, strict=True))
    return document("ratios", "Ratios of times, after / before", description, (width, y + 8), body)


def _is_measured(one: Comparison) -> bool:
    return one.verdict != "not measured" and bool(usable(one.ratio)) and one.pairs > 0


def _titles(rows: Sequence[Comparison]) -> list[str]:
    """Return what each row is; of a phase below the whole that it belongs to its name alone."""
    titles: list[str] = []
    whole: object = None
    for one in rows:
        place = (one.kind, one.conditions, one.device, one.after_device)
        titles.append(f"{_INDENT}{one.phase}" if one.phase and place == whole else _title(one))
        whole = place if not one.phase else whole
    return titles


def _title(one: Comparison) -> str:
    threads = f", {plural(one.threads, 'thread')}" if one.conditions is None and one.threads else ""
    after = f" → {one.after_device}" if one.after_device else ""
    return f"{comparison_title(one)}{threads}, {one.device}{after}"


def _told(one: Comparison) -> tuple[str, str]:
    low, high = _bounds(one)
    return f"{_figure(_ratio(one))}× ({_figure(low)}–{_figure(high)})", clipped(one.verdict, 40)


def _figure(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < _FARTHEST else f"{ratio:.0e}"


def _ratio(one: Comparison) -> float:
    return usable(one.ratio) or 1.0


def _bounds(one: Comparison) -> tuple[float, float]:
    low, high = usable(one.low), usable(one.high)
    return low or _ratio(one), high or _ratio(one)


def _noise(one: Comparison) -> tuple[float, float] | None:
    low, high = usable(one.noise_low), usable(one.noise_high)
    return (low, high) if low and high and low <= high else None


def _scale(rows: Sequence[Comparison], start: float, end: float) -> Logarithmic:
    values = [*_NARROWEST]
    for one in rows:
        values += [_ratio(one), *_bounds(one), *(_noise(one) or ())]
    inside = [min(max(value, 1 / _FARTHEST), _FARTHEST) for value in values]
    return Logarithmic(min(inside) / 1.04, max(inside) * 1.04, start, end)


def _row(one: Comparison, title: str, told: tuple[str, str], scale: Logarithmic, y: float, width: int) -> list[str]:
    style = _STYLES.get(one.verdict, "same")
    inner = title.startswith(_INDENT)
    parts = [text(18 if inner else 4, y + 4, fitted(title.strip(), scale.start - (26 if inner else 12)), "label")]
    noise = _noise(one)
    if noise is not None:
        low, high = map(scale, noise)
        parts.append(rect(low, y - _HEIGHT / 2 + 2, max(high - low, 1), _HEIGHT - 4, "noise"))
    low, high = map(scale, _bounds(one))
    whisker = f"M{number(low)} {number(y)}H{number(high)}M{number(low)} {number(y - 4)}v8M{number(high)} {number(y - 4)}v8"
    parts.append(path(whisker, f"interval {style}"))
    x = scale(_ratio(one))
    diamond = [(x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y)]
    parts.append(polygon(diamond, f"point {style}", f"{_title(one)}: {told[0]}, {told[1]}, {plural(one.pairs, 'pair')}"))
    parts.append(text(scale.end + 14, y + 4, told[0], "value"))
    parts.append(text(width - 4, y + 4, told[1], style, "end"))
    return parts
