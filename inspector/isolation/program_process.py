"""The process of a stand-alone program as the parent sees it: its stamps, its lines, what it prints, its end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import select
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.isolation.limits import Limits

_CHUNK: Final = 1 << 16
_TAIL_BYTES: Final = 8192
_LONGEST_LINE: Final = 1 << 14
_MOST_BYTES: Final = 16 << 20
"""Of lines in all: the names of the files that a large framework loads are a few hundred kilobytes."""
_UNKILLABLE_SECONDS: Final = 5.0
_WAIT_SECONDS: Final = 0.05
_WAITING_PROGRAM: Final = (
    "import os, sys\n"
    "go, told = int(sys.argv[1]), int(sys.argv[2])\n"
    "os.set_inheritable(told, False)\n"
    "os.write(told, b'.')\n"
    "os.read(go, 1) or os._exit(0)\n"
    "os.execv(sys.argv[3], sys.argv[3:])\n"
)
"""Says that it waits, waits for a byte, and becomes another program; the kernel closes `told` once it has."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: ns of processor time, page faults, bytes read from storage."""

    cpu_ns: int = 0
    minor_faults: int = 0
    major_faults: int = 0
    read_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ProgramLine:
    """A line as the program wrote it, uncleaned, and when it was read in ns of CLOCK_MONOTONIC."""

    at_ns: int
    text: str


