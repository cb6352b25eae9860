"""Follows workflows for the command line: draws their progress, and keeps what a review has to say about them."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from typing import TypeVar

from inspector.cli.diagnostics import ProgressLine
from inspector.records.event import Event, Finished, Progress, Started, Warned

Result = TypeVar("Result")


class Narrator:
    """Draws the progress of workflows on standard error while it is entered.

    warnings is what went less well than hoped.
    """

    def __init__(self) -> None:
        self._line = ProgressLine()
        self.warnings: list[str] = []

    def __enter__(self) -> Narrator:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.clear()

    def follow(self, events: Iterable[Event[Result]]) -> Result:
        """Return the result of a workflow; whatever interrupts it, its child processes end with it."""
        with closing(closable(events)) as running:
            for event in running:
                if isinstance(event, Finished):
                    return event.result
                self._show(event)
        raise AssertionError("a workflow ended without a result")

    def _show(self, event: Event[Result]) -> None:
        if isinstance(event, Started):
            self._line.start(event.title)
        elif isinstance(event, Progress):
            self._line.advance(event)
        elif isinstance(event, Warned):
            self.warnings.append(f"{event.message} ({event.hint})" if event.hint else event.message)


def closable(events: Iterable[Event[Result]]) -> Generator[Event[Result]]:
    """Return events as a generator, which closing() ends with all that runs in it."""
    yield from events
