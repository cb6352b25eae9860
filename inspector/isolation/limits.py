"""How much a child process may take, and how to ask it to stop."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

GIB = 1 << 30

NUMPY_ON_ONE_THREAD: Final[Mapping[str, str]] = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""Environment of a child that imports numpy: memory for threads it will not use would count against its limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one child process; None lifts a bound.

    memory_bytes bounds the address space (Linux) or the resident memory (elsewhere); wall_seconds and cpu_seconds are
    seconds of elapsed and of processor time.
    """

    memory_bytes: int | None = 4 * GIB
    wall_seconds: float | None = 60.0
    cpu_seconds: float | None = None


class CancelToken:
    """Asks work that is running elsewhere to stop; any thread may cancel, and a cancelled token stays cancelled."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask for the work to stop; returns at once."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether anybody has asked."""
        return self._event.is_set()
