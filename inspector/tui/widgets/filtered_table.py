"""A table in a box, with a filter that appears above it when wanted, and its order in the border."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from inspector.tui.widgets.line_table import LineTable


class FilterInput(Input):
    """Where a filter is typed; out of sight until it is wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Show all rows", show=False),
        Binding("down,up", "keep", "Back to the list", show=False),
    ]

    def __init__(self, table: LineTable[Any]) -> None:
        super().__init__(placeholder="keep rows that contain … (Enter keeps, Escape shows all)", select_on_focus=False)
        self._table = table

    def action_leave(self) -> None:
        """Show all rows again."""
        self.clear_filter()

    def clear_filter(self) -> None:
        """Forget the filter and go back to the list."""
        self.value = ""
        self._table.set_filter("")
        self.action_keep()

    def action_keep(self) -> None:
        """Go back to the list, keeping the filter."""
        self.set_class(bool(self.value), "-open")
        self._table.focus()

    def open(self) -> None:
        """Show it and take the keys."""
        self.add_class("-open")
        self.focus()


class FilteredTable(Vertical):
    """Holds a table and does what its filter keys ask for."""

    def __init__(self, table: LineTable[Any]) -> None:
        self._filter = FilterInput(table)
        self._table = table
        super().__init__(self._filter, table, classes="list-box")

    def on_line_table_rearranged(self) -> None:
        """Say what is shown; whoever holds the box hears of it too."""
        self.border_subtitle = Content(self.shown_note())

    def shown_note(self) -> str:
        """Return how many rows are shown, and in what order."""
        view = self._table.view
        parts = [f"{len(view.shown):,} of {view.total:,}"] if view.filter else []
        if view.sort is not None:
            parts.append(f"by {view.sort.title} {'▾' if view.reverse else '▴'}")
        return " · ".join(parts)

    def on_line_table_filter_wanted(self, message: LineTable.FilterWanted) -> None:
        """Let the user type."""
        message.stop()
        self._filter.open()

    def on_line_table_filter_dropped(self, message: LineTable.FilterDropped) -> None:
        """Show all rows."""
        message.stop()
        self._filter.clear_filter()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter while typing."""
        message.stop()
        # What a parent makes its child post stops at that parent: the table has to act for itself to be heard further up.
        self._table.call_later(self._table.set_filter, message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Back to the list."""
        message.stop()
        self._filter.action_keep()
