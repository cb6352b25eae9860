"""Where labels of points go so that they cover neither each other nor the points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from inspector.report.plots.svg import Anchor

_LINE: Final = 13.0
_REACH: Final = 9.0
_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle that is taken."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Return whether the two overlap."""
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def within(self, outer: Box) -> bool:
        """Return whether it lies inside another."""
        inside = outer.left <= self.left and self.right <= outer.right
        return inside and outer.top <= self.top and self.bottom <= outer.bottom


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label's base line begins (or ends), what it covers, and whether it needs a line to its point."""

    x: float
    y: float
    anchor: Anchor
    box: Box
    is_far: bool


def free_place(x: float, y: float, width: float, taken: Iterable[Box], bounds: Box) -> Place | None:
    """Return the nearest free place for a label of so many units beside a point; None where all are taken."""
    boxes = list(taken)
    for place in _places(x, y, width):
        if place.box.within(bounds) and not any(place.box.meets(box) for box in boxes):
            return place
    return None


def _places(x: float, y: float, width: float) -> Iterator[Place]:
    for step in range(_STEPS):
        for up in (0.0,) if not step else (-1.0, 1.0):
            base = y + 4 + up * step * _LINE
            far = step > 1
            out = _REACH + (6 if step else 0)
            yield Place(x + out, base, "start", Box(x + out - 1, base - 10, x + out + width + 1, base + 3), far)
            yield Place(x - out, base, "end", Box(x - out - width - 1, base - 10, x - out + 1, base + 3), far)
