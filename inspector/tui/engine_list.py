"""Looks into the working folder and asks container engines beside the screen; nobody waits for the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.message_pump import MessagePump

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Partial
from inspector.tui.candidates import Candidate, engine_candidates, folder_candidates
from inspector.tui.jobs import Job, Jobs
from inspector.tui.messages import JobEvent


class EngineList:
    """What the working folder holds, the images on the engines that answered last, and the job that looks again."""

    def __init__(self) -> None:
        self.candidates: Sequence[Candidate] = ()
        self.asking: Job | None = None

    def ask(self, jobs: Jobs, owner: MessagePump) -> None:
        """Begin to ask; owner gets the answer as a job's event, to hand to take()."""
        self.stop(jobs)
        self.asking = jobs.start("asking container engines", _ask, owner)

    def take(self, message: JobEvent) -> bool:
        """Take in what the job says; return whether it was this one and there is a list now."""
        if message.job is not self.asking or not isinstance(message.event, Partial | Finished):
            return False
        self.candidates = message.event.result
        if isinstance(message.event, Finished):
            self.asking = None
        return True

    def stop(self, jobs: Jobs) -> None:
        """Stop asking."""
        if self.asking is not None:
            jobs.cancel(self.asking)
            self.asking = None


def _ask(_: CancelToken) -> Iterator[Event[list[Candidate]]]:
    here = folder_candidates()
    yield Partial(here)
    yield Finished([*here, *engine_candidates()])
