"""Stretches of a file: what they cover together, where they overlap, and what they leave out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inspector.records.artifact import ByteRange


@dataclass(frozen=True, slots=True)
class Coverage:
    """What ranges cover of a file: bytes as a union, overlaps of ranges that are not the same, and gaps up to its size."""

    used_bytes: int
    overlaps: tuple[ByteRange, ...]
    gaps: tuple[ByteRange, ...]


def cover(ranges: Iterable[ByteRange], size_bytes: int) -> Coverage:
    """Return the coverage of the ranges, of which equal ones count once; bytes past size_bytes are no gap."""
    distinct = sorted({(one.offset, one.offset + one.length) for one in ranges if one.length})
    used = reached = 0
    overlaps: list[tuple[int, int]] = []
    gaps: list[tuple[int, int]] = []
    for start, end in distinct:
        if start < reached:
            overlaps.append((start, min(end, reached)))
        elif start > reached:
            gaps.append((reached, min(start, size_bytes)))
        used += max(0, end - max(start, reached))
        reached = max(reached, end)
    gaps.append((reached, size_bytes))
    return Coverage(used, _merged(overlaps), _merged(gaps))


def _merged(pairs: Sequence[tuple[int, int]]) -> tuple[ByteRange, ...]:
    merged: list[list[int]] = []
    for start, end in sorted(pairs):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return tuple(ByteRange(start, end - start) for start, end in merged)
