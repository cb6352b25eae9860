"""How much memory a process holds and held at most."""

from __future__ import annotations

import sys
from pathlib import Path

HARD_LIMIT = sys.platform.startswith("linux")
"""Whether the kernel enforces RLIMIT_AS; elsewhere the parent watches the resident size instead."""


def own_peak_bytes() -> int | None:
    """Return the most resident memory this process has held since it started its program."""
    if HARD_LIMIT:
        return _status_bytes("self", b"VmHWM:")
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def peak_bytes(pid: int) -> int | None:
    """Return the most resident memory the process was seen to hold, None if it is gone (elsewhere than Linux: holds now)."""
    if HARD_LIMIT:
        return _status_bytes(str(pid), b"VmHWM:")
    return resident_bytes(pid)


def exceeds(pid: int, bound: int | None) -> bool:
    """Return whether a running process holds more resident memory than bound bytes (None: no bound)."""
    return bound is not None and (resident_bytes(pid) or 0) > bound


def resident_bytes(pid: int) -> int | None:
    """Return the resident memory of a running process, None if it is gone."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return None


def _status_bytes(process: str, key: bytes) -> int | None:
    """Return an entry of /proc/PROCESS/status that the kernel gives in kB; getrusage would count the parent's peak too."""
    try:
        lines = Path("/proc", process, "status").read_bytes().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(key)), None)
