"""The graph tab: rows, minimap, search bar and node panel, and what the keys do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.tensor import Weight
from inspector.tui.actions import bindings
from inspector.tui.jobs import Jobs
from inspector.tui.messages import ShowWeight
from inspector.tui.widgets.graph.finder import Finder
from inspector.tui.widgets.graph.folding import Folding
from inspector.tui.widgets.graph.follow import Direction, FollowScreen, choices
from inspector.tui.widgets.graph.graph_view import GraphView
from inspector.tui.widgets.graph.header import GraphHeader
from inspector.tui.widgets.graph.minimap import Minimap
from inspector.tui.widgets.graph.node_panel import NodePanel
from inspector.tui.widgets.graph.panel_text import Link
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.search_bar import SearchBar
from inspector.tui.widgets.graph.state import GraphState

PANEL_DELAY_SECONDS = 0.05
"""The panel follows once the cursor stops for this long."""
BESIDE = 96
"""From this many columns on, the panel is beside the rows and open unless closed."""
MODES = {"repeats": "blocks folded", "scopes": "name scopes folded", "none": "nothing folded"}


class GraphPane(Widget):
    """Shows one inspection as a graph; see show, go_to and highlight."""

    DEFAULT_CSS = """
    GraphPane { width: 100%; height: 100%; layout: horizontal; }
    GraphPane #graph-box {
        width: 1fr; height: 1fr; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft;
    }
    GraphPane #graph-box:focus-within { border: round $accent-text; }
    GraphPane #graph-head { height: 1; }
    GraphPane #graph-head-end { width: 1; height: 1; }
    GraphPane NodePanel { display: none; }
    GraphPane.-panel NodePanel { display: block; }
    GraphPane.-below { layout: vertical; }
    GraphPane.-below NodePanel { width: 100%; height: 45%; }
    GraphPane.-roomy NodePanel { width: 48; }
    GraphPane.-wide-panel NodePanel { width: 64; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings("graph")

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
        self._wanted: Callable[[], None] | None = None
        self._panel_wanted: bool | None = None
        self._panel_timer: Timer | None = None
        self._origin: tuple[NodeRef | None, Folding] | None = None
        self._jobs: Jobs | None = None

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
        own = getattr(self.app, "jobs", None)
        self._jobs = own if isinstance(own, Jobs) else Jobs()
        yield NodePanel(self._jobs)

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

    def on_mount(self) -> None:
        """Show what was asked for before there was anything to show it on."""
        self.query_one("#graph-box").border_title = Content("graph")
        if self.state is not None:
            self._begin()
        if self._wanted is not None:
            self._wanted()
            self._wanted = None

    def on_unmount(self) -> None:
        """Give up work beside the screen."""
        if self._finder is not None:
            self._finder.stop()

    def show(self, inspection: Inspection) -> None:
        """Show an inspection; a fuller one of the same artifact keeps folds, cursor, scroll and matches."""
        if self._finder is not None:
            self._finder.stop()
        if self.state is None:
            self.state = GraphState(inspection)
            if self.is_mounted:
                self._begin()
            return
        offset = self.view.cursor_offset if self.is_mounted else 0
        self.state.show(inspection)
        if self.is_mounted:
            self.panel.forget()
            self._begin()
            self.view.place_cursor(offset)

    def _begin(self) -> None:
        assert self.state is not None
        self._finder = Finder(self.state)
        self.view.show(self.state)
        self._finder.prepare(lambda: self._take(self._heat_ready))
        self._rows_changed()

    def _take(self, call: Callable[[], object]) -> None:
        """Run on the UI thread: at once in small graphs, whose work is done there, else when it gets to it."""
        if self._finder is not None and self._finder.is_small:
            call()
        else:
            try:
                self.post_message(self.Later(call))
            except RuntimeError:  # the application has quit
                return

    def on_graph_pane_later(self, message: Later) -> None:
        """Take in an answer."""
        message.stop()
        message.call()

    def _heat_ready(self) -> None:
        self.view.forget_strips()
        self._redraw_minimap()
        self._show_panel_soon()

    def go_to(self, ref: NodeRef) -> None:
        """Put the cursor on a node, opening whatever hides it."""
        if not self.is_mounted:
            self._wanted = lambda: self.go_to(ref)
            return
        if self.state is None:
            return
        if self.state.go_to(ref):
            self._rows_changed(jumped=True)
        else:
            self._tell("That node is drawn nowhere")

    def highlight(self, refs: Sequence[NodeRef], title: str) -> None:
        """Select the first of several nodes; n and N lead to the others."""
        if not self.is_mounted:
            self._wanted = lambda: self.highlight(refs, title)
            return
        if not refs or self.state is None:
            return
        self._set_matches(Matches(tuple(refs), title))
        self.bar.open("matches", title)
        self._step(1)
        self.view.focus()

    def _rows_changed(self, jumped: bool = False) -> None:
        """Take in new rows, or a cursor that jumped."""
        view = self.view
        view.rows_changed()
        view.reveal_cursor(jumped)
        self._redraw_minimap()
        self._redraw_head()

    def _redraw_head(self) -> None:
        if self.state is not None:
            count = len(self.state.document.inspection.computation.graph.nodes)
            self.query_one(GraphHeader).show(f"{count:,} nodes · {MODES[self.state.folding.mode]}", self.state.metric)

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
        self.set_class(self.size.width >= 132, "-roomy")
        self.set_class(self.size.width >= 176, "-wide-panel")
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
        region = self.view.visible_region()
        self.query_one(Minimap).show_view(region.y, region.bottom)
        if self.state is not None:
            total = len(self.state.outline)
            self.query_one("#graph-box").border_subtitle = Content(f"row {min(total, self.state.cursor + 1):,} of {total:,}")

    def _show_panel_soon(self) -> None:
        if self._panel_timer is not None:
            self._panel_timer.stop()
        if self.has_class("-panel"):
            self._panel_timer = self.set_timer(PANEL_DELAY_SECONDS, self._show_panel)

    def _show_panel(self) -> None:
        if self.state is not None and self.has_class("-panel"):
            self.panel.show(self.state, self.state.row)

    def on_graph_header_metric_chosen(self, message: GraphHeader.MetricChosen) -> None:
        """A column title was clicked."""
        message.stop()
        if self.state is not None:
            self.state.metric = message.metric
            self._metric_changed()

    def _metric_changed(self) -> None:
        self.view.forget_strips()
        self._redraw_head()
        self._redraw_minimap()

    def on_minimap_jumped(self, message: Minimap.Jumped) -> None:
        """Show the rows around a place in the minimap."""
        message.stop()
        self.view.select(message.row)
        self.view.place_cursor(self.view.size.height // 2)

    def on_graph_view_opened(self, message: GraphView.Opened) -> None:
        """A marker was clicked or a row double-clicked."""
        message.stop()
        self.action_follow()

    def on_node_panel_followed(self, message: NodePanel.Followed) -> None:
        """A line of the panel was chosen."""
        message.stop()
        self._follow(message.link)

    def _follow(self, link: Link | None) -> None:
        if isinstance(link, Weight):
            self.post_message(ShowWeight(link.graph, link.name))
        elif link is not None:
            self.go_to(link)

    def _tell(self, text: str) -> None:
        self.notify(text, markup=False, timeout=4)

    def action_follow(self) -> None:
        """Open or close a fold or nested graph; on other nodes choose an edge to follow."""
        if self.state is None:
            return
        offset = self.view.cursor_offset
        if self.state.toggle() != "nothing":
            self._refold(offset)
        else:
            self._choose("both")

    def action_producer(self) -> None:
        """Go to what makes an input."""
        self._choose("producers")

    def action_consumer(self) -> None:
        """Go to what takes the output."""
        self._choose("consumers")

    def _choose(self, direction: Direction) -> None:
        if self.state is None:
            return
        found = choices(self.state, direction)
        if not found:
            isolated = {"producers": "Nothing above: its inputs are weights", "consumers": "Nothing below takes its output"}
            self._tell(isolated.get(direction, "No edge to follow here"))
        elif len(found) == 1 and direction != "both":
            self._follow(found[0].link)
        else:
            self.app.push_screen(FollowScreen(found), self._follow)

    def action_back(self) -> None:
        """Return to where the last jump began."""
        if self.state is not None and self.state.back():
            self._rows_changed(jumped=True)
        else:
            self._tell("No earlier place")

    def _refold(self, offset: int) -> None:
        self._rows_changed()
        self.view.place_cursor(max(0, min(self.view.size.height - 1, offset)))
        self.view.reveal_cursor()

    def action_fold(self) -> None:
        """Open or close what is under the cursor, or close what it is inside of."""
        if self.state is not None:
            offset = self.view.cursor_offset
            if self.state.fold_at_cursor():
                self._refold(offset)
            else:
                self._tell("Nothing to fold here")

    def action_fold_all(self) -> None:
        """Open every fold, or close them all."""
        if self.state is not None:
            offset = self.view.cursor_offset
            self.state.fold_all()
            self._refold(offset)

    def action_fold_mode(self) -> None:
        """Fold by repeated blocks, by name scopes, or not at all."""
        if self.state is not None:
            offset = self.view.cursor_offset
            self.state.next_mode()
            self._refold(offset)

    def action_absorbed(self) -> None:
        """Show or hide the constants and shape arithmetic of the node under the cursor."""
        if self.state is not None:
            offset = self.view.cursor_offset
            if self.state.toggle_absorbed():
                self._refold(offset)
            else:
                self._tell("This node took in no constants or shape arithmetic")

    def action_heat(self) -> None:
        """Choose the next heat column."""
        if self.state is not None:
            self.state.next_metric()
            self._metric_changed()

    def action_toggle_panel(self) -> None:
        """Show or hide the node panel."""
        self._panel_wanted = not self.has_class("-panel")
        self._place_panel()

    def action_cursor_up(self) -> None:
        """Move up one row."""
        self.view.move(-1)

    def action_cursor_down(self) -> None:
        """Move down one row."""
        self.view.move(1)

    def action_page_up(self) -> None:
        """Move up one page."""
        self.view.page(-1)

    def action_page_down(self) -> None:
        """Move down one page."""
        self.view.page(1)

    def action_first_row(self) -> None:
        """Move to the first row."""
        self.view.select(0)

    def action_last_row(self) -> None:
        """Move to the last row."""
        if self.state is not None:
            self.view.select(len(self.state.outline) - 1)

    def action_search(self) -> None:
        """Type what to search for."""
        if self.state is not None:
            self._origin = (self.state.ref, self.state.folding.copy())
            self.bar.open("search")

    def action_go_to_node(self) -> None:
        """Type which node to go to."""
        if self.state is not None:
            self._origin = None
            self.bar.open("go to")

    def on_search_bar_changed(self, message: SearchBar.Changed) -> None:
        """Find what has been typed so far."""
        message.stop()
        if self._finder is None:
            return
        if message.text.strip():
            self._finder.search(message.text, lambda query, refs: self._take(lambda: self._found(query, refs)))
        else:
            self._finder.cancel_search()
            self._set_matches(None)
            self.bar.say("")

    def _found(self, query: str, refs: list[NodeRef]) -> None:
        """Show the first match from where the search began; folds opened for an earlier text close again."""
        if self.state is None or self._finder is None or not self.bar.is_open:
            return
        self._set_matches(Matches(refs, query))
        assert self.matches is not None
        start, folding = self._origin or (self.state.ref, self.state.folding)
        self.state.restore(folding)
        ref = self.matches.step_from(start, self._finder.index)
        if ref is not None:
            self.state.go_to(ref, remember=False)
        self._rows_changed(jumped=True)
        self.bar.say(self.matches.count_text)

    def on_search_bar_submitted(self, message: SearchBar.Submitted) -> None:
        """Keep the matches for n and N, or go to the node that was named."""
        message.stop()
        self.view.focus()
        if message.purpose == "go to":
            self.bar.close()
            if self._finder is not None:
                self._finder.resolve(message.text, lambda text, ref: self._take(lambda: self._resolved(text, ref)))
        elif self.matches is None:
            self.bar.close()

    def _resolved(self, text: str, ref: NodeRef | None) -> None:
        if ref is not None:
            self.go_to(ref)
        elif text.strip():
            self._tell(f"No node is called or numbered {text.strip()}")

    def action_next_match(self) -> None:
        """Go to the next match."""
        self._step(1)

    def action_previous_match(self) -> None:
        """Go to the previous match."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self.state is None or not self.matches:
            self._tell("Search first: /")
            return
        ref = self.matches.step(by)
        if ref is not None:
            self.go_to(ref)
            self.bar.say(f"{self.matches.count_text}  n next  N previous  esc close")

    def _set_matches(self, matches: Matches | None) -> None:
        self.matches = matches
        self.view.matches = matches
        self.view.forget_strips()
        self._redraw_minimap()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Escape to the screen while there is nothing here to close."""
        if action == "close_search":
            return self.bar.is_open
        return super().check_action(action, parameters)

    def action_close_search(self) -> None:
        """Close the search bar and forget its matches."""
        if self._finder is not None:
            self._finder.cancel_search()
        self.bar.close()
        self._set_matches(None)
        self.view.focus()
        self._rows_changed()