class ProgramProcess:
    """One process in a session of its own; close() always ends it and whatever it has started.

    In argv, None stands for the number of the descriptor that takes the lines; given is its standard input. Starting it raises
    OSError.
    """

    def __init__(self, argv: Sequence[str | None], environment: Mapping[str, str], given: bytes) -> None:
        self._argv = argv
        self._environment = {**os.environ, **environment}
        self._given = given
        self._selector = selectors.DefaultSelector()
        self._open: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._tail = bytearray()
        self._line = bytearray()
        self._received = 0
        self._over = False
        self._go = self._told = -1
        self.pid = 0
        self.hung_up = False
        """Whether the program has closed its end of the lines."""
        self.senseless = False
        """Whether a line, or all of them together, were longer than any program of ours writes; nothing is read after that."""
        self.spawn_ns = self.exec_ns = 0
        self.user_seconds = self.system_seconds = 0.0
        self.used_before = Usage()

    def spawn(self) -> None:
        """Make the process; returns when its program has taken over."""
        lines, output, lifeline = self._channels()
        argv = [str(lines) if argument is None else argument for argument in self._argv]
        self._start(argv, (lines, lifeline), output)
        self._settle(lines, output, lifeline)

    def spawn_waiting(self, give_up: Callable[[], bool], seconds: float | None) -> None:
        """Make the process and return once it waits for let_go(), before its program begins."""
        lines, output, lifeline = self._channels()
        go_read, self._go = self._pipe()
        self._told, told_write = self._pipe()
        program = [str(lines) if argument is None else argument for argument in self._argv]
        waiting = [sys.executable, "-I", "-S", "-c", _WAITING_PROGRAM, str(go_read), str(told_write), *program]
        self._start(waiting, (lines, lifeline, go_read, told_write), output)
        self._settle(lines, output, lifeline, go_read, told_write)
        if not self._hear(give_up, seconds):
            raise OSError("the process that waits for its start ended")

    def let_go(self) -> None:
        """Let the waiting process become its program; returns when that has taken over, or when it cannot."""
        self.used_before = usage_of(self.pid)
        self.spawn_ns = time.monotonic_ns()
        os.write(self._go, b".")
        select.select([self._told], [], [], _UNKILLABLE_SECONDS)
        self.exec_ns = time.monotonic_ns()

    def limit(self, limits: Limits) -> None:
        """Bound the running process from outside, where the platform can: memory it can write to, processor time, no core."""
        if not hasattr(resource, "prlimit"):
            return
        self._lower(resource.RLIMIT_CORE, 0)
        if limits.memory_bytes is not None:
            self._lower(resource.RLIMIT_DATA, limits.memory_bytes)
        if limits.cpu_seconds is not None:
            self._lower(resource.RLIMIT_CPU, max(1, round(limits.cpu_seconds)))

    def exchange(self, seconds: float) -> list[ProgramLine]:
        """Wait at most so long for something to arrive, and return the lines now complete."""
        found: list[ProgramLine] = []
        for key, _ in self._selector.select(seconds):
            data = self._receive(key.fd)
            now = time.monotonic_ns()  # no earlier: what is written while we are kept waiting is read with the rest
            if key.data == "lines":
                self.hung_up |= data is None
                found.extend(ProgramLine(now, text) for text in self._cut(data or b""))
            elif data:
                self._tail += data
                del self._tail[:-_TAIL_BYTES]
        return found

    def has_exited(self) -> bool:
        """Whether the process is over; it is not reaped yet, so its id still names it."""
        if hasattr(os, "waitid"):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return self._reaped() or False

    def close(self) -> int:
        """Kill what is left of the process group, reap the process, close every pipe; return its return code."""
        if self._process is None:
            self._close_pipes()
            return 0
        if not self._over:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            deadline = time.monotonic() + _UNKILLABLE_SECONDS
            while not self._reaped() and time.monotonic() < deadline:
                time.sleep(0.001)
            self.exchange(0.0)
            self._close_pipes()
            self._over = True
        code = self._process.returncode
        return -signal.SIGKILL if code is None else int(code)

    @property
    def output(self) -> bytes:
        """The last bytes the program printed on stdout or stderr."""
        return bytes(self._tail)

    def _channels(self) -> tuple[int, int, int]:
        """Make the pipes every program has; return the ends that are its own: lines, output, lifeline."""
        lines_read, lines = self._pipe()
        output_read, output = self._pipe()
        lifeline, _ = self._pipe()
        for fd, what in ((lines_read, "lines"), (output_read, "output")):
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ, what)
        return lines, output, lifeline

    def _start(self, argv: Sequence[str], passed: Sequence[int], output: int) -> None:
        """Start argv with stamps right before and after."""
        with tempfile.TemporaryFile() as given:
            given.write(self._given)
            given.seek(0)
            arguments = list(argv)
            self.spawn_ns = time.monotonic_ns()
            self._process = subprocess.Popen(
                arguments,
                stdin=given,
                stdout=output,
                stderr=output,
                pass_fds=passed,
                start_new_session=True,
                env=self._environment,
            )
            self.exec_ns = time.monotonic_ns()
        self.pid = self._process.pid

    def _settle(self, lines: int, output: int, lifeline: int, *more: int) -> None:
        """Tie the process group's life to this process's and let go of the ends that are the program's.

        The kernel kills the group when the last writer of the lifeline is gone (F_SETSIG); set from here, it needs nothing
        of the program but to keep the descriptor. Elsewhere than on Linux the group outlives a killed parent.
        """
        if hasattr(fcntl, "F_SETSIG"):
            fcntl.fcntl(lifeline, fcntl.F_SETOWN, -self.pid)
            fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
        for fd in (lines, output, lifeline, *more):
            self._open.discard(fd)
            os.close(fd)

    def _hear(self, give_up: Callable[[], bool], seconds: float | None) -> bool:
        """Wait for the waiting process to say that it waits; return whether it did."""
        deadline = float("inf") if seconds is None else time.monotonic() + seconds
        while not give_up() and time.monotonic() < deadline:
            if select.select([self._told], [], [], _WAIT_SECONDS)[0]:
                return os.read(self._told, 1) != b""
        return False

    def _cut(self, data: bytes) -> Iterator[str]:
        """Take bytes in and yield the lines now complete, up to where they become senseless."""
        if self.senseless:
            return
        self._received += len(data)
        self._line += data
        *complete, rest = bytes(self._line).split(b"\n")
        self._line[:] = rest[: _LONGEST_LINE + 1]
        for line in complete:
            if len(line) > _LONGEST_LINE:
                self.senseless = True
                return
            yield line.decode("utf-8", "replace")
        self.senseless = len(rest) > _LONGEST_LINE or self._received > _MOST_BYTES

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

    def _reaped(self) -> bool:
        """Reap the process if it is over, with what it used; return whether it is."""
        if self._process is None or self._process.returncode is not None:
            return True
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self.user_seconds, self.system_seconds = used.ru_utime, used.ru_stime
        return True

    def _lower(self, which: int, bound: int) -> None:
        """Set a limit of the process where that lowers it; it may be over already."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            _, hard = resource.prlimit(self.pid, which)
            bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
            resource.prlimit(self.pid, which, (bound, bound))

    def _pipe(self) -> tuple[int, int]:
        """Return a new pipe that _close_pipes() will close."""
        pair = os.pipe()
        self._open.update(pair)
        return pair

    def _close_pipes(self) -> None:
        self._selector.close()
        for fd in list(self._open):
            self._open.discard(fd)
            os.close(fd)


def usage_of(pid: int) -> Usage:
    """Return what a process has used so far; zeros where the platform does not tell.

    Sources: proc(5), fields minflt and majflt of /proc/PID/stat, read_bytes of /proc/PID/io; clock_getcpuclockid(3), whose
    clock of a process is ~PID << 3 | 2 on Linux.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        entries = dict(line.split(b": ") for line in Path(f"/proc/{pid}/io").read_bytes().splitlines())
        cpu_ns = time.clock_gettime_ns(~pid << 3 | 2)
    except (OSError, ValueError):
        return Usage()
    return Usage(cpu_ns, int(fields[7]), int(fields[9]), int(entries[b"read_bytes"]))
