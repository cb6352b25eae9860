"""A tab that is a list with a filter above it and details of the row under the cursor beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from inspector.tui.widgets.card import Card
from inspector.tui.widgets.filtered_table import FilteredTable
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.table_columns import Row

Shown = TypeVar("Shown")
"""What the pane shows: the inspection of a model, or of an image."""


class ListPane(Widget, Generic[Row, Shown]):
    """Subclasses say what the table is, what rows an inspection gives, and what details a row has."""

    DETAIL_TITLE = "details"

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self.inspection: Shown | None = None
        self.table: LineTable[Row] = self.make_table()
        self.details = Card("", classes="detail")
        self._box = FilteredTable(self.table)

    def make_table(self) -> LineTable[Row]:
        """Return the table, without rows."""
        raise NotImplementedError

    def rows(self, inspection: Shown) -> Sequence[Row]:
        """Return the rows of an inspection."""
        raise NotImplementedError

    def summary(self, inspection: Shown) -> str:
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

    def show(self, inspection: Shown) -> None:
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
        """Say how many rows there are."""
        message.stop()
        view = self.table.view
        if self.inspection is not None:
            self._box.border_title = Content(self.summary(self.inspection))
        if not view.shown:
            self.details.show(lambda _: ())
