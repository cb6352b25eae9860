"""The panel beside the rows: everything about the selected row, edges and weights to follow, a weight's histogram."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished
from inspector.records.inspection import Inspection
from inspector.records.tensor import Weight
from inspector.records.weight_details import WeightDetails
from inspector.tui.jobs import Job, Jobs
from inspector.tui.messages import Failed, JobEvent
from inspector.tui.widgets.graph.folding import Anchor
from inspector.tui.widgets.graph.panel_text import PanelLine, heading, panel_lines, weight_of
from inspector.tui.widgets.graph.panel_view import PanelView
from inspector.tui.widgets.graph.rows import Row
from inspector.tui.widgets.graph.state import GraphState
from inspector.tui.widgets.graph.weight_text import weight_lines

REST_SECONDS = 0.3
"""How long the cursor rests on a node before its weight is read."""
FEWEST_READ = 9
"""Fewer values are written out among the inputs."""
LARGEST_READ = 512 * 2**20
"""Larger weights are only read when they are opened."""
MOST_KEPT = 64


class NodePanel(Vertical):
    """Follows the cursor of the rows. Reading values is not shown among the jobs: moving on stops it."""

    DEFAULT_CSS = """
    NodePanel {
        width: 36; height: 1fr; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft; background: $page; padding: 0 1;
    }
    NodePanel:focus-within { border: round $accent-text; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._jobs = Jobs()
        self._lines: list[PanelLine] = []
        self._state: GraphState | None = None
        self._shown: Anchor | None = None
        self._weight: Weight | None = None
        self._known: dict[tuple[str, str], WeightDetails] = {}
        self._timer: Timer | None = None
        self._job: Job | None = None

    def compose(self) -> ComposeResult:
        """Lay out the lines."""
        yield PanelView()

    def on_mount(self) -> None:
        """Nothing is selected yet."""
        self.border_title = Content("node")
        self.border_subtitle = Content("tab choose · ↵ follow")

    def on_unmount(self) -> None:
        """Nobody waits for values any more."""
        self._stop_reading()

    @property
    def view(self) -> PanelView:
        """The lines."""
        return self.query_one(PanelView)

    def show(self, state: GraphState, row: Row) -> None:
        """Show a row; its weight is read once the cursor rests."""
        self._state = state
        self._lines = panel_lines(state, row)
        weight = weight_of(state, row)
        if weight != self._weight:
            self._stop_reading()
            self._weight = weight
            self._read_soon()
        details = self._details
        keep = row.anchor == self._shown
        self._shown = row.anchor
        self.view.show(self._lines if details is None else [*self._lines, *self._values(details)], keep)

    def forget(self) -> None:
        """A fuller inspection is shown: what was being read may be described otherwise there."""
        self._stop_reading()
        self._weight = None

    @property
    def _details(self) -> WeightDetails | None:
        return None if self._weight is None else self._known.get((self._weight.graph, self._weight.name))

    def _values(self, details: WeightDetails) -> list[PanelLine]:
        width = max(8, self.view.size.width - 1)
        return [PanelLine(), heading("values"), *(PanelLine(parts) for parts in weight_lines(details, width))]

    def _read_soon(self) -> None:
        weight = self._weight
        if weight is None or self._details is not None:
            return
        if weight.element_count >= FEWEST_READ and weight.byte_count <= LARGEST_READ:
            self._timer = self.set_timer(REST_SECONDS, self._read)

    def _stop_reading(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._job is not None:
            self._jobs.cancel(self._job)
            self._job = None

    def _read(self) -> None:
        weight, state = self._weight, self._state
        if weight is None or state is None or not self.display:
            return
        inspection = state.document.inspection

        def workflow(token: CancelToken) -> Iterator[Event[WeightDetails]]:
            return _read_weight(inspection, weight, token)

        self._job = self._jobs.start(f"reading {weight.name}", workflow, self)
        self._add(PanelLine((("reading values …", "soft"),)))

    def _add(self, *lines: PanelLine) -> None:
        self.view.show([*self._lines, *lines], keep=True)

    def on_job_event(self, message: JobEvent) -> None:
        """Show what was read, or why nothing was."""
        message.stop()
        if message.job is not self._job:
            return
        event = message.event
        if isinstance(event, Finished):
            self._job = None
            self._keep(event.result)
        elif isinstance(event, Failed):
            self._job = None
            said = event.error.message if isinstance(event.error, InspectorError) else type(event.error).__name__
            self._add(PanelLine(((f"values not read: {said}", "exception"),)))

    def _keep(self, details: WeightDetails) -> None:
        if len(self._known) >= MOST_KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[details.weight.graph, details.weight.name] = details
        self._add(*self._values(details))


def _read_weight(inspection: Inspection, weight: Weight, token: CancelToken) -> Iterator[Event[WeightDetails]]:
    from inspector.workflows.weights import read_weight

    return read_weight(inspection, weight, token)
