"""What can go wrong with a child process, as an error a user can read."""

from __future__ import annotations

import re
import signal
from typing import Literal

from inspector.errors import OperationFailed
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import last_line

FailureKind = Literal["failed", "crashed", "timed_out", "out_of_memory", "cancelled"]

_OUT_OF_MEMORY = re.compile(rb"bad_alloc|bad_array_new_length|MemoryError|out of memory|Cannot allocate memory", re.IGNORECASE)


class ChildFailed(OperationFailed):
    """Work in a child process gave no result.

    kind says how: "failed" (an exception), "crashed" (a signal, an early exit, an answer that makes no sense), "timed_out",
    "out_of_memory" or "cancelled". output is the cleaned last line the child printed; peak_bytes the most resident memory it
    was seen to hold, None if it was too short-lived to be seen.
    """

    def __init__(self, kind: FailureKind, message: str, hint: str = "", *, output: str = "", peak_bytes: int | None = None):
        super().__init__(message, hint)
        self.kind: FailureKind = kind
        self.output = output
        self.peak_bytes = peak_bytes


def timed_out(title: str, limits: Limits) -> ChildFailed:
    """Return the error for work that reached its time limit."""
    bound = limits.wall_seconds if limits.wall_seconds is not None else limits.cpu_seconds
    return ChildFailed("timed_out", f"{title} was stopped: it took longer than {bound or 0:g} s")


def out_of_memory(title: str, limits: Limits) -> ChildFailed:
    """Return the error for work that needed more memory than it may have."""
    if limits.memory_bytes is None:
        return ChildFailed("out_of_memory", f"{title} ran out of memory")
    return ChildFailed("out_of_memory", f"{title} needed more memory than its limit of {_binary_size(limits.memory_bytes)}")


def cancelled(title: str) -> ChildFailed:
    """Return the error for work that was asked to stop."""
    return ChildFailed("cancelled", f"{title} was cancelled")


def senseless(title: str) -> ChildFailed:
    """Return the error for a child whose answer cannot be decoded."""
    return ChildFailed("crashed", f"{title} failed: its process sent an answer that makes no sense")


def ended_without_answer(title: str, return_code: int, output: bytes, limits: Limits) -> ChildFailed:
    """Return the error for a child that ended by itself without a result, told from its return code and its output.

    return_code is as subprocess gives it: negative for a signal.
    """
    number = -return_code
    if number in (signal.SIGXCPU, signal.SIGALRM):
        return timed_out(
            title, Limits(limits.memory_bytes, limits.cpu_seconds if number == signal.SIGXCPU else limits.wall_seconds)
        )
    if number == signal.SIGKILL:
        return ChildFailed("out_of_memory", f"{title} was killed by the system, most likely for want of memory")
    if return_code != 0 and _OUT_OF_MEMORY.search(output):
        return out_of_memory(title, limits)
    how = _signal_name(number) if return_code < 0 else f"its process ended early with exit code {return_code}"
    said = last_line(output)
    return ChildFailed("crashed", f"{title} crashed: {how}", f"last output: {said}" if said else "", output=said)


def _signal_name(number: int) -> str:
    """Return what the platform calls a signal, such as "Segmentation fault"."""
    try:
        return (signal.strsignal(number) or f"signal {number}").lower()
    except ValueError:
        return f"signal {number}"


def _binary_size(count: int) -> str:
    """Return a number of bytes with a binary unit, such as "4 GiB"."""
    size, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.3g} {units[0]}"
