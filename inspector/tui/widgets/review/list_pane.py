"""A tab of a review that is a list, with details of the row under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic

from textual.content import Content

from inspector.records.review import Review
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.list_pane import ListPane
from inspector.tui.widgets.table_columns import Column, Row


@dataclass(frozen=True, slots=True)
class ListKind(Generic[Row]):
    """What a list shows: rows of a review, their columns (the rows may say how long bars are), and a row in full."""

    id: str
    rows: Callable[[Review], Sequence[Row]]
    columns: Callable[[Sequence[Row]], Sequence[Column[Row]]]
    key: Callable[[Row], Hashable]
    search_text: Callable[[Row], str]
    details: Callable[[Review, Row, int], Sequence[Content]]
    summary: Callable[[Review, Sequence[Row]], str]
    title: str = "details"
    nothing: str = "Nothing is listed"


class ReviewListPane(ListPane[Row, Review]):
    """Rows of a review; read only."""

    def __init__(self, kind: ListKind[Row]) -> None:
        self.kind = kind
        self._all: Sequence[Row] = ()
        self.DETAIL_TITLE = kind.title
        super().__init__(f"review-{kind.id}")

    def make_table(self) -> LineTable[Row]:
        """Return the table, without rows."""
        kind = self.kind
        return LineTable(kind.columns(()), key=kind.key, search_text=kind.search_text, nothing=kind.nothing)

    def rows(self, inspection: Review) -> Sequence[Row]:  # noqa: ARG002 -- show() has taken them from it
        """Return the rows of the review that is shown."""
        return self._all

    def show(self, inspection: Review) -> None:
        """Show a review; cursor, filter and scroll stay."""
        self._all = self.kind.rows(inspection)
        self.table.set_columns(self.kind.columns(self._all))
        super().show(inspection)

    def summary(self, inspection: Review) -> str:
        """Return a few words for the border."""
        return self.kind.summary(inspection, self._all)

    def detail_lines(self, row: Row, width: int) -> Sequence[Content]:
        """Return what is known of a row."""
        assert self.inspection is not None
        return self.kind.details(self.inspection, row, width)
