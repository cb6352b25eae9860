"""Finds stretches of a sequence that repeat themselves at once: ABCABCABC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

CONTEXTS: Final = (1, 4, 16, 64)
"""Stretches of these lengths are looked up again; the distance to their last occurrence is a possible period."""

PERIODS_TRIED: Final = 512
"""The most frequent distances tried."""

EFFORT: Final = 64
"""Comparisons spent for each element: real graphs need a few, a hostile one does not get more."""

_MULTIPLIER: Final = 6364136223846793005
_MASK: Final = (1 << 61) - 1


class Run(NamedTuple):
    """A stretch [first, end) in which every element from first + period on equals the one a period before it."""

    first: int
    end: int
    period: int


def find_runs(labels: Sequence[int], shortest: int) -> list[Run]:
    """Return maximal runs of at least two periods and `shortest` elements, none of which has to be the best of its place.

    Near linear: the periods tried are distances between equal stretches, most frequent first, and the effort is bounded.
    """
    runs: list[Run] = []
    effort = EFFORT * len(labels)
    seeds = _seeds(labels)
    for period in sorted(seeds, key=lambda d: (-len(seeds[d]), d))[:PERIODS_TRIED]:
        if effort <= 0:
            break
        found, spent = _runs_of(labels, period, sorted(seeds[period]), effort)
        runs.extend(run for run in found if run.end - run.first >= max(2 * period, shortest))
        effort -= spent
    return runs


def _seeds(labels: Sequence[int]) -> dict[int, set[int]]:
    """Return, by distance, the places where a stretch begins that was last seen that far before."""
    seeds: dict[int, set[int]] = {}
    hashes = list(labels)
    length = 1
    for context in CONTEXTS:
        hashes = _widen(hashes, length, context)
        length = context
        for distance, places in _distances(hashes).items():
            seeds.setdefault(distance, set()).update(places)
    return seeds


def _widen(hashes: list[int], length: int, wanted: int) -> list[int]:
    """Return hashes of stretches of `wanted` elements, given those of `length` (wanted is a power of two times length)."""
    while length < wanted:
        hashes = [(a * _MULTIPLIER + b) & _MASK for a, b in zip(hashes, hashes[length:], strict=False)]
        length *= 2
    return hashes


def _distances(hashes: Sequence[int]) -> dict[int, list[int]]:
    """Return, by distance, the places whose hash was last seen that far before."""
    last: dict[int, int] = {}
    seeds: dict[int, list[int]] = {}
    for place, value in enumerate(hashes):
        before = last.get(value)
        if before is not None:
            seeds.setdefault(place - before, []).append(place)
        last[value] = place
    return seeds


def _runs_of(labels: Sequence[int], period: int, seeds: Sequence[int], effort: int) -> tuple[list[Run], int]:
    """Return the runs of one period around the seeds, and the comparisons made."""
    runs: list[Run] = []
    spent = 0
    end = 0
    total = len(labels)
    for seed in seeds:
        if seed < end or spent > effort:
            continue
        first = seed
        while first > max(period, end) and labels[first - 1] == labels[first - 1 - period]:
            first -= 1
        stop = seed
        while stop < total and labels[stop] == labels[stop - period]:
            stop += 1
        spent += stop - first + 1
        end = max(stop, seed + 1)
        if stop > first:
            runs.append(Run(first - period, stop, period))
    return runs, spent
