"""The machine as it was while something was measured on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MachineState:
    """What the machine grants and does while something is measured; None or empty: not known.

    load is the run queue's mean length over one minute, before and after; quota the processors' time a second and memory the
    bytes that a control group grants.
    """

    usable_cores: int
    physical_cores: int | None = None
    governor: str = ""
    boost: str = ""
    load_before: float | None = None
    load_after: float | None = None
    cpu_quota: float | None = None
    memory_limit_bytes: int | None = None
    hypervisor: str = ""
    container: str = ""
    kernel: str = ""
    clock: str = ""
    accelerators: tuple[str, ...] = ()
    """Name, memory and driver of each."""
    notes: tuple[str, ...] = ()
    """What makes numbers of this machine less sure: "governor powersave", "load 3.1 on 2 cores"."""
    smt: bool | None = None
    """Whether several hardware threads share a core."""
