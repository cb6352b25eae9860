"""Versions in order, as far as their numbers tell it."""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def compared(version: str, limit: str) -> int | None:
    """Return -1, 0 or 1 as a version is before, equal to or after another; None where their numbers do not tell.

    Only the leading numbers count (1.26.4 of "1.26.4+cu12-1"); versions that differ in what follows them alone are in no order.
    """
    ours, theirs = _release(version), _release(limit)
    if version == limit:
        return 0
    if ours is None or theirs is None:
        return None
    if ours[0] != theirs[0]:
        return -1 if ours[0] < theirs[0] else 1
    return 0 if ours[1] == theirs[1] else None


def _release(version: str) -> tuple[tuple[int, ...], str] | None:
    match = _NUMBERS.match(version.removeprefix("v"))
    if match is None or len(match[0]) > 60:
        return None
    numbers = [int(part) for part in match[0].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers), version.removeprefix("v")[match.end() :]
