"""Start a program in a pseudo-terminal and time when given text first appears on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from types import TracebackType

_ESCAPES = re.compile(rb"\x1b(?:\[[0-9;?<>=]*[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|P[^\x1b]*\x1b\\|[=>78()][A-Z0-9]?)")
_CURSOR = re.compile(rb"\x1b\[[0-9;]*[Hf]")


class Terminal:
    """A program under a pty of the given size; use as a context manager, so that it is always ended."""

    def __init__(self, argv: Sequence[str], columns: int = 120, rows: int = 36) -> None:
        self._controller, worker = pty.openpty()
        fcntl.ioctl(worker, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            argv,
            stdin=worker,
            stdout=worker,
            stderr=worker,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )
        os.close(worker)
        self._seen = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._controller)

    def type(self, keys: str) -> None:
        """Send keys, and forget what was on the screen so far."""
        self._seen = b""
        os.write(self._controller, keys.encode())

    def wait_for(self, text: str, timeout: float = 60.0) -> float:
        """Return the seconds since the program's start when the text has been drawn; raises TimeoutError with the screen."""
        deadline = time.perf_counter() + timeout
        while True:
            if text.encode() in self._plain():
                return time.perf_counter() - self.started
            left = deadline - time.perf_counter()
            ready, _, _ = select.select([self._controller], [], [], max(left, 0))
            chunk = self._read() if ready else b""
            if not chunk:
                raise TimeoutError(f"{text!r} did not appear; the screen has {self._plain()[-600:].decode(errors='replace')!r}")
            self._seen += chunk

    def _read(self) -> bytes:
        try:
            return os.read(self._controller, 1 << 16)
        except OSError:
            return b""

    def _plain(self) -> bytes:
        return _ESCAPES.sub(b"", _CURSOR.sub(b"\n", self._seen))
