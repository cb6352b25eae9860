"""The panel beside the rows: everything about the selected row, edges and weights to follow, a weight's histogram."""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.timer import Timer
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished
from inspector.records.inspection import Inspection
from inspector.records.tensor import Weight
from inspector.records.weight_details import WeightDetails
from inspector.tui.jobs import Job, Jobs
from inspector.tui.messages import Failed, JobEvent
from inspector.tui.widgets.graph.inks import ink
from inspector.tui.widgets.graph.panel_text import Link, PanelLine, panel_lines, weight_of
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


class LinkList(OptionList):
    """Lines of which those that lead somewhere can be chosen."""

    DEFAULT_CSS = """
    LinkList, LinkList:focus {
        height: 1fr; background: $page; background-tint: $page 0%; color: $ink; border: none; padding: 0;
        scrollbar-size-vertical: 1;
    }
    LinkList > .option-list--option { padding: 0; }
    LinkList > .option-list--option-disabled { color: $ink; }
    LinkList > .option-list--option-highlighted { background: $page; color: $ink; text-style: none; }
    LinkList:focus > .option-list--option-highlighted { background: $cursor; color: $ink; text-style: none; }
    """

    def show(self, lines: list[PanelLine]) -> None:
        """Replace the lines; nothing is chosen."""
        self.clear_options()
        self.add_options([Option(ink(line.parts), disabled=line.link is None) for line in lines])
        self.scroll_home(animate=False)


class NodePanel(Vertical):
    """Follows the cursor of the rows."""

    DEFAULT_CSS = """
    NodePanel {
        width: 40; height: 1fr; border: round $line; border-title-color: $accent-text; border-title-style: bold;
        border-subtitle-color: $soft; background: $page; padding: 0 1;
    }
    NodePanel:focus-within { border: round $accent-text; }
    NodePanel #weight-values { height: auto; max-height: 9; border-top: solid $line; color: $ink; }
    """

    class Followed(Message):
        """A line that leads somewhere was chosen."""

        def __init__(self, link: Link) -> None:
            super().__init__()
            self.link = link

    def __init__(self, jobs: Jobs | None = None) -> None:
        super().__init__()
        self._jobs = jobs
        self._lines: list[PanelLine] = []
        self._state: GraphState | None = None
        self._weight: Weight | None = None
        self._known: dict[tuple[str, str], WeightDetails] = {}
        self._timer: Timer | None = None
        self._job: Job | None = None

    def compose(self) -> ComposeResult:
        """Lay out the lines with the weight's values below."""
        yield LinkList(markup=False)
        yield Static(id="weight-values", markup=False)

    def on_mount(self) -> None:
        """Nothing is selected yet."""
        self.border_title = Content("node")
        self.border_subtitle = Content("tab choose · ↵ follow")
        self.query_one("#weight-values").display = False

    def show(self, state: GraphState, row: Row) -> None:
        """Show a row; its weight is read once the cursor rests."""
        self._state = state
        self._lines = panel_lines(state, row)
        self.query_one(LinkList).show(self._lines)
        weight = weight_of(state, row)
        if weight != self._weight:
            self._stop_reading()
            self._weight = weight
            self._show_weight()

    def forget(self) -> None:
        """Another artifact is shown: what was read of weights is of no use."""
        self._stop_reading()
        self._weight = None
        self._known.clear()

    def _show_weight(self) -> None:
        weight = self._weight
        details = None if weight is None else self._known.get((weight.graph, weight.name))
        self.query_one("#weight-values").display = details is not None
        if details is not None:
            self._draw(details)
        elif weight is not None and weight.element_count > 1 and weight.byte_count <= LARGEST_READ:
            self._timer = self.set_timer(REST_SECONDS, self._read)

    def _draw(self, details: WeightDetails) -> None:
        values = self.query_one("#weight-values", Static)
        values.display = True
        width = max(8, self.size.width - 4)
        values.update(Content("\n").join(ink(line) for line in weight_lines(details, width)))

    def on_resize(self, _: Resize) -> None:
        """The histogram is as wide as the panel."""
        details = None if self._weight is None else self._known.get((self._weight.graph, self._weight.name))
        if details is not None:
            self._draw(details)

    def _stop_reading(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self._job is not None and self._jobs is not None:
            self._jobs.cancel(self._job)
            self._job = None

    def _read(self) -> None:
        weight, state = self._weight, self._state
        if weight is None or state is None or self._jobs is None or not self.display:
            return
        inspection = state.document.inspection

        def workflow(token: CancelToken) -> Iterator[Event[WeightDetails]]:
            return _read_weight(inspection, weight, token)

        self._job = self._jobs.start(f"reading {weight.name}", workflow, self)

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
            self._say(event.error)

    def _keep(self, details: WeightDetails) -> None:
        if len(self._known) >= MOST_KEPT:
            self._known.pop(next(iter(self._known)))
        self._known[details.weight.graph, details.weight.name] = details
        self._draw(details)

    def _say(self, error: Exception) -> None:
        values = self.query_one("#weight-values", Static)
        values.display = True
        said = error.message if isinstance(error, InspectorError) else type(error).__name__
        values.update(ink(((f"values not read: {said}", "exception"),)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Follow the chosen line."""
        event.stop()
        link = self._lines[event.option_index].link if event.option_index < len(self._lines) else None
        if link is not None:
            self.post_message(self.Followed(link))


def _read_weight(inspection: Inspection, weight: Weight, token: CancelToken) -> Iterator[Event[WeightDetails]]:
    from inspector.workflows.weights import read_weight

    return read_weight(inspection, weight, token)
