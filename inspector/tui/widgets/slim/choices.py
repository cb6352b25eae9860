"""What the user decided to keep or to drop, in place of what a level would do by itself; no drawing here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from inspector.records.slimming import SLIM_LEVELS, SlimGroup, SlimLevel, SlimRequest

Choice = Literal["", "keep", "drop"]
"""Of a pattern: left to the level, kept, dropped."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Bytes and files that go, and that stay."""

    goes_bytes: int = 0
    goes_files: int = 0
    stays_bytes: int = 0
    stays_files: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.goes_bytes + other.goes_bytes,
            self.goes_files + other.goes_files,
            self.stays_bytes + other.stays_bytes,
            self.stays_files + other.stays_files,
        )


def choice_of(request: SlimRequest, pattern: str) -> Choice:
    """Return what the user decided of a pattern; keep wins, as it does when it is carried out."""
    if not pattern:
        return ""
    return "keep" if pattern in request.keep else "drop" if pattern in request.drop else ""


def decided(request: SlimRequest, pattern: str, choice: Choice) -> SlimRequest:
    """Return the request with this choice for the pattern, and no other."""
    keep = tuple(one for one in request.keep if one != pattern)
    drop = tuple(one for one in request.drop if one != pattern)
    return replace(
        request,
        keep=(*keep, pattern) if choice == "keep" else keep,
        drop=(*drop, pattern) if choice == "drop" else drop,
    )


def next_choice(group: SlimGroup, now: Choice) -> Choice:
    """Return what Space makes of a choice: the contrary of what the level does, then the level's own again.

    What goes in part can be kept whole, then dropped whole.
    """
    if now == "drop":
        return ""
    if now == "keep":
        return "drop" if group.kept_files and group.dropped_files else ""
    return "keep" if group.dropped_files or group.dropped_bytes else "drop"


def amounts(group: SlimGroup, choice: Choice) -> Amounts:
    """Return what goes and stays of a group once the choice is carried out."""
    files, size = group.kept_files + group.dropped_files, group.kept_bytes + group.dropped_bytes
    if choice == "keep":
        return Amounts(0, 0, size, files)
    if choice == "drop":
        return Amounts(size, files, 0, 0)
    return Amounts(group.dropped_bytes, group.dropped_files, group.kept_bytes, group.kept_files)


def total(groups: Sequence[SlimGroup], request: SlimRequest) -> Amounts:
    """Return what goes and stays of all of these groups."""
    sums = Amounts()
    for group in groups:
        sums += amounts(group, choice_of(request, group.pattern))
    return sums


def with_level(request: SlimRequest, level: SlimLevel) -> SlimRequest:
    """Return the request with a level switched on or off, in the order of levels."""
    wanted = set(request.levels) ^ {level}
    return replace(request, levels=tuple(one for one in SLIM_LEVELS if one in wanted))
