"""The tree of what goes and what stays, with check boxes: checked is what goes; what the user decided stands in words."""

from __future__ import annotations

from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from inspector.records.slimming import Risk
from inspector.report.figures import bytes_text, whole_text
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.slim.tree_rows import TreeRow
from inspector.tui.widgets.table_columns import Cell, Column

_MARK_CELLS = 4
_BAR_CELLS = 8
_FIGURE_CELLS = 9
RISK_ROLES: dict[Risk, str] = {"none": "soft", "low": "soft", "medium": "medium", "high": "high"}


class SlimTree(LineTable[TreeRow]):
    """Rows to keep or drop; a click on the mark does, one on the arrow unfolds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, "leave_to_pane", "Keep or drop", show=False) for keys in ("space", "k", "s")
    ]
    """A list takes Space for a page down, k for the row above, s for sorting."""

    class Toggled(Message):
        """A row is to be kept or dropped."""

        def __init__(self, row: TreeRow) -> None:
            super().__init__()
            self.row = row

    class Unfolded(Message):
        """A row is to be opened or closed."""

        def __init__(self, row: TreeRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        columns: tuple[Column[TreeRow], ...] = (
            Column("mark", "", _mark_cell, _MARK_CELLS),
            Column("name", "what", _name_cell, least=22),
            Column("goes", "goes", lambda row: _bytes_cell(row.amounts.goes_bytes, "rest"), _FIGURE_CELLS, "right"),
            Column("bar", "", _bar_cell, _BAR_CELLS, rank=2),
            Column("stays", "stays", _stays_cell, _FIGURE_CELLS, "right", rank=1),
            Column("files", "files", _files_cell, 7, "right", rank=4),
            Column("risk", "risk", _risk_cell, 7, rank=3),
        )
        super().__init__(
            columns,
            key=lambda row: row.id,
            search_text=lambda row: f"{row.name} {row.choice}",
            nothing="What goes and stays is told once all layers are read",
        )

    def action_leave_to_pane(self) -> None:
        """Leave it to the pane, at once: a message might come after the next key, which may be Enter."""
        raise SkipAction

    def on_click(self, event: Click) -> None:
        """Keep, drop or unfold by mouse; LineTable has put the cursor on the row when this message is handled."""
        if event.y > 0 and event.x < _MARK_CELLS + 2:
            self.call_later(self._tell, self.Toggled)
        elif event.y > 0 and self.row is not None and event.x < _MARK_CELLS + 6 + 2 * self.row.depth:
            self.call_later(self._tell, self.Unfolded)

    def _tell(self, message: type[Toggled | Unfolded]) -> None:
        if self.row is not None:
            self.post_message(message(self.row))


def _mark_cell(row: TreeRow) -> Cell:
    if row.what == "waste":
        return Cell("[x]", "soft")
    if row.what == "kind" or not row.pattern:
        return Cell("")
    if row.choice:
        return Cell(row.choice, "soft" if row.inherited else "good" if row.choice == "keep" else "medium")
    goes, stays = row.amounts.goes_files or row.amounts.goes_bytes, row.amounts.stays_files or row.amounts.stays_bytes
    mark = "[-]" if goes and stays else "[x]" if goes else "[ ]"
    return Cell(mark, "accent" if goes else "soft")


def _name_cell(row: TreeRow) -> Cell:
    arrow = ("▾ " if row.is_open else "▸ ") if row.opens else "  "
    role = "soft" if row.what == "file" else ""
    if row.what == "kind":
        return Cell("", parts=((f"{arrow}{row.name}", "accent"), (f"  {row.groups:,}", "soft")))
    return Cell(f"{'  ' * row.depth}{arrow}{row.name}", role)


def _bytes_cell(size: int, role: str) -> Cell:
    return Cell(bytes_text(size), role) if size else Cell("–", "soft")


def _stays_cell(row: TreeRow) -> Cell:
    return _bytes_cell(row.amounts.stays_bytes, "bar") if row.what != "waste" else Cell("")


def _bar_cell(row: TreeRow) -> Cell:
    """Draw what stays as a solid line and what goes as a dotted one, which also tells them apart without color."""
    goes, stays = row.amounts.goes_bytes, row.amounts.stays_bytes
    if row.what in ("waste", "file") or not goes + stays:
        return Cell("")
    solid = round(_BAR_CELLS * stays / (goes + stays))
    solid = max(1, min(_BAR_CELLS - 1, solid)) if goes and stays else solid
    return Cell("", parts=(("━" * solid, "bar"), ("┄" * (_BAR_CELLS - solid), "rest")))


def _files_cell(row: TreeRow) -> Cell:
    files = row.amounts.goes_files + row.amounts.stays_files
    return Cell(whole_text(files) if files and row.what != "file" else "", "soft")


def _risk_cell(row: TreeRow) -> Cell:
    group = row.group
    if row.what != "group" or group is None or not row.amounts.goes_bytes:
        return Cell("")
    return Cell(group.risk, RISK_ROLES[group.risk])
