"""Drives one session of slimming beside the screen: a survey, runs of the levels, saving; and what each tells."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual.message_pump import MessagePump

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Partial, Started, Warned
from inspector.records.slimming import Slimming, SlimProgress, SlimRequest, SlimSurvey
from inspector.tui.jobs import Job, Jobs, Workflow
from inspector.tui.messages import Cancelled, Failed, JobEvent
from inspector.tui.widgets.optimize.runner import DEFECT
from inspector.tui.widgets.slim.level_rows import RunState

if TYPE_CHECKING:
    from inspector.records.image_inspection import ImageInspection
    from inspector.workflows.slimming.session import SlimSession


_CLOSING_SECONDS = 10.0
"""How long the end of the process waits for what is on the engine to be removed; a run after it removes what is left."""


def new_session(inspection: ImageInspection, request: SlimRequest) -> SlimSession:
    """Return a session; imported when the first is wanted."""
    from inspector.workflows.slimming.session import SlimSession

    return SlimSession(inspection, request)


class SlimRunner:
    """Used from the UI thread; the session itself by one job's thread at a time."""

    def __init__(self, jobs: Jobs, owner: MessagePump) -> None:
        self._jobs = jobs
        self._owner = owner
        self._session: SlimSession | None = None
        self._surveying: Job | None = None
        self._running: Job | None = None
        self._threads: list[threading.Thread] = []
        self._seconds = 0.0
        self.survey: SlimSurvey | None = None
        self.run = RunState()
        self.ran_with: SlimRequest | None = None
        """What the last run was asked for."""
        self.warnings: tuple[str, ...] = ()
        self.problem = ""
        """Why nothing can be told of the image."""

    @property
    def busy(self) -> bool:
        """Whether levels are being run."""
        return self._running is not None

    @property
    def surveying(self) -> bool:
        """Whether it is being found out what could go."""
        return self._surveying is not None

    @property
    def seconds(self) -> float:
        """How long the run has taken, or took."""
        return self._running.seconds if self._running is not None else self._seconds

    @property
    def doing(self) -> str:
        """What goes on."""
        return self.run.doing

    @property
    def session(self) -> SlimSession | None:
        """The session; None until all layers are read."""
        return self._session

    def begin(self, inspection: ImageInspection, request: SlimRequest) -> None:
        """Start over with an image, and find out what could go."""
        self.close()
        self.run, self.ran_with = RunState(), None
        self.warnings, self.problem = (), ""
        try:
            session = self._session = new_session(inspection, request)
        except InspectorError as error:
            self.problem = str(error)
            return
        self._surveying = self._start("looking at what could go", lambda _: _survey(session))

    def start(self, request: SlimRequest) -> None:
        """Run the levels of a request; what an earlier run came to is forgotten."""
        session = self._session
        assert session is not None
        self.run = RunState(running=True, queue=request.levels, begun=time.monotonic())
        self.ran_with, self.warnings = request, ()

        def workflow(token: CancelToken) -> Iterator[Event[Slimming]]:
            session.request = request
            yield from session.run(token)

        self._running = self._start("slimming", workflow)

    def saving(self, target: str) -> Workflow:
        """Return what writes the last accepted level, as the session does, once nobody else uses that."""
        session = self._session
        assert session is not None
        return self._after_others(lambda token: session.save(target, token))

    def _after_others(self, workflow: Workflow) -> Workflow:
        """Return the workflow, begun once the threads of earlier jobs have let go of the session."""
        earlier = self._threads = [thread for thread in self._threads if thread.is_alive()]

        def after(token: CancelToken) -> Iterator[Event[Any]]:
            for thread in earlier:
                thread.join()
            yield from workflow(token)

        return after

    def _start(self, title: str, workflow: Workflow) -> Job:
        job = self._jobs.start(title, self._after_others(workflow), self._owner)
        self._threads = [*self._threads, *([job.thread] if job.thread else [])]
        return job

    def take(self, message: JobEvent) -> bool:
        """Take in what a job of ours says; False for others."""
        if message.job is self._surveying:
            self._take_survey(message.event)
        elif message.job is self._running:
            self._take_run(message.event)
        else:
            return False
        return True

    def _take_survey(self, event: object) -> None:
        if isinstance(event, Finished):
            self.survey = event.result
        elif isinstance(event, Failed):
            self.problem = _reason(event.error)
        elif isinstance(event, Cancelled):
            self.problem = "stopped by you: ^r reads the image again"
        if isinstance(event, Finished | Failed | Cancelled):
            self._surveying = None

    def _take_run(self, event: object) -> None:
        if isinstance(event, Started):
            self.run = replace(self.run, doing=event.title)
        elif isinstance(event, Warned):
            self.warnings = (*self.warnings, f"{event.message} ({event.hint})" if event.hint else event.message)
        elif isinstance(event, Partial) and isinstance(event.result, SlimProgress):
            self._take_progress(event.result)
        elif isinstance(event, Finished):
            self._take_result(event.result)
            self._end()
        elif isinstance(event, Failed):
            self._end(problem=_reason(event.error))
        elif isinstance(event, Cancelled):
            self._end(stopped=True)

    def _take_progress(self, progress: SlimProgress) -> None:
        steps = {**self.run.steps, **{step.level: step for step in progress.steps}}
        begun = self.run.begun
        if self.run.progress is None or self.run.progress.level != progress.level:
            begun = time.monotonic()
        self.run = replace(self.run, steps=steps, progress=progress, begun=begun, doing=progress.doing)

    def _take_result(self, result: Slimming) -> None:
        self.run = replace(self.run, steps={step.level: step for step in result.steps})
        self.warnings = tuple(dict.fromkeys((*self.warnings, *result.warnings)))

    def saved(self, result: Slimming) -> None:
        """Take in the session's account after something was written: one of its steps knows where."""
        self._take_result(result)

    def _end(self, problem: str = "", *, stopped: bool = False) -> None:
        assert self._running is not None
        self._seconds = time.monotonic() - self._running.started
        self._running = None
        self.run = replace(self.run, running=False, problem=problem, stopped=stopped)

    def close(self) -> None:
        """Stop what runs and remove what the session made."""
        for job in (self._surveying, self._running):
            if job is not None:
                self._jobs.cancel(job)
        self._surveying = self._running = None
        if self._session is not None:
            threads, session = self._threads, self._session
            self._session, self._threads = None, []
            closing = threading.Thread(target=_close, args=(session, threads), name="closing", daemon=True)
            closing.start()
            atexit.register(closing.join, _CLOSING_SECONDS)


def _survey(session: SlimSession) -> Iterator[Event[SlimSurvey]]:
    yield Finished(session.survey())


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, InspectorError) else DEFECT


def _close(session: SlimSession, threads: list[threading.Thread]) -> None:
    """Remove what a session made once nobody uses it any more."""
    for thread in threads:
        thread.join()
    session.close()
