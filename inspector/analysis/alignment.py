"""Lines two nearly equal sequences up against each other."""

from __future__ import annotations

from collections.abc import Sequence


def align(ours: Sequence[int], theirs: Sequence[int], most: int) -> list[tuple[int, int]] | None:
    """Return the positions that correspond, in order, leaving out as few as possible; None if more than most on both sides.

    Myers' greedy difference algorithm (1986), given up after `most` steps: time is length times most.
    """
    furthest = {1: 0}
    history: list[dict[int, int]] = []
    for steps in range(most + 1):
        history.append(dict(furthest))
        for diagonal in range(-steps, steps + 1, 2):
            is_theirs = diagonal == -steps or (diagonal != steps and furthest[diagonal - 1] < furthest[diagonal + 1])
            at = furthest[diagonal + 1] if is_theirs else furthest[diagonal - 1] + 1
            while at < len(ours) and 0 <= at - diagonal < len(theirs) and ours[at] == theirs[at - diagonal]:
                at += 1
            furthest[diagonal] = at
            if at >= len(ours) and at - diagonal >= len(theirs):
                return _walk_back(history, len(ours), len(theirs))
    return None


def _walk_back(history: Sequence[dict[int, int]], ours: int, theirs: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for steps in range(len(history) - 1, -1, -1):
        furthest = history[steps]
        diagonal = ours - theirs
        is_theirs = diagonal == -steps or (diagonal != steps and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if is_theirs else diagonal - 1
        start = furthest[before] if steps else 0
        first = (start if is_theirs else start + 1) if steps else 0
        while ours > first:
            ours, theirs = ours - 1, theirs - 1
            pairs.append((ours, theirs))
        ours, theirs = start, start - before
    return pairs[::-1]
