"""A command in a running container, with its user, environment and folder, within a time and with bounded memory."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any, Final

from inspector.runtimes.container.outcome import refused
from inspector.runtimes.container.output import MOST_BYTES, broken_off, close_frames
from inspector.runtimes.container.recorded_output import BothEnds

_TO_BE_TOLD: Final = 2.0
"""Seconds that an engine may take to say how a command ended, once its output has."""
_PAUSE: Final = 0.01


class CommandOutput:
    """Output of a command: the first bytes of standard output with count and digest of all, both ends of the other stream."""

    def __init__(self, keep: int) -> None:
        self.body = bytearray()
        self.body_bytes = 0
        self.errors = BothEnds()
        self._keep = keep
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Digest of all of the standard output."""
        return self._digest.hexdigest()

    @property
    def is_too_much(self) -> bool:
        """Whether it printed more than anybody should."""
        return self.body_bytes + self.errors.count > MOST_BYTES

    def add(self, printed: bytes, complained: bytes) -> None:
        """Take in what came on each stream."""
        self._digest.update(printed)
        self.body_bytes += len(printed)
        self.body += printed[: max(0, self._keep - len(self.body))]
        self.errors.add(complained)


class ContainerCommand:
    """Runs a command, in a thread of its own; done is set once it has ended, code is its exit code, failure why there is none.

    Nothing ends a command that hangs but the end of its container.
    """

    def __init__(self, client: Any, container: str, command: tuple[str, ...], keep: int) -> None:
        self.output = CommandOutput(keep)
        self.code: int | None = None
        self.failure = ""
        self.milliseconds = 0.0
        self.done = threading.Event()
        self._client = client
        self._container = container
        self._command = command
        self._frames: Any = None
        self._thread = threading.Thread(target=self._run, name="container-command", daemon=True)

    def start(self) -> None:
        """Begin to run it."""
        self._thread.start()

    def give_up(self) -> None:
        """Listen no more."""
        if self._frames is not None:
            close_frames(self._frames)

    def _run(self) -> None:
        began = time.monotonic()
        try:
            made = self._client.exec_create(self._container, list(self._command))["Id"]
            self._frames = self._client.exec_start(made, stream=True, demux=True)
            for printed, complained in self._frames:
                self.output.add(printed or b"", complained or b"")
                if self.output.is_too_much:
                    self.failure = f"printed more than {MOST_BYTES >> 20} MiB"
                    break
            self.milliseconds = 1000 * (time.monotonic() - began)
            self.code = None if self.failure else self._exit_code(made)
        except broken_off() as error:
            self.failure = refused(error, "run it")
        finally:
            self.give_up()
            self.done.set()

    def _exit_code(self, made: str) -> int | None:
        until = time.monotonic() + _TO_BE_TOLD
        while True:
            found = self._client.exec_inspect(made)
            if found.get("ExitCode") is not None and not found.get("Running"):
                return int(found["ExitCode"])
            if time.monotonic() > until:
                self.failure = "closed its output and went on"
                return None
            time.sleep(_PAUSE)
