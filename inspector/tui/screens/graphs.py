"""The graphs before and after a step, side by side: where one goes, the other follows as far as nodes match."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished
from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.report.figures import plural
from inspector.tui.actions import Where, modal_bindings
from inspector.tui.jobs import Job
from inspector.tui.messages import Failed, JobEvent
from inspector.tui.plain_text import plain
from inspector.tui.widgets.graph.counterparts import Pairs, counterparts, without_counterpart
from inspector.tui.widgets.graph.folding import FoldMode
from inspector.tui.widgets.graph.graph_view import GraphView
from inspector.tui.widgets.graph.row_actions import RowActions
from inspector.tui.widgets.graph.rows import BranchRow, FoldRow, NodeRow, Row, cover
from inspector.tui.widgets.graph.search import Matches
from inspector.tui.widgets.graph.state import GraphState, spot_of
from inspector.tui.widgets.job_bar import JobBar
from inspector.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from inspector.tui.app import ModelpackApp

_TRIED = 400
"""Rows looked at around the cursor for one that the other side has."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both graphs ready to be drawn, which node is which, and for each side the nodes that the other one lacks."""

    states: tuple[GraphState, GraphState]
    pairs: tuple[Pairs, Pairs]
    alone: tuple[list[NodeRef], list[NodeRef]]


def shared_modes(states: tuple[GraphState, GraphState]) -> list[FoldMode]:
    """Return the ways of folding that do something on both sides, and none."""
    views = [state.document.view(state.document.roots[0]) for state in states]
    modes: list[FoldMode] = ["repeats"] if all(view.folds for view in views) else []
    modes += ["scopes"] if all(view.scopes for view in views) else []
    return [*modes, "none"]


def fold_both(states: tuple[GraphState, GraphState], mode: FoldMode) -> None:
    """Fold both sides one way."""
    for state in states:
        folding = state.folding.copy()
        folding.mode = mode
        state.restore(folding)


def lay_out(before: Inspection, after: Inspection) -> Sides:
    """Make both graphs; takes long for large models, so not on the UI's thread."""
    states = (GraphState(before), GraphState(after))
    fold_both(states, shared_modes(states)[0])
    forth, back = counterparts(states[0].document, states[1].document)
    alone = (without_counterpart(states[0].document, forth), without_counterpart(states[1].document, back))
    return Sides(states, (forth, back), alone)


