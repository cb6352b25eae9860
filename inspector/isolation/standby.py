"""A child process started before there is anything for it to do, so that its start takes nobody's time."""

from __future__ import annotations

import threading
from typing import Final

from inspector.isolation.process import ChildProcess

RESULT_LIMIT: Final = 512 << 20
"""Bytes of a child's result, unless whoever runs it says otherwise."""


class StandbyChild:
    """A child that imports the module of an entry ("module:function") and waits for run_child() to order that entry.

    It dies with this process; close() ends it where nobody took it. Where it cannot be started, there is none to take.
    """

    def __init__(self, entry: str) -> None:
        self._entry = entry
        self._lock = threading.Lock()
        self._process: ChildProcess | None = None
        try:
            self._process = ChildProcess(b"", {}, RESULT_LIMIT, entry.partition(":")[0])
        except OSError:
            return

    def take(self, entry: str) -> ChildProcess | None:
        """Return the process, once, if it waits for this entry and still runs; it is then the caller's to close."""
        with self._lock:
            process = self._process
            if process is None or entry != self._entry or process.has_exited():
                return None
            self._process = None
            return process

    def close(self) -> None:
        """End the process unless it was taken."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()
