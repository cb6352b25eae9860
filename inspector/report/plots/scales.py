"""From values to positions: linear and logarithmic scales with ticks at 1, 2 and 5 times powers of ten."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

LARGEST: Final = 1e18
"""Values beyond it are drawn there."""
_SMALLEST: Final = 1e-12
_MOST_TICKS: Final = 24
_FACTORS: Final = ((1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))


def usable(value: float | None) -> float | None:
    """Return a value that can be drawn: finite, not below zero, cut at LARGEST, tiny ones 0; None for any other."""
    if value is None or not isinstance(value, int | float) or value != value or value < 0:
        return None
    if isinstance(value, float) and math.isinf(value):
        return None
    return float(min(value, LARGEST)) if value > _SMALLEST else 0.0


def all_usable(values: Iterable[float | None]) -> list[float]:
    """Return those of the values that can be drawn."""
    return [found for value in values if (found := usable(value)) is not None]


class Scale(Protocol):
    """Where a value lies, and the values that are worth a tick."""

    def __call__(self, value: float) -> float:
        """Return the position of a value, those outside at the edges."""
        ...

    def ticks(self, most: int = 8) -> list[float]:
        """Return round values within the scale, ascending."""
        ...


@dataclass(frozen=True, slots=True)
class Linear:
    """Positions in proportion to values: low at start, high at end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the position of a value, those outside at the edges."""
        return _between(self.low, min(max(value, self.low), self.high), self.high, self.start, self.end)

    def ticks(self, most: int = 8) -> list[float]:
        """Return round values within the scale, ascending."""
        return round_values(self.low, self.high, most)


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """Positions in proportion to logarithms of values, which are above zero."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the position of a value, those outside at the edges."""
        inside = min(max(value, self.low), self.high)
        return _between(math.log(self.low), math.log(inside), math.log(self.high), self.start, self.end)

    def ticks(self, most: int = 8) -> list[float]:
        """Return round values within the scale, ascending: even ones where it spans less than a decade."""
        if self.high / self.low < 1.6:
            return round_values(self.low, self.high, most)
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for factors in _FACTORS:
            found = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
            inside = [value for value in found if self.low * 0.9999 <= value <= self.high * 1.0001]
            if len(inside) <= most:
                return inside
        return inside[:: math.ceil(len(inside) / most)]


@dataclass(frozen=True, slots=True)
class WithTail:
    """A scale of what is usual, and beside it a narrow logarithmic one for the few values beyond that."""

    usual: Linear | Logarithmic
    tail: Logarithmic

    def __call__(self, value: float) -> float:
        """Return the position of a value, those outside at the edges."""
        return self.usual(value) if value <= self.usual.high else self.tail(value)

    def ticks(self, most: int = 8) -> list[float]:
        """Return round values among the usual ones."""
        return self.usual.ticks(most)


def padded_logarithmic(values: Iterable[float], start: float, end: float, pad: float = 1.08) -> Logarithmic:
    """Return a scale over all positive values with some room at both ends."""
    positive = [value for value in values if value >= _SMALLEST]
    low, high = (min(positive), max(positive)) if positive else (1.0, 1.0)
    return Logarithmic(low / pad, high * pad, start, end)


def round_values(low: float, high: float, most: int) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten in [low, high], at most so many."""
    span = high - low
    if not span > 0 or most < 1 or span < abs(high) * 1e-12:
        return [low]
    step = round_step(span / most)
    first = math.ceil(low / step - 1e-9)
    count = min(int((high / step + 1e-9) - first) + 1, _MOST_TICKS)
    digits = max(0, 1 - math.floor(math.log10(step)))
    return [round((first + index) * step, min(digits, 15)) for index in range(count)]


def round_step(least: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is at least so large."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-300)))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= least * 0.999999), 10 * power)


def _between(low: float, value: float, high: float, start: float, end: float) -> float:
    if not high > low:
        return start
    return start + (value - low) / (high - low) * (end - start)
