"""Run a stand-alone program in a fresh, bounded, killable process and take the time of what it says of itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation import failure, memory
from inspector.isolation.cpu_quota import CpuGrant, cpu_grant
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.plain_line import last_line, plain_line
from inspector.isolation.program_process import ProgramProcess, Usage

if TYPE_CHECKING:
    from inspector.isolation.program_process import ProgramLine

LINES: Final = "{lines}"
"""The argument that stands for the number of the descriptor that a program writes its lines to."""

_TICK_SECONDS: Final = 0.05
_HUNG_UP_TICK_SECONDS: Final = 0.002
_LOOK_SECONDS: Final = 0.1
"""How often a running program's memory is looked at: seldom, since looking takes time from it."""


@dataclass(frozen=True, slots=True)
class ProgramRun:
    """What a program did: stamps in ns of CLOCK_MONOTONIC, its lines, how it ended and what it took.

    spawn_ns is right before the process was made, exec_ns when its program had taken over, end_ns when it was over (or was
    stopped). used_before is what the process had used up when spawn_ns was taken: nothing, unless it had to wait. peak_bytes
    is the most resident memory it was seen to hold (None: too short-lived), failure says why it did not end with 0, output is
    the end of what it printed.
    """

    spawn_ns: int
    exec_ns: int
    end_ns: int
    lines: tuple[ProgramLine, ...] = ()
    return_code: int = 0
    failure: ChildFailed | None = None
    peak_bytes: int | None = None
    user_seconds: float = 0.0
    system_seconds: float = 0.0
    output: bytes = b""
    used_before: Usage = field(default_factory=Usage)
    notes: tuple[str, ...] = ()


def run_program(
    argv: Sequence[str],
    limits: Limits,
    cancel: CancelToken | None = None,
    *,
    title: str,
    environment: Mapping[str, str] | None = None,
    cpus: float | None = None,
    given: bytes = b"",
    prepare: Callable[[], None] | None = None,
) -> Generator[ProgramLine, None, ProgramRun]:
    """Run argv, yield each line it writes to the descriptor LINES stands for as it arrives, and return all there is to say.

    The program reads given from its standard input; its output disturbs nothing, and the end of it is kept. prepare is called
    right before the clock starts. The limit on memory bounds what it can write to (RLIMIT_DATA on Linux, set from outside):
    the address space that allocators reserve for each thread is not counted, since the environment is that of a server.
    cpus grants that many processors' time a second: the process then waits, in a control group of its own, until the clock
    starts, and what is spawned is its exec. The process group dies with this process and with this generator.

    Whatever ends the program is data in ProgramRun.failure. Raises ChildFailed("cancelled"), and QuotaRefused where cpus
    cannot be granted.
    """
    token = cancel or CancelToken()
    if token.cancelled:
        raise failure.cancelled(title)
    with ExitStack() as held:
        grant = None if cpus is None else held.enter_context(cpu_grant(cpus))
        process = ProgramProcess([_argument(one) for one in argv], environment or {}, given)
        held.callback(process.close)
        watched = _WatchedProgram(process, title, limits, token)
        if watched.start(grant, prepare):
            yield from watched.lines()
        return watched.ended(() if grant is None else (grant.note,))


def _argument(argument: str) -> str | None:
    return None if argument == LINES else argument


class _WatchedProgram:
    """Listens to one program until it is over or has to be stopped."""

    def __init__(self, process: ProgramProcess, title: str, limits: Limits, cancel: CancelToken) -> None:
        self._process = process
        self._title = title
        self._limits = limits
        self._cancel = cancel
        self._lines: list[ProgramLine] = []
        self._peak: int | None = None
        self._looked = 0.0
        self._failure: ChildFailed | None = None
        self._end_ns = 0
        self._deadline = float("inf")

    def start(self, grant: CpuGrant | None, prepare: Callable[[], None] | None) -> bool:
        """Start the program, within the grant if there is one; return whether it runs."""
        seconds = self._limits.wall_seconds
        try:
            if grant is None:
                if prepare is not None:
                    prepare()
                self._process.spawn()
            else:
                self._process.spawn_waiting(lambda: self._cancel.cancelled, seconds)
                grant.take(self._process.pid)
                if prepare is not None:
                    prepare()
                self._process.let_go()
        except OSError as error:
            self._check_cancelled()
            reason = plain_line(f"{Path(str(error.filename)).name}: {error.strerror}" if error.filename else str(error))
            self._failure = ChildFailed("failed", f"{self._title} could not start a process", reason)
            self._end_ns = time.monotonic_ns()
            return False
        self._deadline = float("inf") if seconds is None else time.monotonic() + seconds
        self._process.limit(self._limits)
        return True

    def lines(self) -> Generator[ProgramLine]:
        """Yield lines as they arrive until the program is over or had to be stopped."""
        process = self._process
        while self._failure is None:
            over = process.has_exited()
            heard = process.exchange(0.0 if over else _HUNG_UP_TICK_SECONDS if process.hung_up else _TICK_SECONDS)
            for line in heard:
                self._lines.append(line)
                yield line
            if process.senseless:
                self._failure = failure.senseless(self._title)
            elif over and not heard:
                break
            elif not over:
                self._stop_if_due()
        self._end_ns = time.monotonic_ns()

    def ended(self, notes: tuple[str, ...]) -> ProgramRun:
        """End what is left of the process group and return what is known."""
        process = self._process
        code = process.close()
        failed = self._failure
        if failed is None and code != 0:
            failed = failure.ended_without_answer(self._title, code, process.output, self._limits)
        if failed is not None:
            failed.peak_bytes = self._peak
            failed.output = failed.output or last_line(process.output)
        return ProgramRun(
            process.spawn_ns,
            process.exec_ns,
            self._end_ns,
            tuple(self._lines),
            code,
            failed,
            self._peak,
            process.user_seconds,
            process.system_seconds,
            process.output,
            process.used_before,
            notes,
        )

    def _stop_if_due(self) -> None:
        """Note why the program has to be stopped, if it has; raises ChildFailed where it was cancelled."""
        self._check_cancelled()
        now = time.monotonic()
        if now > self._deadline:
            self._failure = failure.timed_out(self._title, self._limits)
        elif now - self._looked > _LOOK_SECONDS:
            self._looked = now
            seen = memory.peak_bytes(self._process.pid)
            self._peak = max(self._peak or 0, seen) if seen is not None else self._peak
            if self._peak is not None and self._peak > (self._limits.memory_bytes or float("inf")):
                self._failure = failure.out_of_memory(self._title, self._limits)

    def _check_cancelled(self) -> None:
        if self._cancel.cancelled:
            raise failure.cancelled(self._title)
