"""A tab that is a list with a filter above it and details of the row under the cursor beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from inspector.records.inspection import Inspection
from inspector.tui.widgets.card import Card
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Row


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


class ListPane(Widget, Generic[Row]):
    """Subclasses say what the table is, what rows an inspection gives, and what details a row has."""

    DETAIL_TITLE = "details"

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.inspection: Inspection | None = None
        self.table: LineTable[Row] = self.make_table()
        self.details = Card("", classes="detail")
        self._filter = FilterInput(self.table)
        self._box = Vertical(self._filter, self.table, classes="list-box")

    def make_table(self) -> LineTable[Row]:
        """Return the table, without rows."""
        raise NotImplementedError

    def rows(self, inspection: Inspection) -> Sequence[Row]:
        """Return the rows of an inspection."""
        raise NotImplementedError

    def summary(self, inspection: Inspection) -> str:
        """Return a few words for the border: how many, how large."""
        raise NotImplementedError

    def detail_lines(self, row: Row, width: int) -> Sequence[Content]:
        """Return what is known of a row."""
        raise NotImplementedError

    def other_cards(self) -> Sequence[Card]:
        """Return cards to show under the details."""
        return ()

    def compose(self) -> ComposeResult:
        """Lay out list and details; styles put them side by side or one above the other."""
        yield self._box
        with VerticalScroll(classes="detail-box") as box:
            box.border_title = Content(self.DETAIL_TITLE)
            yield self.details
            yield from self.other_cards()

    def show(self, inspection: Inspection) -> None:
        """Show an inspection; cursor, order, filter and scroll stay."""
        self.inspection = inspection
        self.table.set_rows(self.rows(inspection))
        self.describe()

    def describe(self) -> None:
        """Show the details of the row under the cursor."""
        row = self.table.row
        self.details.show((lambda width: self.detail_lines(row, width)) if row is not None else (lambda _: ()))

    def on_line_table_highlighted(self, message: LineTable.Highlighted) -> None:
        """The cursor moved."""
        message.stop()
        self.describe()

    def on_line_table_rearranged(self, message: LineTable.Rearranged) -> None:
        """Say how many rows are shown, and in what order."""
        message.stop()
        view = self.table.view
        if self.inspection is not None:
            self._box.border_title = Content(self.summary(self.inspection))
        parts = [f"{len(view.shown):,} of {view.total:,}"] if view.filter else []
        if view.sort is not None:
            parts.append(f"by {view.sort.title} {'▾' if view.reverse else '▴'}")
        self._box.border_subtitle = Content(" · ".join(parts))
        if not view.shown:
            self.details.show(lambda _: ())

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
        self.table.set_filter(message.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Back to the list."""
        message.stop()
        self._filter.action_keep()
