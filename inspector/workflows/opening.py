"""Begin to open an artifact before there is a screen for it, so that one that cannot be read never costs the terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from inspector.records.event import Event, Progress
from inspector.records.inspection import Inspection
from inspector.workflows.inspect import inspect


class Opening:
    """An inspection under way in a thread of its own; its events can be followed from the first, once, by another thread."""

    def __init__(self, path: Path, batch: int = 1, settings: Mapping[str, int] | None = None) -> None:
        self.path = path
        self._changed = threading.Condition()
        self._events: list[Event[Inspection]] = []
        self._error: Exception | None = None
        self._over = False
        threading.Thread(target=self._run, args=(path, batch, settings or {}), name="opening", daemon=True).start()

    def settle(self, seconds: float) -> None:
        """Wait until the artifact is read, at most so long; raise what kept it from being read."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or any(isinstance(event, Progress) for event in self._events), seconds)
            if self._error is not None:
                raise self._error

    def events(self) -> Iterator[Event[Inspection]]:
        """Give the events so far and those to come; raises InspectorError as inspect() does."""
        position = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over or len(self._events) > position)  # noqa: B023
                fresh, error = self._events[position:], self._error
                over = self._over
            yield from fresh
            position += len(fresh)
            if over:
                if error is not None:
                    raise error
                return

    def _run(self, path: Path, batch: int, settings: Mapping[str, int]) -> None:
        try:
            for event in inspect(path, batch, settings):
                self._tell(event)
        except Exception as error:
            self._error = error
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _tell(self, event: Event[Inspection]) -> None:
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()
