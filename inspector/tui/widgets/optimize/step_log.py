"""The steps of one session as rows: the original, then each step that ran, is running or was stopped; no drawing here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from inspector.records.optimization import Change, ModelFacts, OptimizerName, StepProgress, Subject

State = Literal["original", "running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class StepRow:
    """One row: what was run, and what is known of it.

    count is how many steps the session holds after this row, subject the model after it (None where nobody asked yet).
    """

    number: int
    optimizer: OptimizerName | None
    state: State
    count: int
    facts: ModelFacts | None = None
    """Of the original."""
    change: Change | None = None
    progress: StepProgress | None = None
    doing: str = ""
    """What the step last said it had begun."""
    warned: tuple[str, ...] = ()
    """What it warned of while it ran; a change has warnings of its own."""
    problem: str = ""
    """Why it failed."""
    kept: tuple[str, ...] = ()
    """Nodes the user keeps in fp32."""
    subject: Subject | None = None
    begun: float = field(default=0.0, compare=False)
    """time.monotonic() of the start, 0 where nobody counts."""

    @property
    def gave_model(self) -> bool:
        """Whether the step was accepted, so that there is a model to look at."""
        return self.change is not None and self.change.status == "accepted" and self.subject is not None


class StepLog:
    """Rows in order; every change to them makes new rows, so that what is drawn never changes under the drawing."""

    def __init__(self) -> None:
        self.rows: tuple[StepRow, ...] = ()
        self._next = 1

    @property
    def empty(self) -> bool:
        """Whether nothing was run."""
        return not self.rows

    @property
    def count(self) -> int:
        """How many steps the session holds."""
        return self.rows[-1].count if self.rows else 0

    @property
    def running(self) -> StepRow | None:
        """The row of the step that runs."""
        return self.rows[-1] if self.rows and self.rows[-1].state == "running" else None

    @property
    def accepted(self) -> tuple[StepRow, ...]:
        """Rows whose step was accepted."""
        return tuple(row for row in self.rows if row.gave_model)

    def begin(self, optimizer: OptimizerName, original: Subject, kept: Sequence[str] = ()) -> None:
        """Add a row for a step that starts now."""
        if not self.rows:
            self.rows = (StepRow(0, None, "original", 0, facts=original.facts, subject=original),)
        row = StepRow(self._next, optimizer, "running", self.count, kept=tuple(kept), begun=time.monotonic())
        self._next += 1
        self.rows = (*self.rows, row)

    def note(self, progress: StepProgress) -> None:
        """Take in what the running step tells of its candidates."""
        known = self.rows[-1].progress
        if known is not None and len(known.attempts) > len(progress.attempts):
            progress = replace(progress, attempts=known.attempts)
        self._change(progress=progress)

    def say(self, doing: str) -> None:
        """Take in what the running step has begun."""
        self._change(doing=doing)

    def warn(self, message: str) -> None:
        """Take in a warning of the running step."""
        self._change(warned=(*self.rows[-1].warned, message))

    def finish(self, change: Change, subject: Subject) -> None:
        """Take in what the running step came to."""
        self._change(state="done", change=change, subject=subject, count=self.count + 1)

    def stop(self) -> None:
        """The running step was stopped; what is known of its candidates stays."""
        self._change(state="stopped")

    def fail(self, problem: str) -> None:
        """The running step ended in an error."""
        self._change(state="failed", problem=problem)

    def saved(self, changes: Sequence[Change]) -> None:
        """Take in the session's changes after something was written: one of them knows where."""
        kept = {row.count: row for row in self.rows if row.change is not None}
        fresh = {kept[at].number: change for at, change in enumerate(changes, 1) if at in kept}
        self.rows = tuple(replace(row, change=fresh.get(row.number, row.change)) for row in self.rows)

    def before(self, row: StepRow) -> StepRow:
        """Return the row above."""
        return self.rows[max(0, self.rows.index(row) - 1)]

    def back_to(self, row: StepRow) -> tuple[StepRow, ...]:
        """Return the rows that going back to a row drops: all after it, or itself where it is the last."""
        at = self.rows.index(row)
        return self.rows[at + 1 :] or (self.rows[at:] if at else ())

    def drop(self, rows: Sequence[StepRow]) -> int:
        """Forget the last rows and return how many steps the session is to keep."""
        numbers = {row.number for row in rows}
        self.rows = tuple(row for row in self.rows if row.number not in numbers)
        if len(self.rows) == 1:
            self.rows = ()
        return self.count

    def _change(self, **fields: object) -> None:
        self.rows = (*self.rows[:-1], replace(self.rows[-1], **fields))  # type: ignore[arg-type]
