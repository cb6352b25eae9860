"""The rows of two graphs in step: aligned nodes, stretches of equal ones folded away; no drawing here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from inspector.records.difference import AlignedRow, Difference, Way
from inspector.records.graph import Graph, Node
from inspector.tui.widgets.compare.shown import Shown

CONTEXT = 1
"""Equal rows that stay beside a difference."""
FEWEST = 3
"""Fewer equal rows than these are not worth folding."""


@dataclass(frozen=True, slots=True)
class StepRow:
    """One row: two nodes in step (or one and a gap), a stretch of equal ones, or a difference that no row of either shows.

    first is where it begins among the aligned rows, or among the other differences.
    """

    kind: Literal["pair", "stretch", "other"]
    first: int
    count: int = 1
    is_open: bool = False

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from other rows, open or not."""
        return self.kind, self.first


class Steps:
    """Both graphs of a comparison, row by row."""

    def __init__(self, shown: Shown) -> None:
        assert shown.graphs is not None
        self._graphs = shown.graphs
        self.aligned: Sequence[AlignedRow] = shown.found.rows
        self.others = [one for one in shown.differences("structure") if one.place or not (one.node_before or one.node_after)]
        self.stretches = dict(_stretches([row.way is None for row in self.aligned]))
        self._inside = [0] * len(self.aligned)
        for first, count in self.stretches.items():
            self._inside[first] = count

    def rows(self, unfolded: Collection[int], *, everything: bool = False, only: bool = False) -> list[StepRow]:
        """Return the rows; unfolded are stretches that are open, everything opens all, only leaves out what is equal."""
        others = [StepRow("other", at) for at in range(len(self.others))]
        if only:
            return [*(StepRow("pair", at) for at, row in enumerate(self.aligned) if row.way is not None), *others]
        if everything:
            return [*(StepRow("pair", at) for at in range(len(self.aligned))), *others]
        return [*self._folded(unfolded), *others]

    def _folded(self, unfolded: Collection[int]) -> Iterator[StepRow]:
        at = 0
        while at < len(self.aligned):
            count = self._inside[at]
            if count:
                is_open = at in unfolded
                yield StepRow("stretch", at, count, is_open)
                if not is_open:
                    at += count
                    continue
            yield StepRow("pair", at)
            at += 1

    def stretch_at(self, row: StepRow) -> int | None:
        """Return the first row of the stretch that a row is, or lies in; None where it lies in none."""
        if row.kind == "other":
            return None
        found = (first for first, count in self.stretches.items() if first <= row.first < first + count)
        return next(found, None)

    def way(self, row: StepRow) -> Way | None:
        """Return how the sides differ in a row; None where they do not."""
        if row.kind == "other":
            return self.others[row.first].way
        return self.aligned[row.first].way if row.kind == "pair" else None

    def nodes(self, row: StepRow) -> tuple[Node | None, Node | None]:
        """Return the nodes of a row on both sides, None for a gap."""
        aligned = self.aligned[row.first]
        before = self._graphs[0].nodes[aligned.before.index] if aligned.before is not None else None
        after = self._graphs[1].nodes[aligned.after.index] if aligned.after is not None else None
        return before, after

    def graph(self, side: int) -> Graph:
        """Return the first or the second graph."""
        return self._graphs[side]

    def other(self, row: StepRow) -> Difference:
        """Return the difference that a row of the kind "other" is."""
        return self.others[row.first]

    def text(self, row: StepRow) -> str:
        """Return what a search looks at."""
        if row.kind == "stretch":
            return ""
        if row.kind == "other":
            other = self.other(row)
            return f"{other.what} {other.before} {other.after} {other.detail} {other.place}"
        words = [f"{node.operator} {node.name} {' '.join(node.outputs)}" for node in self.nodes(row) if node is not None]
        return " ".join([*words, self.aligned[row.first].detail])


def _stretches(equal: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield start and length of the stretches to fold: equal rows but those next to a difference."""
    at, end = 0, len(equal)
    while at < end:
        if not equal[at]:
            at += 1
            continue
        start = at
        while at < end and equal[at]:
            at += 1
        first = start + (CONTEXT if start else 0)
        last = at - (CONTEXT if at < end else 0)
        if last - first >= FEWEST:
            yield first, last - first
