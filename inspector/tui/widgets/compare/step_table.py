"""Two graphs in step as one table: a row has a node of each side, or a gap; equal stretches are folded."""

from __future__ import annotations

from inspector.records.difference import Way
from inspector.records.graph import Node
from inspector.report.figures import plural
from inspector.report.sentences import PLAIN_DOMAINS
from inspector.tui.widgets.compare.shown import Shown
from inspector.tui.widgets.compare.signs import EQUAL, ROLES, SIGNS
from inspector.tui.widgets.compare.step_rows import StepRow, Steps
from inspector.tui.widgets.graph.node_text import attribute_summary
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column, PlacedColumn

TWO_SIDES = 68
"""From this many columns on, both graphs stand side by side; below, one column tells both with a sign before it."""
_GAP = "┄┄┄┄"
"""In place of a node that the other side alone has."""
_NOTHING = Cell("")


class StepTable(LineTable[StepRow]):
    """Rows of both graphs with one cursor."""

    def __init__(self) -> None:
        sign: Column[StepRow] = Column("sign", "", self._sign_cell, 1)
        self._one: tuple[Column[StepRow], ...] = (sign, Column("node", "node", self._only_cell, least=20))
        self._two: tuple[Column[StepRow], ...] = (
            Column("before", "before", lambda row: self._side_cell(row, 0), least=24),
            sign,
            Column("after", "after", lambda row: self._side_cell(row, 1), least=24),
        )
        super().__init__(self._two, key=lambda row: row.key, search_text=self._text, nothing="No node on either side")
        self.steps: Steps | None = None
        self._unfolded: set[int] = set()
        self.only = False

    @property
    def _placed(self) -> tuple[PlacedColumn[StepRow], ...]:
        self._columns = self._two if self.size.width >= TWO_SIDES else self._one
        return super()._placed

    def show(self, shown: Shown) -> None:
        """Show the graphs of a comparison, every equal stretch folded."""
        self.steps = Steps(shown)
        self._unfolded = set()
        self.only = False
        self._fill()

    def _fill(self) -> None:
        if self.steps is not None:
            searched = bool(self.view.filter)
            self.set_rows(self.steps.rows(self._unfolded, everything=searched and not self.only, only=self.only))

    def set_filter(self, text: str) -> None:
        """Keep the rows that contain the text, those in folds among them."""
        self.view.filter = text
        self._fill()

    def toggle_only(self) -> None:
        """Leave out what is equal, or show it again."""
        self.only = not self.only
        self._fill()

    def toggle_fold(self) -> bool:
        """Open or close the stretch under or around the cursor; return whether there is one."""
        row = self.row
        first = self.steps.stretch_at(row) if self.steps is not None and row is not None else None
        if first is None or self.only or self.view.filter:
            return False
        self._unfolded ^= {first}
        self.go_to(StepRow("stretch", first))
        self._fill()
        return True

    def toggle_all(self) -> None:
        """Open every stretch, or close all."""
        if self.steps is not None:
            self._unfolded = set() if self._unfolded else set(self.steps.stretches)
            self._fill()

    def step(self, by: int) -> bool:
        """Go to the next difference (by 1) or the one before (by -1); return whether there is one."""
        if self.steps is None:
            return False
        at = self.cursor + by
        while 0 <= at < len(self.view.shown):
            if self.steps.way(self.view.shown[at]) is not None:
                self.cursor = at
                return True
            at += by
        return False

    def _text(self, row: StepRow) -> str:
        return self.steps.text(row) if self.steps is not None else ""

    def _sign_cell(self, row: StepRow) -> Cell:
        assert self.steps is not None
        way = self.steps.way(row)
        if row.kind == "stretch":
            return Cell("▾" if row.is_open else "▸", "accent")
        return Cell(SIGNS[way], ROLES[way]) if way is not None else Cell(EQUAL, "line")

    def _only_cell(self, row: StepRow) -> Cell:
        """Return the node of the side that has one, the changed one where both do."""
        if row.kind != "pair":
            return self._wide_cell(row)
        assert self.steps is not None
        before, after = self.steps.nodes(row)
        node = after or before
        if node is None:
            return _NOTHING
        was = before.operator if before is not None and before.operator != node.operator else ""
        return _node_cell(node, self.steps.way(row), was)

    def _side_cell(self, row: StepRow, side: int) -> Cell:
        assert self.steps is not None
        if row.kind == "stretch":
            return self._wide_cell(row)
        if row.kind == "other":
            other = self.steps.other(row)
            text = (other.before, other.after)[side] or (other.what if side == (other.way == "added") else "")
            return Cell("", parts=((text, ROLES[other.way]), (f"  in {other.place}" if text and other.place else "", "soft")))
        node = self.steps.nodes(row)[side]
        return _node_cell(node, self.steps.way(row)) if node is not None else Cell(_GAP, "line")

    def _wide_cell(self, row: StepRow) -> Cell:
        assert self.steps is not None
        if row.kind == "stretch":
            return Cell(f"… {plural(row.count, 'equal node')}", "soft")
        other = self.steps.other(row)
        place = f"  in {other.place}" if other.place else ""
        return Cell("", parts=((other.what, ROLES[other.way]), (f"  {other.detail}", ""), (place, "soft")))


def _node_cell(node: Node, way: Way | None, was: str = "") -> Cell:
    domain = "" if node.domain in PLAIN_DOMAINS else f" {node.domain}"
    summary = attribute_summary(node)
    return Cell(
        "",
        parts=(
            (f"{was} → " if was else "", "soft"),
            (node.operator, ROLES[way] if way is not None else ""),
            (domain, "soft"),
            (f" {summary}" if summary else "", "violet"),
            (f"  {node.name}" if node.name else f"  node {node.index}", "soft" if way is None else ""),
        ),
    )
