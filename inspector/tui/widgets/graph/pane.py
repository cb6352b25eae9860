"""The graph tab: what its keys do, and what the workbench asks of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.content import Content

from inspector.records.inspection import Inspection
from inspector.records.tensor import Weight
from inspector.tui.actions import bindings
from inspector.tui.messages import MeasureNodes, ShowWeight
from inspector.tui.widgets.graph.follow import Direction, FollowScreen, choices
from inspector.tui.widgets.graph.graph_view import GraphView
from inspector.tui.widgets.graph.heat import TITLES
from inspector.tui.widgets.graph.heaviest import go_to_heaviest
from inspector.tui.widgets.graph.pane_search import SearchingPane
from inspector.tui.widgets.graph.panel_text import Link
from inspector.tui.widgets.graph.panel_view import PanelView
from inspector.tui.widgets.graph.row_actions import RowActions
from inspector.tui.widgets.graph.state import GraphState

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime


class GraphPane(RowActions, SearchingPane):
    """Shows one inspection as a graph; see show, go_to and highlight."""

    DEFAULT_CSS = """
    GraphPane { width: 100%; height: 100%; layout: horizontal; }
    GraphPane #graph-box {
        width: 1fr; height: 1fr; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft; padding-left: 1;
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

    def on_mount(self) -> None:
        """Show what was asked for before there was anything to show it on."""
        self.query_one("#graph-box").border_title = Content("graph")
        if self.state is not None:
            self._begin()
        if self._wanted is not None:
            self._wanted()
            self._wanted = None

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

    def on_graph_view_opened(self, message: GraphView.Opened) -> None:
        """A marker was clicked or a row double-clicked."""
        message.stop()
        self.action_follow()

    def on_panel_view_chosen(self, message: PanelView.Chosen) -> None:
        """A line of the panel was chosen."""
        message.stop()
        self._follow(message.link)

    def _follow(self, link: Link | None) -> None:
        if isinstance(link, Weight):
            self.post_message(ShowWeight(link.graph, link.name))
        elif link is not None:
            self.go_to(link)
            self.view.focus()

    def action_follow(self) -> None:
        """Open or close a fold or nested graph; on other nodes choose an edge to follow; in the panel follow its line."""
        if self.state is None:
            return
        if self.panel.view.has_focus:
            self.panel.view.follow()
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
        if not self.state.edges.ready:
            self._tell("Edges are still being read")
            return
        found = choices(self.state, direction)
        if not found:
            isolated = {"producers": "Nothing above: its inputs are weights", "consumers": "Nothing below takes its output"}
            self._tell(isolated.get(direction, "No edge to follow here"))
        elif len(found) == 1 and direction != "both":
            self._follow(found[0].link)
        else:
            self.app.push_screen(FollowScreen(found, "follow an edge"), self._follow)

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

    def go_to_heaviest(self) -> None:
        """Go to the row that costs most; asked again there, open it and go on inside."""
        if self.state is None:
            return
        if not self.state.heat.ready:
            self._tell("Costs are still being counted")
        elif go_to_heaviest(self.state):
            self._rows_changed(jumped=True)
            self._show_panel_soon()
        else:
            self._tell(f"No row has {TITLES[self.state.metric]}: h chooses another figure")

    def action_measure_nodes(self) -> None:
        """Have the time of each node measured; the heat column shows it then."""
        self.post_message(MeasureNodes())

    def show_times(self, times: MeasuredTime) -> None:
        """Show the time of each node in the heat column."""
        if self.state is None:
            return
        self.state.show_times(times)
        if self.is_mounted:
            self.panel.forget()
            self._begin()
            self._metric_changed()
            self._show_panel_soon()

    def action_toggle_panel(self) -> None:
        """Show or hide the node panel."""
        self._panel_wanted = not self.has_class("-panel")
        self._place_panel()

    def _move(self, by: Callable[[GraphView | PanelView], None]) -> None:
        """Move in the panel while it has the focus, else in the rows, all that follows them in the same frame."""
        by(self.panel.view if self.panel.view.has_focus else self.view)
        self._view_moved()
