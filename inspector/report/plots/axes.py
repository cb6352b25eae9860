"""What plots share around their data: axes with units, legends, wrapped lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from inspector.report.bench_sentences import ms_text
from inspector.report.plots.lettering import SIZE, TICK, fitted, text_width
from inspector.report.plots.scales import Scale
from inspector.report.plots.svg import line, rect, text

WIDTH: Final = 960
"""Width of a plot's viewBox; 640 is the narrowest that they are made for."""
ROW: Final = 16
"""Height of a line of text."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of an axis: its sign, and how many of what is drawn (ms, bytes) it holds."""

    sign: str
    size: float


_TIMES: Final = (Unit("µs", 1e-3), Unit("ms", 1.0), Unit("s", 1e3), Unit("h", 3.6e6))
_BYTES: Final = tuple(Unit(f"{prefix}B", 1000.0**power) for power, prefix in enumerate(("", "K", "M", "G", "T", "P")))


def time_unit(largest_ms: float) -> Unit:
    """Return the unit in which times up to so many ms are best written."""
    return _unit(_TIMES, largest_ms)


def byte_unit(largest: float) -> Unit:
    """Return the unit in which sizes up to so many bytes are best written."""
    return _unit(_BYTES, largest)


def _unit(units: Sequence[Unit], largest: float) -> Unit:
    return next((unit for unit in reversed(units) if largest >= unit.size), units[0])


def time_text(milliseconds: float) -> str:
    """Return a time with three digits and the unit that suits it: "22.3 µs", "0.412 ms", "1.25 s"."""
    if 0 < milliseconds < 0.0995:
        microseconds = milliseconds * 1000
        return f"{microseconds:.{2 if microseconds < 9.95 else 1}f} µs"
    return ms_text(milliseconds)


def tick_text(value: float, unit: Unit) -> str:
    """Return a round value in a unit, without the unit: "0.5", "1,200"."""
    scaled = value / unit.size
    if scaled and not 1e-4 <= abs(scaled) < 1e7:
        return f"{scaled:.0e}".replace("e+0", "e").replace("e-0", "e-")
    whole = f"{scaled:,.4f}".rstrip("0").rstrip(".")
    return whole or "0"


def x_axis(scale: Scale, top: float, bottom: float, unit: Unit, title: str = "", most: int = 8) -> list[str]:
    """Return the grid of a horizontal axis, its line at the bottom, ticks below it, and its unit at the right end."""
    name = f"{title}, {unit.sign}" if title and unit.sign else title or unit.sign
    low, high = _ends(scale)
    room = high - text_width(name, TICK) - 14 if name else high + 40
    parts = [line(low, bottom, high, bottom, "axis")]
    last = -1e9
    for value in scale.ticks(most):
        x = scale(value)
        parts.append(line(x, top, x, bottom, "grid"))
        shown = tick_text(value, unit)
        half = text_width(shown, TICK) / 2
        if x - half > last + 4 and (x + half < room):
            parts.append(text(x, bottom + 14, shown, "tick", "middle"))
            last = x + half
    return [*parts, text(high, bottom + 14, name, "tick", "end")] if name else parts


def _ends(scale: Scale) -> tuple[float, float]:
    first, last = scale(-1e300), scale(1e300)
    return min(first, last), max(first, last)


def legend(entries: Sequence[tuple[str, str]], x: float, y: float, width: float) -> tuple[list[str], float]:
    """Return swatches (class, words) in lines, and the height they take; a curve's swatch is a piece of it."""
    parts: list[str] = []
    at, line_y = x, y
    for classes, words in entries:
        shown = fitted(words, width - 24)
        needed = 18 + text_width(shown) + 18
        if at > x and at + needed > x + width:
            at, line_y = x, line_y + ROW
        parts.append(_swatch(classes, at, line_y))
        parts.append(text(at + 18, line_y, shown))
        at += needed
    return parts, line_y - y + ROW if entries else 0.0


def _swatch(classes: str, x: float, y: float) -> str:
    if classes == "interval":
        return line(x + 6, y - 11, x + 6, y + 1, classes)
    if classes.startswith(("curve", "front")):
        return line(x, y - 4, x + 13, y - 4, classes)
    return rect(x, y - 9, 12, 9, classes)


def wrapped(words: str, width: float, size: float = SIZE, most: int = 3) -> list[str]:
    """Return words in lines of at most a width, the last one cut where there are too many."""
    lines: list[str] = []
    rest = words.split(" ")
    while rest and len(lines) < most:
        count = 1
        while count < len(rest) and text_width(" ".join(rest[: count + 1]), size) <= width:
            count += 1
        if len(lines) == most - 1:
            count = len(rest)
        lines.append(fitted(" ".join(rest[:count]), width, size))
        rest = rest[count:]
    return lines
