"""Counts what is the same and what differs of one area, and keeps the weightiest differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from inspector.records.difference import Area, ComparedArea, Difference, Way
from inspector.records.graph import NodeRef

MOST_LISTED: Final = 1_000
"""Differences that an area lists; all are counted."""

LONGEST: Final = 200
"""Characters of a value that is shown."""

_HARMLESS: Final[Mapping[Area, tuple[Way, ...]]] = {"files": (), "packages": ()}
"""Areas in which another name or place does matter; elsewhere renamed and moved things leave an area the same."""


@dataclass(slots=True)
class Tally:
    """One area in the making; unknown says why it could not be compared."""

    area: Area
    equal: int = 0
    unknown: str = ""
    note: str = ""
    differences: list[tuple[float, Difference]] = field(default_factory=list)
    ways: Counter[Way] = field(default_factory=Counter)

    def add(
        self,
        way: Way,
        what: str,
        before: str = "",
        after: str = "",
        detail: str = "",
        *,
        weight: float = 0.0,
        place: str = "",
        figures: Mapping[str, float] | None = None,
        node_before: NodeRef | None = None,
        node_after: NodeRef | None = None,
    ) -> None:
        """Add one difference; the larger its weight, the further up it is listed."""
        self.ways[way] += 1
        short = Difference(
            self.area,
            way,
            what,
            shortened(before),
            shortened(after),
            shortened(detail),
            place,
            figures or {},
            node_before,
            node_after,
        )
        self.differences.append((weight, short))

    def compare(self, what: str, before: str, after: str, *, weight: float = 0.0, detail: str = "") -> None:
        """Add a text that is the same, changed, or on one side only (empty where it is not there)."""
        if before == after:
            self.equal += bool(before)
            return
        way: Way = "changed" if before and after else "added" if after else "removed"
        self.add(way, what, before, after, detail, weight=weight)

    def compare_maps(self, before: Mapping[str, str], after: Mapping[str, str], prefix: str = "") -> None:
        """Compare texts by name, those of the first in its order, then what is new; an empty text is there, too."""
        for name in [*before, *(name for name in after if name not in before)]:
            what = f"{prefix}{name}"
            if name not in after:
                self.add("removed", what, before[name])
            elif name not in before:
                self.add("added", what, "", after[name])
            elif before[name] == after[name]:
                self.equal += 1
            else:
                self.add("changed", what, before[name], after[name])

    @property
    def same(self) -> bool:
        """Whether nothing that matters differs."""
        harmless = _HARMLESS.get(self.area, ("renamed", "moved"))
        return not self.unknown and not any(count for way, count in self.ways.items() if way not in harmless)

    def area_in_numbers(self) -> ComparedArea:
        """Return the counts."""
        return ComparedArea(
            self.area,
            self.same,
            self.equal,
            self.ways["added"],
            self.ways["removed"],
            self.ways["changed"],
            self.ways["renamed"],
            self.ways["moved"],
            self.unknown,
            self.note,
        )

    def listed(self) -> tuple[Difference, ...]:
        """Return the weightiest differences, first those that matter, in the order they came in where they weigh the same."""
        harmless = _HARMLESS.get(self.area, ("renamed", "moved"))
        ordered = sorted(self.differences, key=lambda item: (item[1].way in harmless, -item[0]))
        return tuple(difference for _, difference in ordered[:MOST_LISTED])


def shortened(text: str) -> str:
    """Return at most so many characters of a text as are shown."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
