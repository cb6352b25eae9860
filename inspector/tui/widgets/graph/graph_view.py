"""The rows of the graph on the screen: the line API, so that a frame costs what is visible and no more."""

from __future__ import annotations

from rich.style import Style
from textual.cache import LRUCache
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from inspector.tui.widgets.graph.columns import Columns, plan
from inspector.tui.widgets.graph.density import costliest
from inspector.tui.widgets.graph.emphasis import Emphasis, emphasis_of
from inspector.tui.widgets.graph.ink_styles import InkStyles
from inspector.tui.widgets.graph.painting import Painter
from inspector.tui.widgets.graph.rows import NodeRow
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.state import GraphState, ref_of

MARGIN = 3
"""Rows kept between the cursor and the edge after a jump, where there is room."""


class GraphView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws a GraphState; the pane around it carries out keys."""

    DEFAULT_CSS = """
    GraphView {
        width: 1fr;
        height: 1fr;
        background: $page;
        color: $ink;
        overflow-x: hidden;
        scrollbar-size-vertical: 0;
    }
    """
    ALLOW_SELECT = False

    class CursorMoved(Message):
        """Another row is under the cursor, or the same row shows something else."""

    class Opened(Message):
        """A row was double-clicked: do what Enter does."""

    class Changed(Message):
        """Rows, scroll or size changed; what is drawn beside the rows follows."""

    def __init__(self) -> None:
        super().__init__()
        self.state: GraphState | None = None
        self.matches: Matches | None = None
        self._strips: LRUCache[tuple[int, bool, int, bool], Strip] = LRUCache(2048)
        self._styles = InkStyles(self)
        self._emphasis = Emphasis()
        self._full_bar: int | None = None

    @property
    def columns(self) -> Columns:
        """How the width is shared."""
        return (
            plan(self.size.width, self.state.metric, self.state.heat.metrics) if self.state else plan(self.size.width, "flops")
        )

    def show(self, state: GraphState) -> None:
        """Draw a state from now on."""
        self.state = state
        self.rows_changed()

    def rows_changed(self) -> None:
        """Take in that the state has other rows; the cursor row stays where it is on the screen where it can."""
        if self.state is None:
            return
        self.forget_strips()
        size = Size(0, len(self.state.outline))
        if size != self.virtual_size:
            self.virtual_size = size
        self.cursor_moved()

    def forget_strips(self) -> None:
        """Draw everything anew."""
        self._full_bar = None
        self._strips.clear()
        self.refresh()

    def cursor_moved(self) -> None:
        """Take in that the cursor is on another row, and tell the pane."""
        if self.state is not None:
            self._emphasis = emphasis_of(self.state.row)
            self.refresh()
            self.post_message(self.CursorMoved())
            self.post_message(self.Changed())

    @property
    def cursor_offset(self) -> int:
        """Lines between the top of the view and the cursor."""
        return 0 if self.state is None else self.state.cursor - round(self.scroll_y)

    def place_cursor(self, offset: int) -> None:
        """Scroll so that the cursor is that many lines below the top of the view, as near as can be."""
        if self.state is not None:
            self.scroll_to(y=self.state.cursor - offset, animate=False, force=True, immediate=True)

    def reveal_cursor(self, jumped: bool = False) -> None:
        """Scroll until the cursor is visible; after a jump with some rows around it."""
        if self.state is None or not self.size.height:
            return
        height = self.size.height
        offset = self.cursor_offset
        margin = min(MARGIN, (height - 1) // 2) if jumped else 0
        if jumped and not 0 <= offset < height:
            self.place_cursor(height // 3)
        elif offset < margin:
            self.place_cursor(margin)
        elif offset >= height - margin:
            self.place_cursor(height - 1 - margin)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Let the minimap follow."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Changed())

    def on_resize(self) -> None:
        """Columns have other widths now."""
        self.forget_strips()
        self.reveal_cursor()
        self.post_message(self.Changed())

    def notify_style_update(self) -> None:
        """Colors changed with the theme."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.forget()

    def on_focus(self) -> None:
        """The cursor is drawn brighter."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor is drawn fainter."""
        self.refresh()

    @property
    def painter(self) -> Painter:
        """Paints rows as they are drawn now."""
        assert self.state is not None
        if self._full_bar is None:
            self._full_bar = costliest(self.state, self.state.metric)
        return Painter(self.state.text, self.columns, self._full_bar, self._styles)

    def render_line(self, y: int) -> Strip:
        """Return one line of what is visible."""
        width = self.size.width
        index = y + self.scroll_offset.y
        if self.state is None or index >= len(self.state.outline):
            return Strip.blank(width, self._styles.base)
        row = self.state.outline.row_at(index)
        is_cursor = index == self.state.cursor
        key = (index, is_cursor and self.has_focus, self._emphasis.mask(row), is_cursor)
        strip = self._strips.get(key)
        if strip is None:
            matched = self.matches is not None and (ref := ref_of(row)) is not None and ref in self.matches
            strip = self.painter.paint(row, key[2], matched).adjust_cell_length(width).apply_style(self._base(is_cursor))
            self._strips[key] = strip
        return strip

    def _base(self, is_cursor: bool) -> Style:
        if not is_cursor:
            return self._styles.base
        return self._styles.base + self._styles("cursor" if self.has_focus else "cursor-blurred")

    def select(self, index: int, jumped: bool = False) -> None:
        """Put the cursor on a row and show it."""
        if self.state is not None:
            self.state.select(index)
            self.cursor_moved()
            self.reveal_cursor(jumped)

    def move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        if self.state is not None:
            self.select(self.state.cursor + rows)

    def first(self) -> None:
        """Move to the first row."""
        self.select(0)

    def last(self) -> None:
        """Move to the last row."""
        self.select(len(self.state.outline) - 1 if self.state is not None else 0)

    def page(self, direction: int) -> None:
        """Move cursor and view together by one page."""
        if self.state is not None:
            offset = self.cursor_offset
            self.state.select(self.state.cursor + direction * max(1, self.size.height - 1))
            self.place_cursor(offset)
            self.cursor_moved()
            self.reveal_cursor()

    def on_click(self, event: Click) -> None:
        """Select the row; open or close it where its marker was hit or on a double click."""
        if self.state is None:
            return
        index = event.y + self.scroll_offset.y
        if index >= len(self.state.outline):
            return
        self.select(index)
        row = self.state.row
        start = self.painter.label_start(row)
        has_marker = not isinstance(row, NodeRow) or self.state.can_open(row)
        if event.chain == 2 or (has_marker and start <= event.x < start + 2):
            self.post_message(self.Opened())

    def visible_region(self) -> Region:
        """Return the rows on the screen: y and height in rows."""
        return Region(0, self.scroll_offset.y, 1, self.size.height)
