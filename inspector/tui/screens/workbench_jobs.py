"""Work on the artifact of a workbench: what is found out beside the screen, how it is stopped, models out of an image."""

from __future__ import annotations

from textual.actions import SkipAction

from inspector.records.event import Finished, Partial, Warned
from inspector.tui.jobs import Job
from inspector.tui.messages import Cancelled, Failed, JobEvent, OpenInside
from inspector.tui.screens.workbench_frame import WorkbenchFrame
from inspector.tui.tabs import Kind, artifact_shown, kind_of


class WorkingWorkbench(WorkbenchFrame):
    """A frame that starts work on what it shows, and takes in what the work finds."""

    def __init__(self, path: str, kind: Kind | None = None, *, inside: bool = False) -> None:
        super().__init__(path, kind, inside=inside)
        self._bringing: Job | None = None

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

    def on_job_event(self, message: JobEvent) -> None:
        """Take in what background work on the open artifact has found."""
        if message.job is self._bringing:
            message.stop()
            self._take_inside(message.event)
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
