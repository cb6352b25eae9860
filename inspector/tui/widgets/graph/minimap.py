"""One column beside the rows: the whole graph at a glance, where the view is, and a place to click."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseDown, MouseMove, MouseUp
from textual.message import Message
from textual.strip import Strip
from textual.style import Style as TextualStyle
from textual.widget import Widget

from inspector.tui.widgets.graph.density import Bucket, buckets
from inspector.tui.widgets.graph.heat import BLOCKS, level
from inspector.tui.widgets.graph.inks import INKS
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.state import GraphState

MATCH = "◆"


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
            return Strip([Segment(" ", self.rich_style)])
        bucket = found[y]
        first, last = self._view
        inside = bucket.first < last and bucket.last > first
        style = self.rich_style + (self._style("$bar-rest", background=True) if inside else Style())
        if bucket.matched:
            return Strip([Segment(MATCH, style + self._style("$medium bold"))])
        text = BLOCKS[max(1, round(bucket.heat * 8))] if bucket.heat > 0.01 else "│" if inside else " "
        ink = INKS[f"heat-{level(bucket.heat) + 1}"] if bucket.heat > 0.01 else "$soft"
        return Strip([Segment(text, style + self._style(ink))])

    def _style(self, ink: str, background: bool = False) -> Style:
        text = f"on {ink}" if background else ink
        return TextualStyle.parse(text, self.app.theme_variables).rich_style

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
