"""Every candidate of every step: its size against how close its outputs stay, and what nothing else beats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.records.optimization import Attempt, Change
from inspector.records.parity import Parity
from inspector.report.figures import bytes_text, plural
from inspector.report.plots.axes import ROW, WIDTH, byte_unit, x_axis
from inspector.report.plots.lettering import SMALL, fitted, text_width
from inspector.report.plots.placing import Box, free_place
from inspector.report.plots.scales import Linear, round_values, usable
from inspector.report.plots.svg import circle, document, line, number, path, polyline, rect, text

MOST_POINTS: Final = 300
MOST_LABELS: Final = 40
_HEIGHT: Final = 340.0
_BAND: Final = 34.0
"""Height of the band of no difference at all, above the scale."""
_LEFT: Final = 60.0
_LOUDEST, _QUIETEST = 400.0, -100.0
"""SQNR in dB beyond which points are drawn at the edge."""
_TIMED: Final = (0.8, 0.97, 1.03, 1.25)
"""Latency ratios between which a point is filled alike."""
_TIMED_WORDS: Final = ("≤ 0.8×", "faster", "about the same", "slower", "≥ 1.25×")
_PASSED: Final = ("original", "chosen", "passed")


@dataclass(frozen=True, slots=True)
class Point:
    """One candidate: bytes, worst SQNR in dB (infinite: no difference at all), and the ratio of latencies where timed."""

    name: str
    outcome: str
    size: float
    sqnr: float
    ratio: float | None = None


def pareto(changes: Sequence[Change], width: int = WIDTH) -> str:
    """Return size (bytes) against the worst output's SQNR (dB) of every candidate; "" where fewer than two have both.

    The line joins candidates that passed and that no other one beats in both; fill is the ratio of latencies.
    """
    points = _bounded(list(points_of(changes)))
    if len(points) < 2:
        return ""
    body, top = _legend(points, width)
    across, up, edge = _scales(points, width, top)
    bottom = edge + _HEIGHT
    body.append(rect(across.start, edge - _BAND, across.end - across.start, _BAND, "equal"))
    body.append(text(across.start + 6, edge - _BAND + 12, "no difference at all", "muted small"))
    body += x_axis(across, edge - _BAND, bottom, byte_unit(across.high), "size", most=6)
    body += _y_axis(across, up)
    shown = [
        points[index] for index in front([(point.size, point.sqnr) if point.outcome in _PASSED else None for point in points])
    ]
    places = {index: (across(point.size), _height(point, up, edge)) for index, point in enumerate(points)}
    if len(shown) > 1:
        stairs = [(across(point.size), _height(point, up, edge)) for point in shown]
        body.append(path(polyline(stairs), "front"))
    body += _labels(points, shown, places, Box(across.start, edge - _BAND, float(width), bottom))
    body += [_marker(point, *places[index]) for index, point in enumerate(points)]
    left_out = sum(1 for change in changes for attempt in change.attempts if _sqnr(attempt) is None)
    if left_out:
        told = f"{plural(left_out, 'candidate')} without these figures (failed, not run, or of integers) in the table"
        body.append(text(across.start, bottom + 34, told, "muted small"))
    return document("pareto", "Candidates by size and parity", _told(points), (width, bottom + 44), body)


def points_of(changes: Iterable[Change]) -> Iterator[Point]:
    """Yield the original and every candidate whose size and parity are known, those of one step as it names them."""
    for index, change in enumerate(changes):
        original = usable(change.before.size_bytes)
        if not index and original:
            yield Point("original", "original", original, math.inf)
        named = {attempt.name for attempt in change.attempts if attempt.outcome == "chosen"}
        for attempt in change.attempts:
            size, sqnr = usable(attempt.size_bytes), _sqnr(attempt)
            if size and sqnr is not None:
                ratio = _latency(change) if attempt.outcome == "chosen" else None
                yield Point(f"{change.optimizer}: {attempt.name}", attempt.outcome, size, sqnr, ratio)
        after = usable(change.after.size_bytes) if change.after else None
        sqnr = _worst(change.parity)
        if not named and after and sqnr is not None:
            outcome = "chosen" if change.status == "accepted" else "rejected"
            yield Point(change.optimizer, outcome, after, sqnr, _latency(change))


def front(points: Sequence[tuple[float, float] | None]) -> list[int]:
    """Return the indices, by size, of points (size, SQNR) that no other is smaller than and closer; None takes no part."""
    ordered = sorted(((point[0], -point[1], index) for index, point in enumerate(points) if point is not None))
    found: list[int] = []
    closest = math.inf
    for _, distance, index in ordered:
        if distance < closest or (not found):
            found.append(index)
            closest = distance
    return found


def _sqnr(attempt: Attempt) -> float | None:
    """Return the worst SQNR, infinite where outputs were compared and are equal, None where they were not."""
    if attempt.worst_sqnr_db is not None:
        return None if math.isnan(attempt.worst_sqnr_db) else attempt.worst_sqnr_db
    return math.inf if attempt.worst_cosine is not None and attempt.outcome in ("chosen", "passed") else None


def _worst(parity: Parity | None) -> float | None:
    if parity is None or not parity.outputs or any(one.problem for one in parity.outputs):
        return None
    known = [one.sqnr_db for one in parity.outputs if one.sqnr_db is not None and not math.isnan(one.sqnr_db)]
    equal = all(one.max_absolute == 0 or one.exact_share == 1 for one in parity.outputs if one.sqnr_db is None)
    return min(known, default=math.inf) if known or equal else None


def _latency(change: Change) -> float | None:
    found = (one for one in change.comparisons if one.kind == "latency" and one.verdict != "not measured")
    return next((usable(one.ratio) for one in found), None)


def _bounded(points: Sequence[Point]) -> list[Point]:
    """Return at most MOST_POINTS points, those that passed first."""
    ordered = sorted(points, key=lambda point: point.outcome not in _PASSED)
    kept = {id(point) for point in ordered[:MOST_POINTS]}
    return [point for point in points if id(point) in kept]


def _scales(points: Sequence[Point], width: int, top: float) -> tuple[Linear, Linear, float]:
    """Return the scales of size and SQNR, and where the latter ends at the top."""
    edge = top + _BAND
    largest, smallest = max(point.size for point in points), min(point.size for point in points)
    low = 0.0 if smallest < 0.6 * largest else max(smallest - (largest - smallest) * 0.1, 0.0)
    finite = [_cut(point.sqnr) for point in points if math.isfinite(point.sqnr)] or [0.0, 60.0]
    spread = max(max(finite) - min(finite), 10.0)
    up = Linear(min(finite) - spread * 0.1, max(finite) + spread * 0.1, edge + _HEIGHT, edge)
    return Linear(low, largest * 1.02, _LEFT, width * 0.86), up, edge


def _cut(decibels: float) -> float:
    return min(max(decibels, _QUIETEST), _LOUDEST)


def _height(point: Point, up: Linear, edge: float) -> float:
    return edge - _BAND / 2 + 4 if point.sqnr == math.inf else up(_cut(point.sqnr))


def _y_axis(across: Linear, up: Linear) -> list[str]:
    parts = [text(across.start - 8, up.end - 10, "SQNR, dB", "tick", "end")]
    for value in round_values(up.low, up.high, 7):
        parts.append(line(across.start, up(value), across.end, up(value), "grid"))
        parts.append(text(across.start - 8, up(value) + 4, f"{value:g}", "tick", "end"))
    return parts


def _marker(point: Point, x: float, y: float) -> str:
    """Return a square for the original, a circle for what passed, a cross for what did not."""
    told = f"{point.name}: {point.outcome}, {_figures(point)}"
    if point.outcome == "original":
        return rect(x - 4.5, y - 4.5, 9, 9, "point original", told)
    if point.outcome in _PASSED:
        style = f"point {point.outcome}{_timed(point)}"
        return circle(x, y, 6 if point.outcome == "chosen" else 4.5, style, told)
    arms = f"M{number(x - 4)} {number(y - 4)}l8 8M{number(x + 4)} {number(y - 4)}l-8 8"
    return path(arms, f"point {'rejected' if point.outcome == 'rejected' else 'failed'}", told)


def _timed(point: Point) -> str:
    return "" if point.ratio is None else f" timed-{sum(point.ratio >= bound for bound in _TIMED)}"


def _labels(points: Sequence[Point], shown: Sequence[Point], places: dict[int, tuple[float, float]], bounds: Box) -> list[str]:
    """Return names beside points, the most telling first; where there is no room, the name stays in the tooltip."""
    taken = [Box(x - 7, y - 7, x + 7, y + 7) for x, y in places.values()]
    taken.append(Box(bounds.left, bounds.top, bounds.left + 124, bounds.top + 15))
    parts: list[str] = []
    best = {id(point) for point in shown}
    order = sorted(places, key=lambda index: (points[index].outcome != "chosen", id(points[index]) not in best, index))
    for index in order[:MOST_LABELS]:
        x, y = places[index]
        name = fitted(points[index].name, 250.0, SMALL)
        place = free_place(x, y, text_width(name, SMALL), taken, bounds)
        if place is None:
            continue
        taken.append(place.box)
        if place.is_far:
            parts.append(line(x, y, place.x, place.y - 4, "leader"))
        parts.append(
            text(place.x, place.y, name, f"small{' strong' if points[index].outcome == 'chosen' else ''}", place.anchor)
        )
    return parts


def _legend(points: Sequence[Point], width: int) -> tuple[list[str], float]:
    """Return what markers and fills mean, in lines, and where the plot begins."""
    kinds = [Point(words, outcome, 1.0, 0.0) for outcome, words in _KINDS.items() if any(p.outcome == outcome for p in points)]
    if any(point.ratio is not None for point in points):
        ratios = (0.7, 0.9, 1.0, 1.1, 2.0)
        kinds += [Point(words, "chosen", 1.0, 0.0, ratio) for words, ratio in zip(_TIMED_WORDS, ratios, strict=True)]
    parts: list[str] = []
    x, y = _LEFT + 6, 12.0
    for kind in kinds:
        words = kind.name if kind.ratio is None else f"latency {kind.name}"
        needed = text_width(words, SMALL) + 32
        if x + needed > width:
            x, y = _LEFT + 6, y + ROW
        parts += [_marker(kind, x, y - 4), text(x + 11, y, words, "small")]
        x += needed
    if x + 130 > width:
        x, y = _LEFT, y + ROW
    parts += [line(x - 4, y - 4, x + 10, y - 4, "front"), text(x + 15, y, "Pareto front", "small")]
    return parts, y + 14


_KINDS: Final = {"original": "original", "chosen": "chosen", "passed": "passed", "rejected": "rejected", "failed": "failed"}


def _figures(point: Point) -> str:
    close = "no difference" if point.sqnr == math.inf else f"SQNR {point.sqnr:.1f} dB"
    timed = "" if point.ratio is None else f", latency {point.ratio:.2f}×"
    return f"{bytes_text(round(point.size))}, {close}{timed}"


def _told(points: Sequence[Point]) -> str:
    return "; ".join(f"{fitted(point.name, 300.0)} ({point.outcome}): {_figures(point)}" for point in points[:40])
