"""Asking a container to stop as an orchestrator does: with the image's signal, and by force where it does not listen."""

from __future__ import annotations

import re
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from inspector.engines.stream import Stopped
from inspector.runtimes.container.container_run import Watched
from inspector.runtimes.container.ours import failures

PATIENCE: Final = 10.0
"""Seconds that engines and orchestrators give a container, give or take."""
_TO_BE_KILLED: Final = 5.0
_TICK: Final = 0.02
_CAUGHT: Final = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.MULTILINE)


def stop_gracefully(client: Any, container: str, watched: Watched, pid: int | None, stop: threading.Event) -> bool:
    """End a container; whether it ended by itself, watched then knows its exit code. Raises Stopped.

    pid is that of its first process where this machine knows it by that number: the kernel keeps signals from it that it does
    not catch, so that there is nothing to wait for then.
    """
    wanted = _signal_of(client, container)
    if watched.ended_at is None and (pid is None or catches(pid, wanted)):
        with suppress(*failures()):
            client.kill(container, signal=wanted)
            _wait(watched, PATIENCE, stop)
    if watched.ended_at is not None:
        return True
    with suppress(*failures()):
        client.kill(container, signal="SIGKILL")
    _wait(watched, _TO_BE_KILLED, stop)
    return False


def _signal_of(client: Any, container: str) -> str:
    """Return the image's stop signal."""
    with suppress(*failures()):
        return str((client.inspect_container(container).get("Config") or {}).get("StopSignal") or "SIGTERM")
    return "SIGTERM"


def _wait(watched: Watched, seconds: float, stop: threading.Event) -> None:
    until = time.monotonic() + seconds
    while watched.ended_at is None and time.monotonic() < until:
        if stop.is_set():
            raise Stopped
        time.sleep(_TICK)


def catches(pid: int, name: str) -> bool:
    """Whether a process catches a signal; True where that cannot be told."""
    number = _number_of(name)
    try:
        found = _CAUGHT.search(Path(f"/proc/{pid}/status").read_text("ascii", "replace"))
    except OSError:
        return True
    return number is None or found is None or bool(int(found[1], 16) >> (number - 1) & 1)


def _number_of(name: str) -> int | None:
    """Return the number of a signal that is named as engines name them; None for what is none."""
    if name.isdecimal():
        return int(name) or None
    full = name.upper() if name.upper().startswith("SIG") else f"SIG{name.upper()}"
    return int(signal.Signals[full]) if full in signal.Signals.__members__ else None
