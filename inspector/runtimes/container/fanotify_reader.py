"""Reads what fanotify tells, in a thread of its own, as fast as it comes."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from typing import Final

from inspector.runtimes.container.fanotify import Fanotify, FileEvent

_MOST_FAILURES: Final = 1000
_PATIENCE_SECONDS: Final = 30.0
_MOST_WAITING: Final = 2_000_000
"""Events that the kernel may have to keep, at some 100 bytes each: whoever opens files faster than this is not watched."""
_LOOK_SECONDS: Final = 0.5


class _TooMany(Exception):
    """More events than anybody should keep; count of them."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class FanotifyReader:
    """Gives each event to take(), whose descriptor is closed afterwards, until it is closed; it closes fanotify then.

    lose(1) is called for each event that the kernel could not give. problem says why nothing comes any more.
    """

    def __init__(self, fanotify: Fanotify, take: Callable[[FileEvent], None], lose: Callable[[int], None]) -> None:
        self.problem = ""
        self._fanotify = fanotify
        self._take = take
        self._lose = lose
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._asked = self._done = self._failures = 0
        self._looked_at = 0.0
        self._stop = self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="fanotify", daemon=True)
        self._thread.start()

    def catch_up(self, seconds: float = _PATIENCE_SECONDS) -> bool:
        """Wait until all that has happened by now was taken in; whether that came about in time."""
        with self._changed:
            if self._ended:
                return not self.problem
            self._asked += 1
            wanted = self._asked
            os.eventfd_write(self._wake, 1)
            return self._changed.wait_for(lambda: self._done >= wanted or self._ended, seconds) and not self.problem

    def close(self) -> None:
        """Read no more, and let go of everything; may be called twice."""
        with self._changed:
            if not self._stop:
                self._stop = True
                os.eventfd_write(self._wake, 1)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._read()
        except _TooMany as many:
            self._lose(many.count)
            self.problem = "the container opens more files than can be taken note of"
        except Exception as error:
            self.problem = f"reading what the container opens broke off: {type(error).__name__}: {error}"
        finally:
            self._fanotify.close()
            with self._changed:
                self._ended = self._stop = True
                os.close(self._wake)
                self._changed.notify_all()

    def _read(self) -> None:
        waiting = select.poll()
        waiting.register(self._fanotify.descriptor, select.POLLIN)
        waiting.register(self._wake, select.POLLIN)
        while not self._stop:
            with self._changed:
                asked = self._asked
            while self._took_some() and not self._stop:
                pass
            with self._changed:
                self._done = asked
                self._changed.notify_all()
                if self._asked == asked and not self._stop:
                    self._quiet()
            waiting.poll()

    def _look_how_many_wait(self) -> None:
        """Raise _TooMany where the kernel has to keep more events than it should, looking now and then."""
        now = time.monotonic()
        if now - self._looked_at > _LOOK_SECONDS:
            self._looked_at = now
            waiting = self._fanotify.waiting
            if waiting > _MOST_WAITING:
                raise _TooMany(waiting)

    def _quiet(self) -> None:
        """Take back a wake-up that was heeded."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return

    def _took_some(self) -> bool:
        """Take in the next events; whether there were any."""
        self._look_how_many_wait()
        try:
            with self._fanotify.events() as events:
                for event in events:
                    self._take(event)
                return bool(events)
        except OSError:
            self._lose(1)
            self._failures += 1
            if self._failures > _MOST_FAILURES:
                raise
            return True
