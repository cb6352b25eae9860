"""Drives one session of optimizing beside the screen: one job a step, a queue of those to come, and what each tells."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from textual.message_pump import MessagePump

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Partial, Progress, Started, Warned
from inspector.records.optimization import Change, OptimizationRequest, OptimizerName, Preflight, StepProgress
from inspector.report.figures import plural
from inspector.tui.jobs import Job, Jobs, Workflow
from inspector.tui.messages import Cancelled, Failed, JobEvent
from inspector.tui.widgets.optimize.becoming import format_of
from inspector.tui.widgets.optimize.step_log import StepLog, StepRow

if TYPE_CHECKING:
    from inspector.records.artifact import Format
    from inspector.records.inspection import Inspection
    from inspector.workflows.optimization.data_facts import DataFacts
    from inspector.workflows.optimization.session import OptimizationSession

DEFECT = "a defect of modelpack-tui; it is reported when you quit"


class StepRunner:
    """A session with the log of its steps; used from the UI thread, the session itself by one job's thread at a time."""

    def __init__(self, jobs: Jobs, owner: MessagePump) -> None:
        self._jobs = jobs
        self._owner = owner
        self._session: OptimizationSession | None = None
        self._looking: Job | None = None
        self._running: Job | None = None
        self._reading: Job | None = None
        self._queue: list[OptimizerName] = []
        self._threads: list[threading.Thread] = []
        self.log = StepLog()
        self.steps: tuple[OptimizerName, ...] = ()
        """Steps there are for what the model is now."""
        self.format: Format = "onnx"
        """What the model is now."""
        self.preflights: dict[OptimizerName, Preflight] = {}
        self.problems: dict[OptimizerName, str] = {}
        self.data_note = ""
        """What is known of the file of samples: how many, and whether there are labels."""

    @property
    def busy(self) -> bool:
        """Whether a step runs, or one is about to."""
        return self._running is not None or bool(self._queue)

    @property
    def progress(self) -> Progress | None:
        """How far what the running step does is."""
        return self._running.progress if self._running is not None else None

    @property
    def session(self) -> OptimizationSession:
        """The session; there is one from begin() on."""
        assert self._session is not None
        return self._session

    def begin(self, inspection: Inspection, request: OptimizationRequest, data_note: str = "") -> None:
        """Start over with a model, and find out what each step would do to it, and what the data is where nobody knows yet."""
        from inspector.workflows.optimization.session import OptimizationSession

        self.close()
        self._session = OptimizationSession(inspection, request)
        self.log = StepLog()
        self.data_note = data_note
        self.look()
        self._look_at_data(inspection, request)

    def _look_at_data(self, inspection: Inspection, request: OptimizationRequest) -> None:
        from inspector.workflows.optimization.data_facts import look_at_data, named_data

        path = named_data(request)
        if path is not None and not self.data_note:
            self._reading = self._jobs.start(
                f"reading {path.name}", lambda token: look_at_data(path, inspection, request, token), self._owner
            )

    def look(self) -> None:
        """Find out what each step would do to the model as it is now."""
        self._stop(self._looking)
        self.preflights, self.problems = {}, {}
        session = self.session
        self.steps, self.format = session.steps(), format_of(session.current)
        names = self.steps
        self._looking = self._start("looking at what steps would do", lambda _: _preflights(session, names))

    def run(self, names: Sequence[OptimizerName], kept: Sequence[str] = ()) -> None:
        """Run steps one after another; kept names nodes that the first of them keeps in fp32."""
        first, *self._queue = names
        self._stop(self._looking)
        self._looking = None
        session, count = self.session, self.log.count
        self.log.begin(first, session.current, kept)

        def workflow(token: CancelToken) -> Iterator[Event[Change]]:
            session.undo_to(count)  # a step that ended just as it was stopped
            yield from session.run(first, token, tuple(kept))

        self._running = self._start(first, workflow)

    def after_others(self, workflow: Workflow) -> Workflow:
        """Return a workflow on the session, begun once the threads of earlier jobs have let go of that."""
        earlier = self._threads = [thread for thread in self._threads if thread.is_alive()]

        def after(token: CancelToken) -> Iterator[Event[Any]]:
            for thread in earlier:
                thread.join()
            yield from workflow(token)

        return after

    def _start(self, title: str, workflow: Workflow) -> Job:
        """Start a job once the thread of the one before has let go of the session."""
        job = self._jobs.start(title, self.after_others(workflow), self._owner)
        self._threads = [*self._threads, *([job.thread] if job.thread else [])]
        return job

    def take(self, message: JobEvent) -> bool:
        """Take in what a job of ours says; False for others."""
        if message.job is self._looking:
            self._take_preflight(message.event)
        elif message.job is self._reading:
            self._take_data(message.event)
        elif message.job is self._running:
            self._take_step(message.event)
        else:
            return False
        return True

    def _take_preflight(self, event: object) -> None:
        if isinstance(event, Partial):
            name, found = event.result
            known: dict[OptimizerName, Any] = self.preflights if isinstance(found, Preflight) else self.problems
            known[name] = found
        elif isinstance(event, Failed):
            self.problems = {name: str(event.error) for name in self.steps if name not in self.preflights}
        elif isinstance(event, Cancelled):
            self.problems = {name: "found out when it runs" for name in self.steps if name not in self.preflights}
        if isinstance(event, Finished | Failed | Cancelled):
            self._looking = None

    def _take_data(self, event: object) -> None:
        if isinstance(event, Finished):
            self.data_note = data_note(event.result)
        elif isinstance(event, Failed):
            self.data_note = str(event.error) if isinstance(event.error, InspectorError) else DEFECT
        if isinstance(event, Finished | Failed | Cancelled):
            self._reading = None

    def _take_step(self, event: object) -> None:
        if isinstance(event, Started):
            self.log.say("" if self._running is not None and event.title == self._running.title else event.title)
        elif isinstance(event, Partial) and isinstance(event.result, StepProgress):
            self.log.note(event.result)
        elif isinstance(event, Warned):
            self.log.warn(f"{event.message} ({event.hint})" if event.hint else event.message)
        elif isinstance(event, Finished):
            self.log.finish(event.result, self.session.current)
            self._go_on()
        elif isinstance(event, Cancelled):
            self.log.stop()
            self._end()
        elif isinstance(event, Failed):
            self.log.fail(str(event.error) if isinstance(event.error, InspectorError) else DEFECT)
            self._end()

    def _go_on(self) -> None:
        self._running = None
        if self._queue:
            self.run(self._queue)
        else:
            self.look()

    def _end(self) -> None:
        self._queue = []
        self._running = None
        self.look()

    def undo(self, rows: Sequence[StepRow]) -> None:
        """Forget the last rows, and the steps they are."""
        self.session.undo_to(self.log.drop(rows))
        self.look()

    def _stop(self, job: Job | None) -> None:
        if job is not None:
            self._jobs.cancel(job)

    def close(self) -> None:
        """Stop what runs and remove what the session made."""
        self._stop(self._looking)
        self._stop(self._running)
        self._stop(self._reading)
        self._looking = self._running = self._reading = None
        self._queue = []
        if self._session is not None:
            threads, session = self._threads, self._session
            self._session, self._threads = None, []
            threading.Thread(target=_close, args=(session, threads), name="closing", daemon=True).start()


def data_note(facts: DataFacts) -> str:
    """Return "2,985 samples, labelled"."""
    return f"{plural(facts.samples, 'sample')}, {'labelled' if facts.labelled else 'without labels'}"


def _preflights(session: OptimizationSession, names: Sequence[OptimizerName]) -> Iterator[Event[Any]]:
    """Tell of each step what it would do, or why that cannot be said."""
    for name in names:
        try:
            yield Partial((name, session.preflight(name)))
        except InspectorError as error:
            yield Partial((name, str(error)))
    yield Finished(None)


def _close(session: OptimizationSession, threads: Sequence[threading.Thread]) -> None:
    """Remove what a session made once nobody uses it any more."""
    for thread in threads:
        thread.join()
    session.close()
