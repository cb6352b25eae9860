"""When a timing loop has seen enough: by how widely ratios lie, never by which side of 1 they lie on."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt
from statistics import fmean, median, stdev
from typing import Final

from inspector.runtimes.latency import Block, Pace, TimedName

_EARLIEST: Final = 0.2
"""Share of the budget before which it never ends."""
_FEWEST_PAIRS: Final = 24
_TIGHT_QUICK: Final = 0.01
"""Relative width of the middle half of ratios, over the root of their number, at which more pairs would say nothing new."""
_FEWEST_ROUNDS: Final = 6
_T: Final = (2.57, 2.45, 2.36, 2.31, 2.26)
"""Student's t at 97.5 % for 5 to 9 degrees of freedom."""
_T_BEYOND: Final = 2.2

Times = dict[tuple[int, int], dict[TimedName, Sequence[float]]]


def is_quick_enough(blocks: Sequence[Block], elapsed: float, budget_seconds: float) -> bool:
    """Whether the ratios seen lie so close together that more of them would not change what can be said."""
    if elapsed < _EARLIEST * budget_seconds:
        return False
    ratios = sorted(ratio for group in ratios_by_round(blocks, "after") for ratio in group)
    if len(ratios) < _FEWEST_PAIRS:
        return False
    quarter = len(ratios) // 4
    middle = ratios[-quarter - 1] - ratios[quarter]
    return bool(middle / ratios[len(ratios) // 2] / len(ratios) ** 0.5 < _TIGHT_QUICK)


def is_enough(blocks: Sequence[Block], alive: Sequence[TimedName], pace: Pace, elapsed: float, budget_seconds: float) -> bool:
    """Whether ratios (of one subject alone, its times) are known well enough, and as many samples are there as are wanted.

    Of the numbers of samples that are wanted, the largest counts that will be there when the budget is spent.
    """
    if elapsed < _EARLIEST * budget_seconds:
        return False
    taken = min(sum(len(block.times_ms) for block in blocks if block.name == name) for name in alive)
    expected = taken / max(elapsed, 1e-9) * budget_seconds
    if taken < max((number for number in pace.wanted if number <= expected), default=0):
        return False
    if {"before", "after", "again"} <= set(alive):
        return all(is_known(ratios_by_round(blocks, name), pace.tight) for name in ("after", "again"))
    return all(is_known(_times_by_round(blocks, name), pace.tight, 0.0) for name in alive)


def is_known(groups: Sequence[Sequence[float]], tight: float, share_of_difference: float = 0.1) -> bool:
    """Whether the median is known to +/- tight, or to a tenth of its distance from 1, judged by how rounds' medians differ."""
    centers = [log(median(group)) for group in groups if group]
    if len(centers) < _FEWEST_ROUNDS:
        return False
    t = dict(enumerate(_T, _FEWEST_ROUNDS)).get(len(centers), _T_BEYOND)
    half_width = t * stdev(centers) / sqrt(len(centers))
    return half_width <= max(log(1 + tight), share_of_difference * abs(fmean(centers)) if share_of_difference else 0.0)


def ratios_by_round(blocks: Sequence[Block], name: TimedName) -> list[list[float]]:
    """Return the ratios of paired samples of a subject to the original, by the round they share sessions in."""
    groups: dict[int, list[float]] = {}
    for (number, _), times in _by_turn(blocks).items():
        pairs = zip(times.get(name, ()), times.get("before", ()), strict=False)
        groups.setdefault(number, []).extend(mine / original for mine, original in pairs if mine > 0 and original > 0)
    return list(groups.values())


def _times_by_round(blocks: Sequence[Block], name: TimedName) -> list[list[float]]:
    groups: dict[int, list[float]] = {}
    for block in blocks:
        if block.name == name:
            groups.setdefault(block.round, []).extend(time for time in block.times_ms if time > 0)
    return list(groups.values())


def _by_turn(blocks: Sequence[Block]) -> Times:
    turns: Times = {}
    for block in blocks:
        turns.setdefault((block.round, block.turn), {})[block.name] = block.times_ms
    return turns
