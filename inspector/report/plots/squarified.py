"""Squarified treemaps: Bruls, Huizing and van Wijk, "Squarified Treemaps", Data Visualization 2000."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


def squarified(values: Sequence[float], whole: Area) -> list[Area]:
    """Return disjoint areas that fill the whole in proportion to values, as square as they come, in the order of values.

    Values are above zero, the largest first.
    """
    found: list[Area] = []
    left = whole
    rests = [*accumulate(reversed(values))][::-1]
    start = 0
    while start < len(values):
        rest = rests[start]
        end = _row_end(values, start, left, rest)
        row = values[start:end]
        row_sum = sum(row)
        share = min(row_sum / rest, 1.0) if rest > 0 and end < len(values) else 1.0
        placed, left = _placed(row, row_sum, share, left)
        found += placed
        start = end
    return found


def _row_end(values: Sequence[float], start: int, left: Area, rest: float) -> int:
    """Return up to where values go into one row along the shorter side: as long as that makes no area less square."""
    scale = left.width * left.height / rest if rest > 0 else 0.0
    side = min(left.width, left.height)
    if scale <= 0 or side <= 0:
        return len(values)
    end, total, best = start, 0.0, float("inf")
    while end < len(values):
        total += values[end] * scale
        thickness = total / side
        worst = max(_ratio(thickness, values[index] * scale / thickness) for index in (start, end))
        if worst > best:
            break
        best, end = worst, end + 1
    return end


def _ratio(one: float, other: float) -> float:
    return max(one / other, other / one) if one > 0 and other > 0 else float("inf")


def _placed(row: Sequence[float], row_sum: float, share: float, left: Area) -> tuple[list[Area], Area]:
    """Return the areas of a row along the shorter side of what is left, and what is left then."""
    areas: list[Area] = []
    used = 0.0
    tall = left.width >= left.height
    thickness = (left.width if tall else left.height) * share
    for value in row:
        begin, used = used / row_sum, used + value
        end = min(used / row_sum, 1.0)
        if tall:
            areas.append(Area(left.x, left.y + begin * left.height, thickness, (end - begin) * left.height))
        else:
            areas.append(Area(left.x + begin * left.width, left.y, (end - begin) * left.width, thickness))
    if tall:
        return areas, Area(left.x + thickness, left.y, left.width - thickness, left.height)
    return areas, Area(left.x, left.y + thickness, left.width, left.height - thickness)
