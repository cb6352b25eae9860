"""Runs workflows beside the screen: one daemon thread a job, events back as messages, cancel at any time.

Textual's own thread workers cannot be cancelled and hold up quitting until they are done; a daemon thread does neither.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from textual.message_pump import MessagePump

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress
from inspector.tui.messages import Cancelled, Failed, JobEvent

Workflow = Callable[[CancelToken], Iterator[Event[Any]]]
State = Literal["running", "finished", "failed", "cancelled"]


@dataclass(slots=True, eq=False)
class Job:
    """One running workflow; the owner gets its events."""

    number: int
    title: str
    owner: MessagePump
    token: CancelToken
    started: float = field(default_factory=time.monotonic)
    progress: Progress | None = None
    state: State = "running"
    thread: threading.Thread | None = None

    @property
    def seconds(self) -> float:
        """Seconds since the job was started."""
        return time.monotonic() - self.started


class Jobs:
    """Every job of the application; used from the UI thread only, apart from what says otherwise."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._jobs: list[Job] = []
        self.bug: Exception | None = None
        """The first failure that was not an InspectorError: a defect of this program, not of the artifact."""

    @property
    def running(self) -> tuple[Job, ...]:
        """Jobs that have not ended, oldest first."""
        self._jobs = [job for job in self._jobs if job.state == "running"]
        return tuple(self._jobs)

    def start(self, title: str, workflow: Workflow, owner: MessagePump) -> Job:
        """Run the workflow in a thread; owner gets a JobEvent for every event, the last being Finished, Failed or Cancelled."""
        job = Job(next(self._numbers), title, owner, CancelToken())
        job.thread = threading.Thread(target=self._run, args=(job, workflow), name=f"job-{job.number}", daemon=True)
        self._jobs.append(job)
        job.thread.start()
        return job

    def cancel(self, job: Job) -> None:
        """Stop the job: its child is killed, and no event of it counts any more. A job that has ended stays as it is."""
        if job.state != "running":
            return
        job.state = "cancelled"
        job.token.cancel()
        job.owner.post_message(JobEvent(job, Cancelled()))

    def cancel_all(self) -> None:
        """Stop every job."""
        for job in self.running:
            self.cancel(job)

    def wait_for_children(self, seconds: float) -> None:
        """Give cancelled jobs a moment to kill their children; never longer than the seconds in all."""
        deadline = time.monotonic() + seconds
        for job in self._jobs:
            if job.thread is not None:
                job.thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, job: Job, workflow: Workflow) -> None:
        """Run in the job's thread; closing the generator on the way out lets it clean up."""
        try:
            events = workflow(job.token)
            for event in events:
                if job.state != "running":
                    break
                self._tell(job, event)
            close = getattr(events, "close", None)
            if close is not None:
                close()
        except InspectorError as error:
            self._end(job, "failed", Failed(error))
        except Exception as error:
            self.bug = self.bug or error
            self._end(job, "failed", Failed(error))

    def _tell(self, job: Job, event: Event[Any]) -> None:
        if isinstance(event, Progress):
            job.progress = event
        elif isinstance(event, Finished):
            self._end(job, "finished", event)
        else:
            self._post(job, event)

    def _end(self, job: Job, state: State, event: Event[Any] | Failed) -> None:
        if job.state == "running":
            job.state = state
            self._post(job, event)

    def _post(self, job: Job, event: Event[Any] | Failed) -> None:
        try:
            wanted = job.owner.post_message(JobEvent(job, event))
        except RuntimeError:  # the event loop is gone: the application has quit
            wanted = False
        if not wanted:
            job.token.cancel()
