"""The edges of the selected row: which stretches of which lanes they run along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspector.records.layout import Layout
from inspector.tui.widgets.graph.document import Place
from inspector.tui.widgets.graph.rows import AbsorbedRow, BranchRow, FoldRow, NodeRow, Row

FARTHEST = 20_000
"""Rows a lane is followed at most; nobody sees both ends of a longer one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A lane's column from the row that makes its tensor down to a row that takes it."""

    column: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Stretches of lanes in the graph at a place."""

    place: Place | None = None
    stretches: tuple[Stretch, ...] = ()

    def mask(self, row: Row) -> int:
        """Return the columns to emphasise beside a visible row, as bits."""
        if row.section.place != self.place or isinstance(row, BranchRow):
            return 0
        at = row.fold.first if isinstance(row, FoldRow) else row.row + isinstance(row, AbsorbedRow)
        mask = 0
        for stretch in self.stretches:
            if stretch.first < at <= stretch.last:
                mask |= 1 << stretch.column
        return mask


def emphasis_of(row: Row) -> Emphasis:
    """Return the lanes that bring a row its inputs and carry its output to all who take it."""
    if not isinstance(row, NodeRow):
        return Emphasis()
    layout = row.section.layout
    taken = _columns(layout.reads[row.row] | layout.ends[row.row])
    stretches = [Stretch(column, _origin(layout, column, row.row), row.row) for column in taken]
    if layout.has_output_below[row.row]:
        column = layout.lane[row.row]
        stretches.append(Stretch(column, row.row, _end(layout, column, row.row)))
    return Emphasis(row.section.place, tuple(stretches))


def _columns(mask: int) -> Sequence[int]:
    return [column for column in range(mask.bit_length()) if mask >> column & 1]


def _origin(layout: Layout, column: int, row: int) -> int:
    at = row - 1
    while at > row - FARTHEST and at >= 0 and layout.passing[at] >> column & 1:
        at -= 1
    return max(0, at)


def _end(layout: Layout, column: int, row: int) -> int:
    at, last = row + 1, len(layout.nodes) - 1
    while at < last and at < row + FARTHEST and layout.passing[at] >> column & 1:
        at += 1
    return min(at, last)