class GraphsScreen(RowActions, ModalScreen[None]):
    """Two graphs; every key moves both, Tab moves between them, and nodes that only one has are marked."""

    BINDINGS: ClassVar[list[BindingType]] = modal_bindings("dialog", "graphs")
    places: tuple[Where, ...] = ("graphs", "dialog", "everywhere")
    all_places = places
    DEFAULT_CSS = """
    GraphsScreen { background: $page; align: left top; }
    GraphsScreen #sides { height: 1fr; }
    GraphsScreen .side {
        width: 1fr; height: 1fr; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft; padding-left: 1;
    }
    GraphsScreen .side:focus-within { border: round $accent-text; }
    """

    def __init__(self, before: Inspection, after: Inspection, step: str) -> None:
        super().__init__()
        self._inspections = (before, after)
        self._step = step
        self.views = (GraphView(), GraphView())
        self._boxes = tuple(Vertical(view, classes="side") for view in self.views)
        self._sides: Sides | None = None
        self._job: Job | None = None

    def compose(self) -> Iterator[Widget]:
        """Lay out both sides over the bars."""
        yield Horizontal(*self._boxes, id="sides")
        yield JobBar(lambda: [self._job] if self._job is not None else [])
        yield KeyBar(*self.places)

    def on_mount(self) -> None:
        """Make the graphs beside the screen."""
        self._boxes[0].border_title = Content("before: the original")
        self._boxes[1].border_title = plain(f"after {self._step}")
        before, after = self._inspections

        def workflow(_: CancelToken) -> Iterator[Event[Sides]]:
            yield Finished(lay_out(before, after))

        self._job = self._modelpack.jobs.start("laying out graphs", workflow, self)

    def on_job_event(self, message: JobEvent) -> None:
        """Show the graphs once they are made."""
        if message.job is not self._job:
            return
        message.stop()
        event = message.event
        if isinstance(event, Finished):
            self._show(event.result)
        elif isinstance(event, Failed):
            self._modelpack.explain(event.error, "graphs")
            self.dismiss()
        self._job = None

    def _show(self, sides: Sides) -> None:
        self._sides = sides
        for view, state, alone in zip(self.views, sides.states, sides.alone, strict=True):
            view.matches = Matches(alone)
            view.show(state)
        for box, state, alone, word in zip(self._boxes, sides.states, sides.alone, ("gone after", "new"), strict=True):
            count = sum(len(graph.nodes) for graph in state.document.graphs.values())
            box.border_subtitle = Content(f"{plural(count, 'node')} · {len(alone):,} {word}, marked · n next")
        self.views[0].focus()

    @property
    def _at(self) -> int:
        """Which side takes the keys."""
        return 1 if self.views[1].has_focus else 0

    def on_graph_view_cursor_moved(self, message: GraphView.CursorMoved) -> None:
        """Follow on the other side."""
        message.stop()
        self._follow(self._at)

    def _follow(self, leader: int) -> None:
        """Put the cursor of the other side on what matches the row under this one's, at the same height."""
        if self._sides is None:
            return
        state, other = self._sides.states[leader], self._sides.states[1 - leader]
        found = counterpart_row(state, other, self._sides.pairs[leader])
        if found is not None and found != other.cursor:
            view = self.views[1 - leader]
            view.select(found)
            view.place_cursor(self.views[leader].cursor_offset)

    def on_graph_view_opened(self, message: GraphView.Opened) -> None:
        """A marker was clicked, or a row double-clicked."""
        message.stop()
        self.action_fold()

    def on_graph_view_changed(self, message: GraphView.Changed) -> None:
        """Nothing is drawn beside these rows."""
        message.stop()

    def _refold(self, change: Callable[[GraphState], object], both: bool) -> None:
        if self._sides is None:
            return
        for at in (self._at, *((1 - self._at,) if both else ())):
            offset = self.views[at].cursor_offset
            change(self._sides.states[at])
            self.views[at].rows_changed()
            self.views[at].place_cursor(max(0, min(self.views[at].size.height - 1, offset)))
            self.views[at].reveal_cursor()
        self._follow(self._at)

    def action_fold(self) -> None:
        """Open or close what is under the cursor, or close what it is inside of."""
        self._refold(lambda state: state.fold_at_cursor(), both=False)

    def action_fold_all(self) -> None:
        """Open every fold on both sides, or close them all."""
        if self._sides is not None:
            wanted = not self._sides.states[self._at].folding.all_open

            def fold(state: GraphState) -> None:
                if state.folding.all_open != wanted:
                    state.fold_all()

            self._refold(fold, both=True)

    def action_fold_mode(self) -> None:
        """Fold both sides another way."""
        if self._sides is not None:
            states = self._sides.states
            modes = shared_modes(states)
            fold_both(states, modes[(modes.index(states[0].folding.mode) + 1) % len(modes)])
            self._refold(lambda _: None, both=True)

    def action_other_side(self) -> None:
        """Let the other side take the keys."""
        self.views[1 - self._at].focus()

    def action_next_difference(self) -> None:
        """Go to the next node that the other side does not have."""
        self._step_difference(1)

    def action_previous_difference(self) -> None:
        """Go to the one before."""
        self._step_difference(-1)

    def _step_difference(self, by: int) -> None:
        view = self.views[self._at]
        ref = view.matches.step(by) if view.matches is not None else None
        if self._sides is None or ref is None:
            self._modelpack.say("This side has no node that the other does not have; Tab goes there", "graphs")
        elif self._sides.states[self._at].go_to(ref, remember=False):
            view.rows_changed()
            view.reveal_cursor(jumped=True)

    def _move(self, by: Callable[[GraphView], None]) -> None:
        by(self.views[self._at])

    def action_close(self) -> None:
        """Go back to the steps."""
        if self._job is not None:
            self._modelpack.jobs.cancel(self._job)
        self.dismiss()

    async def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        await self._modelpack.perform(message.action)

    @property
    def _modelpack(self) -> ModelpackApp:
        return cast("ModelpackApp", self.app)


def counterpart_row(state: GraphState, other: GraphState, pairs: Pairs) -> int | None:
    """Return the other side's row for the row under the cursor, or for the nearest one above that has one; None: no such."""
    for index in range(state.cursor, max(-1, state.cursor - _TRIED), -1):
        row = state.outline.row_at(index)
        ref = _named_by(row)
        found = pairs.get(ref) if ref is not None and ref.index >= 0 else ref
        shown = cover(other.document, other.folding, other.outline, found) if found is not None else None
        if shown is not None:
            return shown
    return None


def _named_by(row: Row) -> NodeRef | None:
    """Return the node that tells what a row is: its own, or the first of what it folds."""
    if isinstance(row, BranchRow):
        return None
    if isinstance(row, FoldRow):
        return NodeRef(row.section.graph.path, row.section.layout.nodes[row.fold.first])
    return spot_of(row) if isinstance(row, NodeRow) else None
