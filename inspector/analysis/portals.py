"""Which tensors are taken by name instead of through a lane: those that reach far, and those that would crowd the lanes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

CLOSE: Final = 4
"""Rows between two uses of a tensor that is used all over the graph across which it keeps its lane."""

NEAR: Final = 16
"""Rows between two uses of any other tensor across which an eye still follows its lane without trouble."""

SCATTERED_USES: Final = 2
SCATTERED_SPAN: Final = 80
"""A tensor with that many gaps longer than NEAR and that many rows to its last use is used all over the graph."""

TOO_FAR: Final = 256
"""Rows that no lane crosses without a use."""

LANE_LIMIT: Final = 6
"""Lanes that may live at once; beyond, those whose next use is furthest away give up their place."""


def lane_ends(sources: Sequence[Sequence[int]]) -> list[int]:
    """Return, for each row, the last row that its lane reaches (the row itself: no lane); uses beyond it are by name.

    sources[r] are the rows that row r takes something from, all smaller than r. Time is linear in rows and uses.
    """
    ends = list(range(len(sources)))
    jumps: dict[int, list[tuple[int, int]]] = {}
    for row, taken in enumerate(sources):
        for source in taken:
            if row - ends[source] > CLOSE:
                jumps.setdefault(source, []).append((ends[source], row))
            ends[source] = row
    for source, gaps in jumps.items():
        if ends[source] - source > SCATTERED_SPAN:
            ends[source] = _cut(gaps, ends[source])
    if _most_alive(ends) > LANE_LIMIT:
        _relieve(sources, ends)
    return ends


def _cut(gaps: Sequence[tuple[int, int]], end: int) -> int:
    """Return the row to end a lane at that is long, given the rows before and after its gaps."""
    if sum(1 for start, stop in gaps if stop - start > NEAR) >= SCATTERED_USES:
        return gaps[0][0]
    return next((start for start, stop in gaps if stop - start > TOO_FAR), end)


def _most_alive(ends: Sequence[int]) -> int:
    changes = [0] * (len(ends) + 1)
    for row, end in enumerate(ends):
        if end > row:
            changes[row] += 1
            changes[end] -= 1
    return max(accumulate(changes))


def _relieve(sources: Sequence[Sequence[int]], ends: list[int]) -> None:
    """Shorten lanes until at most LANE_LIMIT live between any two rows."""
    uses: list[list[int]] = [[] for _ in sources]
    for row, taken in enumerate(sources):
        for source in taken:
            uses[source].append(row)
    seen = [0] * len(sources)
    alive: list[int] = []
    for row, taken in enumerate(sources):
        for source in taken:
            seen[source] += 1
        alive = [source for source in alive if ends[source] > row]
        if ends[row] > row:
            alive.append(row)
        while len(alive) > LANE_LIMIT:
            victim = max(alive, key=lambda source: (uses[source][seen[source]], -source))
            alive.remove(victim)
            done = seen[victim]
            ends[victim] = uses[victim][done - 1] if done else victim
