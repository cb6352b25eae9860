"""One column beside the rows: the whole graph at a glance, where the view is, and a place to click."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseDown, MouseMove, MouseUp
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from inspector.tui.widgets.graph.density import Bucket, buckets
from inspector.tui.widgets.graph.heat import BLOCKS, level
from inspector.tui.widgets.graph.ink_styles import InkStyles
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.state import GraphState

MATCH = "◆"
VIEW = "░"


class Minimap(Widget):
    """Draws buckets of the outline; the rows in view have another background."""

    DEFAULT_CSS = "Minimap { width: 1; height: 1fr; background: $band; }"
    ALLOW_SELECT = False

    class Jumped(Message):
        """A place was clicked: show this visible row."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__()
        self._state: GraphState | None = None
        self._matches: Matches | None = None
        self._view = (0, 0)
        self._buckets: list[Bucket] | None = None
        self._styles = InkStyles(self)
        self._cells: dict[tuple[bool, int, bool], Strip] = {}

    def show(self, state: GraphState, matches: Matches | None) -> None:
        """Draw a state whose rows, heat or matches changed."""
        self._state, self._matches = state, matches
        self._buckets = None
        self.refresh()

    def show_view(self, first: int, last: int) -> None:
        """Mark the visible rows [first, last) as what is on the screen."""
        if self._view != (first, last):
            self._view = (first, last)
            self.refresh()

    def on_resize(self) -> None:
        """There are other buckets now."""
        self._buckets = None

    def _all(self) -> list[Bucket]:
        if self._buckets is None:
            self._buckets = buckets(self._state, self.size.height, self._matches) if self._state else []
        return self._buckets

    def render_line(self, y: int) -> Strip:
        """Return one cell: a block as wide as the stretch is hot, or a mark for matches."""
        found = self._all()
        if y >= len(found):
            return Strip([Segment(" ", self._styles.base)])
        bucket = found[y]
        first, last = self._view
        return self._cell(bucket.matched, round(bucket.heat * 40), bucket.first < last and bucket.last > first)

    def _cell(self, matched: bool, fortieths: int, inside: bool) -> Strip:
        key = (matched, fortieths, inside)
        known = self._cells.get(key)
        if known is None:
            style = self._styles.base + (self._styles("view") if inside else Style())
            if matched:
                segment = Segment(MATCH, style + self._styles("match-mark"))
            elif fortieths:
                ink = f"heat-{level(fortieths / 40) + 1}"
                segment = Segment(BLOCKS[max(1, round(fortieths / 5))], style + self._styles(ink))
            else:
                segment = Segment(VIEW if inside else " ", style + self._styles("soft"))
            known = self._cells[key] = Strip([segment])
        return known

    def notify_style_update(self) -> None:
        """Colors changed with the theme."""
        super().notify_style_update()
        self._styles.forget()
        self._cells.clear()

    def _jump(self, y: int) -> None:
        found = self._all()
        if found:
            bucket = found[max(0, min(len(found) - 1, y))]
            self.post_message(self.Jumped((bucket.first + bucket.last - 1) // 2))

    def on_mouse_down(self, event: MouseDown) -> None:
        """Jump, and follow the mouse while it is held."""
        self.capture_mouse()
        self._jump(event.y)

    def on_mouse_move(self, event: MouseMove) -> None:
        """Follow the mouse while it is held."""
        if self.app.mouse_captured is self:
            self._jump(event.y)

    def on_mouse_up(self, event: MouseUp) -> None:
        """Let go."""
        event.stop()
        self.release_mouse()

    def on_click(self, event: Click) -> None:
        """Jumping was done on the way down."""
        event.stop()
