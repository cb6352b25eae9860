"""Runs the image's health check in the container again and again until it passes.

The engine's own checks come every 30 s as a rule, which would be what is measured; podman's need systemd.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any, Final

from inspector.runtimes.container.ours import failures

_PAUSE: Final = 0.05
_LOOK: Final = 0.01
_TO_BEGIN: Final = 1.0
"""Seconds in which a check that has no exit code may yet have to begin."""


class HealthProbe:
    """passed_at: ns of the monotonic clock at which a check was seen to have ended with 0."""

    def __init__(
        self, client: Any, container: str, command: tuple[str, ...], deadline: float, changed: threading.Event
    ) -> None:
        self.passed_at: int | None = None
        self.code: int | None = None
        self.changed = changed
        self._client = client
        self._container = container
        self._command = command
        self._deadline = deadline
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="health-probe", daemon=True)

    def start(self) -> None:
        """Begin to check."""
        self._thread.start()

    def stop(self) -> None:
        """Check no more."""
        self._stop.set()

    def _run(self) -> None:
        while self._goes_on():
            with suppress(*failures()):
                self._check()
            self._stop.wait(_PAUSE)

    def _check(self) -> None:
        check = self._client.exec_create(self._container, list(self._command))["Id"]
        self._client.exec_start(check, detach=True)
        began = time.monotonic()
        while self._goes_on():
            found = self._client.exec_inspect(check)
            self.code = found.get("ExitCode")
            if not found.get("Running") and (self.code is not None or time.monotonic() - began > _TO_BEGIN):
                break
            self._stop.wait(_LOOK)
        if self.code == 0 and self._goes_on():
            self.passed_at = time.monotonic_ns()
            self.changed.set()

    def _goes_on(self) -> bool:
        return not self._stop.is_set() and self.passed_at is None and time.monotonic() < self._deadline
