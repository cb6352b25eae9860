"""One running child process as the parent sees it: its pipes, its frames, its end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from inspector.isolation.protocol import FrameReader

_CHUNK = 1 << 20
"""Bytes that a pipe holds where the kernel lets it, and that are moved at once: with the 64 KiB that pipes begin with, a busy
process is asked for its time so often that large answers take seconds."""
_TAIL_BYTES = 8192
_UNKILLABLE_SECONDS = 5.0
"""How long to wait for a killed child that the kernel holds, as a dead network file system can."""
_BOOTSTRAP = (
    "import sys; order, answer, ahead, *path = sys.argv[1:]; sys.path[:] = path + [p for p in sys.path if p not in path]; "
    "from inspector.isolation.child_main import main; main(int(order), int(answer), ahead)"
)


class ChildProcess:
    """A child process in a session of its own, with an order to read and frames to write; close() always ends it.

    Without an order it waits for the one that give() takes; ahead names a module it imports meanwhile.
    """

    def __init__(self, order: bytes, environment: Mapping[str, str], result_limit: int, ahead: str = "") -> None:
        self._frames = FrameReader(result_limit)
        self._order = memoryview(order)
        self._tail = bytearray()
        self._selector = selectors.DefaultSelector()
        self._open: set[int] = set()
        self._reaped = False
        self.hung_up = False
        """Whether the child has closed its end of the answers."""
        try:
            self._start(environment, ahead)
        except BaseException:
            self._close_pipes()
            raise

    def _start(self, environment: Mapping[str, str], ahead: str) -> None:
        """Make the pipes and start the program."""
        order_read, self._order_fd = self._pipe()
        self._answer_fd, answer_write = self._pipe()
        self._output_fd, output_write = self._pipe()
        self._process = subprocess.Popen(
            [
                sys.executable,
                *_interpreter_options(),
                "-c",
                _BOOTSTRAP,
                *map(str, (order_read, answer_write)),
                ahead,
                *safe_path(),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output_write,
            stderr=output_write,
            pass_fds=(order_read, answer_write),
            start_new_session=True,
            env={**os.environ, **environment},
        )
        self.pid = self._process.pid
        for fd in (order_read, answer_write, output_write):
            self._close(fd)
        for fd in (self._order_fd, self._answer_fd, self._output_fd):
            os.set_blocking(fd, False)
            if fd != self._order_fd:
                self._selector.register(fd, selectors.EVENT_READ)
        if self._order:
            self._selector.register(self._order_fd, selectors.EVENT_WRITE)

    def give(self, order: bytes) -> None:
        """Give the order to a process that was started without one."""
        self._order = memoryview(order)
        self._selector.register(self._order_fd, selectors.EVENT_WRITE)

    def exchange(self, seconds: float) -> list[tuple[bytes, bytes]]:
        """Wait at most so long for something to happen, move the bytes that can move, and return the frames now complete.

        Raises SenselessBytes.
        """
        frames: list[tuple[bytes, bytes]] = []
        for key, _ in self._selector.select(seconds):
            if key.fd == self._order_fd:
                self._send()
            elif key.fd == self._output_fd:
                self._keep_output()
            elif (data := self._receive(self._answer_fd)) is not None:
                frames.extend(self._frames.feed(data))
            else:
                self.hung_up = True
        return frames

    def has_exited(self) -> bool:
        """Whether the process is over; it is not reaped yet, so its id still names it."""
        if hasattr(os, "waitid"):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return self._process.poll() is not None

    def terminate(self) -> None:
        """Ask the whole process group to end."""
        self._signal(signal.SIGTERM)

    def wait_for_exit(self, seconds: float) -> bool:
        """Wait at most so long for the process to be over and return whether it is."""
        deadline = time.monotonic() + seconds
        while not (over := self.has_exited()) and time.monotonic() < deadline:
            time.sleep(0.005)
        return over

    def close(self) -> int:
        """Kill whatever is left of the process group, reap the child, close every pipe; return the child's return code."""
        if not self._reaped:
            self._signal(signal.SIGKILL)
            self._reaped = True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_UNKILLABLE_SECONDS)
            if self._output_fd in self._selector.get_map():
                self._keep_output()
            self._close_pipes()
        code: int | None = self._process.returncode
        return -signal.SIGKILL if code is None else code

    @property
    def output(self) -> bytes:
        """The last bytes the child printed on stdout or stderr."""
        return bytes(self._tail)

    def _signal(self, number: int) -> None:
        """Send a signal to the process group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _send(self) -> None:
        """Write as much of the order as the pipe takes; the pipe stays open, since its closing tells the child to die."""
        try:
            self._order = self._order[os.write(self._order_fd, self._order[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._order = self._order[:0]
        if not self._order:
            self._selector.unregister(self._order_fd)

    def _receive(self, fd: int) -> bytes | None:
        """Return what there is to read; None (and no longer watched) at the end of the stream."""
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return b""
        if data:
            return data
        self._selector.unregister(fd)
        return None

    def _keep_output(self) -> None:
        """Drain what the child printed, once, and keep the end of it."""
        if data := self._receive(self._output_fd):
            self._tail += data
            del self._tail[:-_TAIL_BYTES]

    def _pipe(self) -> tuple[int, int]:
        """Return a new pipe that _close_pipes() will close."""
        pair = os.pipe()
        self._open.update(pair)
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):  # a user may have a number of large pipes only
                fcntl.fcntl(pair[0], fcntl.F_SETPIPE_SZ, _CHUNK)
        return pair

    def _close(self, fd: int) -> None:
        """Close one end of a pipe."""
        self._open.discard(fd)
        os.close(fd)

    def _close_pipes(self) -> None:
        """Close every end still open."""
        self._selector.close()
        for fd in list(self._open):
            self._close(fd)


def _interpreter_options() -> list[str]:
    """Return the options that keep the child's imports from the current folder and the environment, as -I does."""
    options = ["-I"]
    if sys.dont_write_bytecode:
        options.append("-B")
    if sys.flags.utf8_mode:
        options += ["-X", "utf8"]
    return options


def safe_path() -> list[str]:
    """Return the parent's import path less whatever would let a file in the current folder pass for a module.

    The folder this package lies in is always there, last unless it was on the path before.
    """
    home = str(Path(__file__).resolve().parents[2])
    here = str(Path.cwd())
    kept = [entry for entry in sys.path if Path(entry).is_absolute() and (entry != here or entry == home)]
    return kept if home in kept else [*kept, home]
