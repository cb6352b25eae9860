"""Runs the image's health check in the container again and again until it passes.

The engine's own checks come every 30 s as a rule, which would be what is measured; podman's need systemd.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from inspector.runtimes.container.container_command import ContainerCommand

_PAUSE: Final = 0.05
_LOOK: Final = 0.05


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
            self._check()
            self._stop.wait(_PAUSE)

    def _check(self) -> None:
        check = ContainerCommand(self._client, self._container, self._command, 0)  # podman never says that detached ones ended
        check.start()
        while self._goes_on() and not check.done.wait(_LOOK):
            pass
        check.give_up()
        self.code = check.code
        if self.code == 0 and self._goes_on():
            self.passed_at = time.monotonic_ns()
            self.changed.set()

    def _goes_on(self) -> bool:
        return not self._stop.is_set() and self.passed_at is None and time.monotonic() < self._deadline
