"""Bounds a child process sets for itself before it touches anything risky."""

from __future__ import annotations

import fcntl
import math
import os
import resource
import select
import signal
import sys

_GRACE_SECONDS = 2.0
"""The parent stops the child first; the kernel's alarm is for a parent that does not look."""


def confine(memory_bytes: int | None, wall_seconds: float | None, cpu_seconds: float | None) -> None:
    """Bound address space, elapsed and processor time of this process, and forbid core dumps."""
    _lower(resource.RLIMIT_CORE, 0)
    if memory_bytes is not None:
        _lower(resource.RLIMIT_AS, memory_bytes)
    if cpu_seconds is not None:
        _lower(resource.RLIMIT_CPU, max(1, math.ceil(cpu_seconds)), spare=1)
    if wall_seconds is not None:
        signal.setitimer(signal.ITIMER_REAL, wall_seconds + _GRACE_SECONDS)


def _lower(which: int, bound: int, spare: int = 0) -> None:
    """Lower one resource limit; the hard limit is spare above the soft one and neither is ever raised."""
    _, hard = resource.getrlimit(which)
    ceiling = bound + spare if hard == resource.RLIM_INFINITY else min(bound + spare, hard)
    resource.setrlimit(which, (min(bound, ceiling), ceiling))


def die_with_parent(lifeline: int) -> None:
    """Have this process group killed as soon as the other end of the pipe closes, which it does when the parent dies.

    On Linux the kernel does it (F_SETSIG), even while native code never returns to the interpreter. PR_SET_PDEATHSIG would
    also fire when merely the thread that started us ends. Elsewhere a thread watches.
    """
    if not sys.platform.startswith("linux"):
        _watch_in_thread(lifeline)
        return
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)
    watcher = select.poll()
    watcher.register(lifeline, 0)
    if watcher.poll(0):
        os.killpg(os.getpgrp(), signal.SIGKILL)


def _watch_in_thread(lifeline: int) -> None:
    """Wait in a daemon thread for the lifeline to close, then kill this process group."""
    import threading

    def watch() -> None:
        os.read(lifeline, 1)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
