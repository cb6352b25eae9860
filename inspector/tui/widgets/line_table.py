"""A table of any length: only the lines on the screen are ever drawn."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from inspector.tui.actions import bindings
from inspector.tui.plain_text import fit
from inspector.tui.widgets.table_columns import GAP, Column, PlacedColumn, Row, place, title_cell
from inspector.tui.widgets.table_view import TableView

_ROLES = ("soft", "accent", "bar", "rest", "line", "high", "medium", "low", "info", "good", "violet")
_PREFIX = "line-table--"
_MARKER = "▌"


class LineTable(ScrollView, Generic[Row], can_focus=True):
    """Rows under a fixed line of titles, with a cursor, sorting and a filter.

    key tells rows apart, so that the cursor stays on its row when rows are sorted, filtered or replaced.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("list")
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(_PREFIX + role for role in _ROLES),
        *(_PREFIX + name for name in ("title", "title-sorted", "cursor", "cursor-blurred", "marker", "empty")),
    }
    ALLOW_SELECT = False

    cursor: reactive[int] = reactive(0)

    class Highlighted(Message):
        """The cursor is on another row."""

    class Chosen(Message):
        """The row under the cursor was double-clicked."""

    class FilterWanted(Message):
        """The user wants to type a filter."""

    class FilterDropped(Message):
        """The user wants all rows again."""

    class Rearranged(Message):
        """Rows were sorted, filtered or replaced."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        *,
        key: Callable[[Row], Hashable],
        search_text: Callable[[Row], str],
        nothing: str,
    ) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self.view: TableView[Row] = TableView(key, search_text)
        self._nothing = nothing
        self._placement: tuple[int, tuple[PlacedColumn[Row], ...]] = (-1, ())

    @property
    def _placed(self) -> tuple[PlacedColumn[Row], ...]:
        """The columns as they fit the width at hand; worked out when drawing, since not every change of size is told."""
        width = self.size.width
        if self._placement[0] != width:
            self._placement = (width, place(self._columns, width))
        return self._placement[1]

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self.view.shown[self.cursor] if 0 <= self.cursor < len(self.view.shown) else None

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show other rows; cursor, order, filter and scroll stay where they can."""
        self._rearrange(lambda: self.view.set_rows(rows))

    def set_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show other columns, in no order."""
        self._columns = tuple(columns)
        self._placement = (-1, ())
        self.view.sort, self.view.reverse = None, False
        self.refresh()

    def say_when_empty(self, text: str) -> None:
        """Set what is said while there are no rows."""
        self._nothing = text
        self.refresh()

    def set_filter(self, text: str) -> None:
        """Keep the rows that contain the text in any case."""
        self.view.filter = text
        self._rearrange(self.view.apply)

    def sort_by(self, column: Column[Row], reverse: bool) -> None:
        """Sort by a column."""
        self.view.sort, self.view.reverse = column, reverse
        self._rearrange(self.view.apply)

    def go_to(self, row: Row) -> bool:
        """Put the cursor on a row, if it is shown."""
        position = self.view.position(row)
        if position is not None:
            self.cursor = position
        return position is not None

    def _rearrange(self, change: Callable[[], None]) -> None:
        row, offset = self.row, self.cursor - self.scroll_offset.y
        change()
        position = self.view.position(row)
        self._measure()
        last = max(0, len(self.view.shown) - 1)
        self.set_reactive(LineTable.cursor, min(self.cursor, last) if position is None else position)
        self.scroll_to(y=max(0, self.cursor - offset), animate=False)
        self._keep_in_sight()
        self.refresh()
        self.post_message(self.Rearranged())
        if row is None or position is None:
            self._announce()

    def _measure(self) -> None:
        self.virtual_size = Size(self.size.width, len(self.view.shown) + 1)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._measure()
        self._keep_in_sight()

    def watch_cursor(self, old: int, new: int) -> None:
        """Redraw the two rows and tell."""
        self.refresh_lines(old + 1)
        self.refresh_lines(new + 1)
        self._keep_in_sight()
        self._announce()

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return max(0, min(cursor, len(self.view.shown) - 1))

    def watch_has_focus(self, focused: bool) -> None:
        """Redraw the cursor row, which looks different without focus."""
        super().watch_has_focus(focused)
        self.refresh()

    def _announce(self) -> None:
        if self.row is not None:
            self.post_message(self.Highlighted())

    def _keep_in_sight(self) -> None:
        page = max(1, self.size.height - 1)
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False)

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        base = self.rich_style
        width = self.size.width
        if y == 0:
            return Strip(self._title_segments(base)).adjust_cell_length(width, base)
        index = self.scroll_offset.y + y - 1
        if index < len(self.view.shown):
            return self._row_strip(index, base).adjust_cell_length(width, base)
        if index == 0:
            return self._nothing_strip(base).adjust_cell_length(width, base)
        return Strip.blank(width, base)

    def _nothing_strip(self, base: Style) -> Strip:
        text = f"Nothing contains “{self.view.filter}”; Escape shows all" if self.view.total else self._nothing
        return Strip([Segment(f"  {fit(text, max(0, self.size.width - 3))}", base + self._role("empty"))])

    def _role(self, name: str) -> Style:
        return self.get_component_rich_style(_PREFIX + name, partial=True)

    def _title_segments(self, base: Style) -> list[Segment]:
        segments = [Segment("  ", base)]
        for placed in self._placed:
            sorted_by = self.view.sort is not None and self.view.sort.id == placed.column.id
            arrow = ("▾" if self.view.reverse else "▴") if sorted_by else ""
            text = placed.text(title_cell(placed, arrow))
            segments += [Segment(text, base + self._role("title-sorted" if sorted_by else "title")), Segment(" " * GAP, base)]
        return segments

    def _row_strip(self, index: int, base: Style) -> Strip:
        marker = " "
        if index == self.cursor:
            base = base + self._role("cursor" if self.has_focus else "cursor-blurred")
            marker = _MARKER
        row = self.view.shown[index]
        segments = [Segment(f"{marker} ", base + self._role("marker"))]
        for placed in self._placed:
            for text, role in placed.pieces(placed.column.cell(row)):
                segments.append(Segment(text, base + self._role(role) if role else base))
            segments.append(Segment(" " * GAP, base))
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def on_click(self, event: Click) -> None:
        """Sort by the title under the mouse, or put the cursor on the row; a second click chooses it."""
        if event.y == 0:
            self._sort_at(event.x)
            return
        index = self.scroll_offset.y + event.y - 1
        if index < len(self.view.shown):
            self.cursor = index
            if event.chain >= 2:
                self.post_message(self.Chosen())

    def _sort_at(self, x: int) -> None:
        for placed in self._placed:
            if placed.start <= x < placed.start + placed.width + GAP and placed.column.order is not None:
                self._toggle_sort(placed.column)

    def _toggle_sort(self, column: Column[Row]) -> None:
        same = self.view.sort is not None and self.view.sort.id == column.id
        self.sort_by(column, not self.view.reverse if same else column.largest_first)

    def action_sort_next(self) -> None:
        """Sort by the next column that can be sorted by."""
        sortable = [placed.column for placed in self._placed if placed.column.order is not None]
        if sortable:
            ids = [column.id for column in sortable]
            now = ids.index(self.view.sort.id) if self.view.sort is not None and self.view.sort.id in ids else -1
            column = sortable[(now + 1) % len(sortable)]
            self.sort_by(column, column.largest_first)

    def action_sort_reverse(self) -> None:
        """Reverse the order."""
        if self.view.sort is not None:
            self.sort_by(self.view.sort, not self.view.reverse)

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.post_message(self.FilterWanted())

    def action_clear_filter(self) -> None:
        """Show all rows; where all are shown, the key means something else."""
        if not self.view.filter:
            raise SkipAction
        self.post_message(self.FilterDropped())

    def action_cursor_up(self) -> None:
        """One row up."""
        self.cursor -= 1

    def action_cursor_down(self) -> None:
        """One row down."""
        self.cursor += 1

    def action_page_up(self) -> None:
        """One page up."""
        self.cursor -= max(1, self.size.height - 2)

    def action_page_down(self) -> None:
        """One page down."""
        self.cursor += max(1, self.size.height - 2)

    def action_first_row(self) -> None:
        """To the first row."""
        self.cursor = 0

    def action_last_row(self) -> None:
        """To the last row."""
        self.cursor = len(self.view.shown) - 1
