"""The settings as a table: a mark, what it is, and its value."""

from __future__ import annotations

from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.message import Message

from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.slim.settings import Setting
from inspector.tui.widgets.table_columns import Cell, Column

_MARK_CELLS = 3


class SettingsTable(LineTable[Setting]):
    """Rows to switch and to change; a click on the mark switches."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(keys, "leave_to_pane", "Switch or change", show=False) for keys in ("space", "k", "s")
    ]

    class Toggled(Message):
        """A row is to be switched."""

        def __init__(self, row: Setting) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        columns: tuple[Column[Setting], ...] = (
            Column("mark", "", _mark_cell, _MARK_CELLS),
            Column("what", "prove with", lambda row: Cell(row.title), 10),
            Column("value", "", _value_cell, cut="end", least=16),
        )
        super().__init__(columns, key=lambda row: row.key, search_text=lambda row: row.value, nothing="")

    def action_leave_to_pane(self) -> None:
        """Leave it to the pane, at once: a message might come after the next key, which may be Enter."""
        raise SkipAction

    def on_click(self, event: Click) -> None:
        """Switch by mouse; LineTable has put the cursor on the row when this message is handled."""
        if event.y > 0 and event.x < _MARK_CELLS + 2:
            self.call_later(self._toggle)

    def _toggle(self) -> None:
        if self.row is not None:
            self.post_message(self.Toggled(self.row))


def _mark_cell(row: Setting) -> Cell:
    if row.lacking:
        return Cell(" ! ", "medium")
    if row.on is None:
        return Cell(" · ", "soft")
    return Cell("[x]", "accent") if row.on else Cell("[ ]", "soft")


def _value_cell(row: Setting) -> Cell:
    return Cell(row.value, "medium" if row.lacking else "soft" if row.on is False else "")
