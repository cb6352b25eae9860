"""Entry functions that child processes of the tests run; imported there by name, so it must import next to nothing."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.isolation.child_main import Reporter

Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """A request with a bit of everything."""

    name: str
    numbers: tuple[int, ...]
    payload: bytes = b""
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A result with a bit of everything."""

    name: str
    total: int
    payload_size: int
    nothing: None = None


class FileIsOdd(UnreadableArtifact):
    """A subclass the parent has never heard of."""


def answer(question: Question, report: Report) -> Reply:
    """Add the numbers up, reporting after each."""
    for done in range(len(question.numbers)):
        report(done + 1, len(question.numbers), "numbers")
    return Reply(question.name, sum(question.numbers), len(question.payload))


def noisy(lines: int, report: Report) -> int:
    """Print far more than a pipe holds, on both streams, then answer."""
    for i in range(lines):
        print("x" * 1000, i)
        print("y" * 1000, i, file=sys.stderr)
    os.write(1, b"\x1b[31mred\x1b[0m last words\n")
    return lines


def segfault(_: int, report: Report) -> int:
    """Read address zero."""
    print("about to read nowhere \x1b]52;c;aGk=\x07now", flush=True)
    return ctypes.string_at(0)[0]


def abort(_: int, report: Report) -> int:
    """Abort, as a failed assertion of native code does."""
    os.abort()


def abort_for_want_of_memory(_: int, report: Report) -> int:
    """Abort the way an uncaught C++ allocation failure does."""
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n")
    os.abort()


def leave(code: int, report: Report) -> int:
    """End the process without a word."""
    os._exit(code)


def system_exit(code: int, report: Report) -> int:
    """Raise SystemExit."""
    sys.exit(code)


def killed_from_outside(_: int, report: Report) -> int:
    """Die as a process does that the kernel picked for lack of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def eat_memory(megabytes: int, report: Report) -> int:
    """Hold so much memory, touched."""
    held = [bytearray(b"\1" * (1 << 20)) for _ in range(megabytes)]
    return len(held)


def eat_memory_slowly(megabytes: int, report: Report) -> int:
    """Hold more and more memory over ten seconds."""
    held = []
    for _ in range(megabytes):
        held.append(bytearray(b"\1" * (1 << 20)))
        time.sleep(10 / megabytes)
    return len(held)


def raise_value_error(_: int, report: Report) -> int:
    """Raise what a library raises, with text from a hostile file in it."""
    raise ValueError("bad \x1b[2Jnode\r\n[/b] \u202egnp.exe")


def raise_public_error(_: int, report: Report) -> int:
    """Raise an error meant for users."""
    raise UnreadableArtifact("model.onnx is cut short", "download it again")


def raise_private_error(_: int, report: Report) -> int:
    """Raise a subclass the parent cannot name."""
    raise FileIsOdd("odd", "make it even")


def raise_operation_failed(_: int, report: Report) -> int:
    """Raise the base class of ChildFailed."""
    raise OperationFailed("no", "")


def sleep(seconds: float, report: Report) -> str:
    """Report progress, then sleep."""
    report(1, 1, str(os.getpid()))
    time.sleep(seconds)
    return "slept"


def sleep_deaf(seconds: float, report: Report) -> str:
    """Sleep, ignoring SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return sleep(seconds, report)


def hold_the_interpreter(_: int, report: Report) -> int:
    """Stay in native code that holds the interpreter lock."""
    report(1, 1, str(os.getpid()))
    ctypes.PyDLL(None).sleep(60)
    return 0


def spin(_: int, report: Report) -> int:
    """Use the processor."""
    while True:
        pass


def start_a_grandchild(_: int, report: Report) -> int:
    """Start a process that outlives this one unless somebody cares; return its id."""
    return subprocess.Popen(["sleep", "60"]).pid


def start_a_grandchild_and_sleep(_: int, report: Report) -> int:
    """Start a process, report its id and sleep."""
    report(1, 1, str(subprocess.Popen(["sleep", "60"]).pid))
    time.sleep(60)
    return 0


def write_garbage(data: bytes, report: Report) -> int:
    """Write bytes to every open descriptor but the standard ones, as a hostile library could."""
    for fd in range(3, 64):
        try:
            os.write(fd, data)
        except OSError:
            continue
    time.sleep(60)
    return 0


def close_every_pipe(_: int, report: Report) -> int:
    """Close every open descriptor and go on living."""
    os.closerange(0, 64)
    time.sleep(60)
    return 0


def wrong_type(_: int, report: Report) -> str:
    """Return what the parent does not expect."""
    return "text"


def no_message(_: int, report: Report) -> object:
    """Return what msgpack cannot hold."""
    return object()


def limits_in_force(_: int, report: Report) -> dict[str, tuple[int, int]]:
    """Return the resource limits of this process."""
    import resource

    return {name: resource.getrlimit(getattr(resource, name)) for name in ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU")}


def loaded_modules(_: int, report: Report) -> list[str]:
    """Return the names of all modules in this process."""
    return sorted(sys.modules)


def import_path(_: int, report: Report) -> list[str]:
    """Return where this process looks for modules."""
    return sys.path


def session(_: int, report: Report) -> tuple[int, int, int]:
    """Return process, group and session ids."""
    return os.getpid(), os.getpgrp(), os.getsid(0)


def open_descriptors(_: int, report: Report) -> list[str]:
    """Return what the open descriptors of this process point at."""
    return sorted(str(fd.readlink()) for fd in Path("/proc/self/fd").iterdir() if fd.exists())


def flood(count: int, report: Report) -> int:
    """Report progress very often."""
    for i in range(count):
        report(i, count + 1, "n")
    return count


def count_in_parts(count: int, report: Reporter) -> int:
    """Give a partial record for every number, far more often than they are sent."""
    for number in range(count + 1):
        report.partial(Reply("so far", number, 0))
    return count


def parts_then_error(count: int, report: Reporter) -> int:
    """Give partial records, then fail."""
    count_in_parts(count, report)
    raise UnreadableArtifact("model.onnx is cut short", "download it again")


def new_parts_only(count: int, report: Reporter) -> list[int]:
    """Send each number once, as many at a time as have come up until a record is due; return those left over."""
    waiting: list[int] = []
    for number in range(count):
        waiting.append(number)
        time.sleep(0.0001)
        if report.partial_due:
            report.partial(waiting)
            waiting = []
    return waiting


def a_part_then_sleep(_: int, report: Reporter) -> int:
    """Give a partial record and hang."""
    report.partial(Reply("so far", 1, 0))
    time.sleep(60)
    return 0


def a_huge_part(size: int, report: Reporter) -> int:
    """Give a partial record of so many bytes."""
    report.partial(b"x" * size)
    return size


def a_part_of_text(_: int, report: Reporter) -> int:
    """Give a partial record of a type the parent does not expect."""
    report.partial("text")
    return 0
