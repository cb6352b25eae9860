"""Work on the artifact of a workbench: what is found out beside the screen, how it is stopped, models out of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.actions import SkipAction

from inspector.records.event import Finished, Partial, Warned
from inspector.tui.jobs import Job
from inspector.tui.messages import Cancelled, Failed, JobEvent, MeasureNodes, OpenInside
from inspector.tui.screens.workbench_frame import WorkbenchFrame
from inspector.tui.tabs import Kind, artifact_shown, kind_of

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime


class WorkingWorkbench(WorkbenchFrame):
    """A frame that starts work on what it shows, and takes in what the work finds."""

    def __init__(self, path: str, kind: Kind | None = None, *, inside: bool = False) -> None:
        super().__init__(path, kind, inside=inside)
        self._bringing: Job | None = None
        self._timing: Job | None = None

    def find_out_more(self) -> None:
        """Begin the work beside the screen that a fresh inspection leaves to do."""
        if self.inspection is not None:
            if self._model is not None:
                self.background.complete(self._model)
            self.call_after_refresh(self._go_on)

    def action_read_everything(self) -> None:
        """Compute digests and confirm equal weights."""
        if self.inspection is not None:
            self.background.read_everything()
            self._go_on()

    def action_verify_digests(self) -> None:
        """Compare the digests of all layers with what they hold."""
        if self.inspection is not None:
            self.background.verify_digests()
            self._go_on()

    def action_cancel_job(self) -> None:
        """Stop the oldest running job; where none runs, the key means something else."""
        running = self.jobs_here
        if not running:
            raise SkipAction
        self.modelpack.jobs.cancel(running[0])
        self.modelpack.say(f"Stopped {running[0].title}")

    def on_open_inside(self, message: OpenInside) -> None:
        """Open a model of the image in a workbench on top of this one."""
        from inspector.tui.inside import opening_workflow

        message.stop()
        if self.inspection is None:
            return
        if self._bringing is not None:
            self.modelpack.jobs.cancel(self._bringing)
        title, workflow = opening_workflow(self.inspection, message.model, self.modelpack.batch)
        self._bringing = self.modelpack.jobs.start(title, workflow, self)

    def _take_inside(self, event: object) -> None:
        """Show the model once it is read, or say why it is not."""
        if isinstance(event, Finished):
            screen = type(self)(artifact_shown(event.result).inside, kind_of(event.result), inside=True)
            self.app.push_screen(screen)
            screen.open(event.result)
            screen.find_out_more()
        elif isinstance(event, Failed):
            self.modelpack.explain(event.error, "Not opened")
        if isinstance(event, Finished | Failed | Cancelled):
            self._bringing = None

    def on_measure_nodes(self, message: MeasureNodes) -> None:
        """Have the time of each node measured; one such job at a time."""
        from inspector.tui.node_timing import timing_workflow

        message.stop()
        if self._timing is not None:
            self.modelpack.say("The time of each node is being measured; Escape stops it")
        elif self.kind != "onnx" or self._model is None:
            self.modelpack.say("Only the runtime of ONNX models tells the time of each node")
        else:
            request = self.modelpack.requests.get(self.path)
            workflow = timing_workflow(self._model, request)
            self._timing = self.modelpack.jobs.start("measuring the time of each node", workflow, self)

    def _take_times(self, event: object) -> None:
        """Show the times in the graph, and tell the benchmark tab."""
        if isinstance(event, Finished):
            self.measured_time = event.result
            self.show_times(event.result)
        elif isinstance(event, Failed):
            self.modelpack.explain(event.error, "Not measured")
        if isinstance(event, Finished | Failed | Cancelled):
            self._timing = None

    def show_times(self, measured: MeasuredTime) -> None:
        """Hand the times to the tabs that show them."""
        for pane in self._panes.values():
            if hasattr(pane, "show_times"):
                cast("Any", pane).show_times(measured)

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what background work on the open artifact has found."""
        if message.job is self._bringing:
            message.stop()
            self._take_inside(message.event)
        elif message.job is self._timing:
            message.stop()
            self._take_times(message.event)
        elif self.background.is_running(message.job):
            message.stop()
            self._take(message)

    def _take(self, message: JobEvent) -> None:
        event = message.event
        if isinstance(event, Warned):
            self.modelpack.say(f"{event.message}\n{event.hint}".rstrip(), message.job.title)
        elif isinstance(event, Finished | Partial):
            self.update(event.result)
        elif isinstance(event, Failed):
            self.modelpack.explain(event.error, message.job.title)
        if isinstance(event, Finished | Failed | Cancelled):
            self.background.end()
            self._go_on()

    def _go_on(self) -> None:
        if self.inspection is not None:
            self.background.go_on(self.inspection)
