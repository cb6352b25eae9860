"""What the graph tab is made of, and how its parts follow rows and cursor."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from inspector.tui.widgets.graph.finder import Finder
from inspector.tui.widgets.graph.folding import FoldMode
from inspector.tui.widgets.graph.graph_view import GraphView
from inspector.tui.widgets.graph.header import GraphHeader
from inspector.tui.widgets.graph.minimap import Minimap
from inspector.tui.widgets.graph.node_panel import NodePanel
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.search_bar import SearchBar
from inspector.tui.widgets.graph.state import GraphState

PANEL_DELAY_SECONDS = 0.05
"""The panel follows once the cursor stops for this long."""
BESIDE = 96
"""From this many columns on, the panel is beside the rows and open unless closed."""
ROOMY, WIDE = 132, 176
"""From this many columns on, the panel is wider."""
MODES: dict[FoldMode, str] = {"repeats": "blocks folded", "scopes": "scopes folded", "none": "nothing folded"}


class PaneFrame(Widget):
    """Rows with header, minimap and search bar in a box, the node panel beside or below it."""

    class Later(Message):
        """An answer from another thread, to be taken in on this one."""

        def __init__(self, call: Callable[[], object]) -> None:
            super().__init__()
            self.call = call

    def __init__(self) -> None:
        super().__init__()
        self.state: GraphState | None = None
        self.matches: Matches | None = None
        self._finder: Finder | None = None
        self._panel_wanted: bool | None = None
        self._panel_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Lay out the rows with the panel beside or below them."""
        with Vertical(id="graph-box"):
            with Horizontal(id="graph-head"):
                yield GraphHeader()
                yield Static(id="graph-head-end")
            with Horizontal():
                yield GraphView()
                yield Minimap()
            yield SearchBar()
        yield NodePanel()

    @property
    def view(self) -> GraphView:
        """The rows."""
        return self.query_one(GraphView)

    @property
    def panel(self) -> NodePanel:
        """The node panel."""
        return self.query_one(NodePanel)

    @property
    def bar(self) -> SearchBar:
        """The search bar."""
        return self.query_one(SearchBar)

    def on_unmount(self) -> None:
        """Give up work beside the screen."""
        if self._finder is not None:
            self._finder.stop()

    def _take(self, call: Callable[[], object]) -> None:
        """Run on the UI thread: at once in small graphs, whose work is done there, else when it gets to it."""
        if self._finder is not None and self._finder.is_small:
            call()
        else:
            try:
                self.post_message(self.Later(call))
            except RuntimeError:  # the application has quit
                return

    def on_pane_frame_later(self, message: Later) -> None:
        """Take in an answer."""
        message.stop()
        message.call()

    def _rows_changed(self, jumped: bool = False) -> None:
        """Take in new rows, or a cursor that jumped."""
        view = self.view
        view.rows_changed()
        view.reveal_cursor(jumped)
        self._redraw_minimap()
        self._redraw_head()

    def _redraw_head(self) -> None:
        if self.state is not None:
            at, total = self.state.cursor + 1, len(self.state.outline)
            title = f"row {at:,} of {total:,} · {MODES[self.state.folding.mode]}"
            self.query_one(GraphHeader).show(title, self.state.metric, self.state.heat.metrics)

    def _redraw_minimap(self) -> None:
        if self.state is not None:
            self.query_one(Minimap).show(self.state, self.matches)

    def on_resize(self) -> None:
        """Put the panel beside the rows where there is room, else below them when asked for."""
        self._place_panel()

    def _place_panel(self) -> None:
        beside = self.size.width >= BESIDE
        shown = beside if self._panel_wanted is None else self._panel_wanted
        self.set_class(not beside, "-below")
        self.set_class(self.size.width >= ROOMY, "-roomy")
        self.set_class(self.size.width >= WIDE, "-wide-panel")
        self.set_class(shown, "-panel")
        if shown:
            self._show_panel_soon()

    def on_graph_view_cursor_moved(self, message: GraphView.CursorMoved) -> None:
        """Let the panel follow once the cursor stops."""
        message.stop()
        self._show_panel_soon()

    def on_graph_view_changed(self, message: GraphView.Changed) -> None:
        """Let the minimap follow."""
        message.stop()
        self._view_moved()

    def _view_moved(self) -> None:
        region = self.view.visible_region()
        self.query_one(Minimap).show_view(region.y, region.bottom)
        self._redraw_head()

    def _show_panel_soon(self) -> None:
        if self._panel_timer is not None:
            self._panel_timer.stop()
        if self.has_class("-panel"):
            self._panel_timer = self.set_timer(PANEL_DELAY_SECONDS, self._show_panel)

    def _show_panel(self) -> None:
        if self.state is not None and self.state.edges.ready and self.has_class("-panel"):
            self.panel.show(self.state, self.state.row)

    def _tell(self, text: str) -> None:
        self.notify(text, markup=False, timeout=4)

    def _more_is_known(self) -> None:
        self.view.forget_strips()
        self._redraw_minimap()
        self._show_panel_soon()

    def _begin(self) -> None:
        assert self.state is not None
        self._finder = Finder(self.state)
        self.view.show(self.state)
        self._finder.prepare(lambda: self._take(self._more_is_known))
        self._rows_changed()

    def _metric_changed(self) -> None:
        self.view.forget_strips()
        self._redraw_head()
        self._redraw_minimap()

    def on_graph_header_metric_chosen(self, message: GraphHeader.MetricChosen) -> None:
        """A column title was clicked."""
        message.stop()
        if self.state is not None:
            self.state.metric = message.metric
            self._metric_changed()

    def on_minimap_jumped(self, message: Minimap.Jumped) -> None:
        """Show the rows around a place in the minimap."""
        message.stop()
        self.view.select(message.row)
        self.view.place_cursor(self.view.size.height // 2)
