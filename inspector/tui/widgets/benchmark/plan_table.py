"""The plan as a table: a mark, what it is, and its value."""

from __future__ import annotations

from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from inspector.tui.widgets.benchmark.planning import PlanRow
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Cell, Column

_MARK_CELLS = 3


class PlanTable(LineTable[PlanRow]):
    """Rows to switch on and off; a click on the mark does."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "toggle_row", "Switch the row", show=False)]
    """A list takes Space for a page down."""

    class Toggled(Message):
        """A row is to be switched on or off."""

        def __init__(self, row: PlanRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        columns: tuple[Column[PlanRow], ...] = (
            Column("mark", "", _mark_cell, _MARK_CELLS),
            Column("what", "measure", lambda row: Cell(row.title, "" if row.on is not False else "soft"), 10),
            Column("value", "how", _value_cell, cut="end", least=16),
        )
        super().__init__(columns, key=lambda row: row.id, search_text=lambda row: row.title, nothing="")

    def action_toggle_row(self) -> None:
        """Leave it to the pane, at once: a message might come after the next key, which may be Enter."""
        raise SkipAction

    def _toggle(self) -> None:
        if self.row is not None:
            self.post_message(self.Toggled(self.row))

    def on_click(self, event: Click) -> None:
        """Switch by mouse; LineTable has put the cursor on the row when this message is handled."""
        if event.y > 0 and event.x < _MARK_CELLS + 2:
            self.call_later(self._toggle)


def _mark_cell(row: PlanRow) -> Cell:
    if row.on is None:
        return Cell(" · ", "soft")
    return Cell("[x]", "accent") if row.on else Cell("[ ]", "soft")


def _value_cell(row: PlanRow) -> Cell:
    role = "soft" if row.on is False else ""
    if row.note:
        return Cell("", parts=((row.value, role), (f"  {row.note}", "medium")))
    return Cell(row.value, role)
