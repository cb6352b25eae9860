"""Which rows a table shows, and in what order; no drawing here."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic

from inspector.tui.widgets.table_columns import Column, Row


class TableView(Generic[Row]):
    """Rows filtered by a text and sorted by a column; costs one pass over the rows whenever either changes."""

    def __init__(self, key: Callable[[Row], Hashable], search_text: Callable[[Row], str]) -> None:
        self._key = key
        self._search_text = search_text
        self._rows: Sequence[Row] = ()
        self._haystacks: list[str] | None = None
        self.filter = ""
        self.sort: Column[Row] | None = None
        self.reverse = False
        self.shown: Sequence[Row] = ()

    @property
    def total(self) -> int:
        """Number of rows before filtering."""
        return len(self._rows)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Take other rows; filter and order stay."""
        self._rows = rows
        self._haystacks = None
        self.apply()

    def apply(self) -> None:
        """Filter and sort anew."""
        rows = self._matching()
        if self.sort is not None and self.sort.order is not None:
            rows = sorted(rows, key=self.sort.order, reverse=self.reverse)
        self.shown = rows

    def position(self, row: Row | None) -> int | None:
        """Return where a row is shown, None if it is not."""
        if row is None:
            return None
        wanted = self._key(row)
        return next((index for index, shown in enumerate(self.shown) if self._key(shown) == wanted), None)

    def _matching(self) -> Sequence[Row]:
        needle = self.filter.casefold()
        if not needle:
            return self._rows
        if self._haystacks is None:
            self._haystacks = [self._search_text(row).casefold() for row in self._rows]
        return [row for row, haystack in zip(self._rows, self._haystacks, strict=True) if needle in haystack]
