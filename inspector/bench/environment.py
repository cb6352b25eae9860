"""What the machine grants and does while something is measured, from what Linux tells in files; nothing here ever raises."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from inspector.isolation.control_groups import granted, memberships, read_text
from inspector.isolation.plain_line import plain_line
from inspector.records.machine_state import MachineState
from inspector.runtimes.processor import processor_flags

_SLASH: Final = Path("/")
_CPUS: Final = "sys/devices/system/cpu"
_LONGEST: Final = 80
_MOST_ACCELERATORS: Final = 16
_SPARE: Final = 1.0
"""Load beyond the cores at which more than the measurement itself was running."""
_SURE_CLOCKS: Final = frozenset({"", "tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"})
_CONTAINERS: Final = (
    ("kubepods", "Kubernetes"),
    ("docker", "Docker"),
    ("libpod", "Podman"),
    ("lxc", "LXC"),
    ("containerd", "containerd"),
)
"""What container engines call the control groups they make."""
_CLOUDS: Final = re.compile(r"^(?:To be filled.*|Default string|None|Not Specified|System manufacturer)$", re.IGNORECASE)


def machine_state(accelerators: Sequence[str] = (), root: Path = _SLASH) -> MachineState:
    """Return the state right now; accelerators as the runtime's driver names them, or empty: as the kernel does.

    What is missing, unreadable or makes no sense is left out. root is the folder that /proc and /sys are in.
    """
    usable = _usable_cpus()
    grants = granted(root)
    state = MachineState(
        usable_cores=len(usable),
        physical_cores=_physical_cores(root, usable),
        governor=_governor(root, usable),
        boost=_boost(root),
        load_before=_load(root),
        cpu_quota=grants.cpu_quota,
        memory_limit_bytes=grants.memory_bytes,
        hypervisor=_hypervisor(root),
        container=_container(root),
        kernel=_line(root, "proc/sys/kernel/osrelease") or plain_line(platform.release(), _LONGEST),
        clock=_line(root, "sys/devices/system/clocksource/clocksource0/current_clocksource"),
        accelerators=tuple(plain_line(one, _LONGEST) for one in accelerators) or tuple(_nvidia_devices(root)),
        smt={"1": True, "0": False}.get(_line(root, f"{_CPUS}/smt/active")),
    )
    return replace(state, notes=tuple(_notes(state)))


def with_load_after(state: MachineState, root: Path = _SLASH) -> MachineState:
    """Return the state with the load as it is now; a note says where that is more than the measurement itself can have made."""
    load = _load(root)
    notes = state.notes
    if load is not None and load > state.usable_cores + _SPARE:
        notes = (*notes, f"load {load:.1f} on {_cores(state)} at the end: something else was running")
    return replace(state, load_after=load, notes=notes)


def _notes(state: MachineState) -> Iterator[str]:
    """Yield what makes numbers less sure."""
    if state.governor and state.governor != "performance":
        yield f"governor {state.governor}: the clock follows the load"
    if state.boost == "on":
        yield "boost on: the clock depends on heat and on the other cores"
    if state.load_before is not None and state.load_before > state.usable_cores / 2:
        yield f"load {state.load_before:.1f} on {_cores(state)} before anything was measured"
    if state.cpu_quota is not None and state.cpu_quota < state.usable_cores:
        yield f"a control group grants {state.cpu_quota:g} of {_cores(state)}"
    if state.smt and (state.physical_cores or 0) < state.usable_cores:
        yield "hardware threads share cores"
    if state.hypervisor:
        yield f"a virtual machine ({state.hypervisor}): others may take its processors' time"
    if state.clock not in _SURE_CLOCKS:
        yield f"clock source {state.clock}: reading it takes long"


def _cores(state: MachineState) -> str:
    return f"{state.usable_cores} core{'' if state.usable_cores == 1 else 's'}"


def _usable_cpus() -> tuple[int, ...]:
    """Return the processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(0)))
    return tuple(range(os.cpu_count() or 1))


def _physical_cores(root: Path, cpus: Sequence[int]) -> int | None:
    """Return how many cores those processors are: each core once, however many of its threads are usable."""
    cores = [
        _line(root, f"{_CPUS}/cpu{cpu}/topology/core_cpus_list")
        or _line(root, f"{_CPUS}/cpu{cpu}/topology/thread_siblings_list")
        for cpu in cpus
    ]
    return len(set(cores)) if cores and all(cores) else None


def _governor(root: Path, cpus: Sequence[int]) -> str:
    """Return what sets the clock of those processors: all that differ, "" where it is not told."""
    found = {_line(root, f"{_CPUS}/cpu{cpu}/cpufreq/scaling_governor") for cpu in cpus} - {""}
    return ", ".join(sorted(found))


def _boost(root: Path) -> str:
    """Return "on" or "off"; intel_pstate tells the opposite of what cpufreq does."""
    boost = {"1": "on", "0": "off"}.get(_line(root, f"{_CPUS}/cpufreq/boost"))
    return boost or {"1": "off", "0": "on"}.get(_line(root, f"{_CPUS}/intel_pstate/no_turbo"), "")


def _load(root: Path) -> float | None:
    """Return the run queue's mean length over one minute."""
    try:
        if root == _SLASH:
            return os.getloadavg()[0]
        load = float(_line(root, "proc/loadavg").partition(" ")[0])
    except (OSError, AttributeError, ValueError):
        return None
    return load if 0 <= load < 1e6 else None


def _hypervisor(root: Path) -> str:
    """Return what the machine says it is where its processor says that it is none; "" where it does not."""
    if "hypervisor" not in processor_flags(read_text(Path(root, "proc/cpuinfo"))):
        return _line(root, "sys/hypervisor/type")
    names = [_line(root, f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name")]
    known = [name for name in names if name and not _CLOUDS.match(name)]
    return plain_line(" ".join(known), _LONGEST) or _line(root, "sys/hypervisor/type") or "unnamed hypervisor"


def _container(root: Path) -> str:
    """Return what kind of container this process is in, as far as anything hints at one."""
    told = re.search(r"(?:^|\0)container=([^\0]*)", read_text(Path(root, "proc/1/environ")))
    if told is not None and told[1]:
        return plain_line(told[1], _LONGEST)
    for path, name in ((".dockerenv", "Docker"), ("run/.containerenv", "Podman")):
        if _exists(Path(root, path)):
            return name
    groups = " ".join(memberships(root).values())
    return next((name for word, name in _CONTAINERS if word in groups), "")


def _nvidia_devices(root: Path) -> Iterator[str]:
    """Yield the devices that NVIDIA's kernel module drives, with its version."""
    version = re.search(r"\b\d{3,4}\.\d+(?:\.\d+)?\b", read_text(Path(root, "proc/driver/nvidia/version"))[:1000])
    driver = f", driver {version[0]}" if version else ""
    try:
        folders = sorted(Path(root, "proc/driver/nvidia/gpus").iterdir())
    except OSError:
        return
    for folder in folders[:_MOST_ACCELERATORS]:
        model = re.search(r"^Model:\s*(\S.*)$", read_text(folder / "information"), re.MULTILINE)
        yield plain_line(model[1] if model else "NVIDIA device", _LONGEST) + driver


def _line(root: Path, path: str) -> str:
    """Return the first line of a file, cleaned; "" where there is none."""
    return plain_line(read_text(Path(root, path)).partition("\n")[0], _LONGEST)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
