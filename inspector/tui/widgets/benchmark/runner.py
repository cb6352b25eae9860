"""Drives measuring beside the screen: one job at a time, everything that is known of it at hand, also once it was stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.message_pump import MessagePump

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import BenchPlan, BenchResult
from inspector.records.event import Event, Finished, Partial, Started, Warned
from inspector.tui.jobs import Job, Jobs
from inspector.tui.messages import Cancelled, Failed, JobEvent
from inspector.tui.widgets.benchmark.runs_table import RunKey, grown
from inspector.tui.widgets.optimize.runner import DEFECT

if TYPE_CHECKING:
    from inspector.records.opened import Opened

STOPPED = "stopped by you"


class BenchRunner:
    """Used from the UI thread; the result changes as samples arrive."""

    def __init__(self, jobs: Jobs, owner: MessagePump) -> None:
        self._jobs = jobs
        self._owner = owner
        self._job: Job | None = None
        self._seconds = 0.0
        self._said = ""
        self.result: BenchResult | None = None
        self.live: RunKey | None = None
        """What is being measured now."""
        self.warnings: tuple[str, ...] = ()
        self.problem = ""
        """Why it failed."""

    @property
    def busy(self) -> bool:
        """Whether something is being measured."""
        return self._job is not None

    @property
    def seconds(self) -> float:
        """How long it has been measuring, or did."""
        return self._job.seconds if self._job is not None else self._seconds

    @property
    def doing(self) -> str:
        """What goes on."""
        return (self.result.doing if self.result is not None else "") or self._said

    def start(self, before: Opened, after: Opened | None, plan: BenchPlan) -> None:
        """Measure; what was measured before is forgotten."""

        def workflow(token: CancelToken) -> Iterator[Event[BenchResult]]:
            from inspector.workflows.benchmark import benchmark

            return benchmark(before, after, plan, token)

        self.result, self.live, self.warnings, self.problem, self._said = BenchResult(plan), None, (), "", ""
        self._job = self._jobs.start("measuring", workflow, self._owner)

    def take(self, message: JobEvent) -> bool:
        """Take in what the job says; False for others."""
        if message.job is not self._job:
            return False
        event = message.event
        if isinstance(event, Started):
            self._said = event.title
        elif isinstance(event, Warned):
            self.warnings = (*self.warnings, f"{event.message} ({event.hint})" if event.hint else event.message)
        elif isinstance(event, Partial | Finished) and isinstance(event.result, BenchResult):
            self._take_result(event.result)
        if isinstance(event, Finished | Failed | Cancelled):
            self._end(event)
        return True

    def _take_result(self, result: BenchResult) -> None:
        same = self.result is not None and self.result.doing == result.doing
        self.live = grown(self.result, result) or (self.live if same else None)
        self.result = result

    def _end(self, event: object) -> None:
        assert self._job is not None
        self._seconds = time.monotonic() - self._job.started
        self._job, self.live, self._said = None, None, ""
        reason = ""
        if isinstance(event, Failed):
            reason = self.problem = str(event.error) if isinstance(event.error, InspectorError) else DEFECT
        elif isinstance(event, Cancelled):
            reason = STOPPED
        if self.result is not None:
            self.result = replace(self.result, doing="", cut_short=self.result.cut_short or reason)

    def close(self) -> None:
        """Stop what runs."""
        if self._job is not None:
            self._jobs.cancel(self._job)
            self._job = None
