"""Which processes are a container's: those that the engine put into its control group, its own commands and checks included."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

Whose = Literal["container", "other", "gone"]

_MOST_REMEMBERED: Final = 100_000
_LARGEST: Final = 1 << 16


class ContainerProcesses:
    """Tells processes of one container from the engine's and everybody else's, while they live."""

    def __init__(self, container_id: str) -> None:
        """container_id: in full, as the engine names control groups by it."""
        self._id = container_id.encode()
        self._its: set[int] = set()
        self._others: set[int] = set()
        self._executed: set[int] = set()
        self.any_executed = False
        """Whether any of its processes executed something."""

    def note_execution(self, pid: int) -> None:
        """Take note that one of its processes executed something."""
        self.any_executed = True
        if len(self._executed) > _MOST_REMEMBERED:
            self._executed.clear()
        self._executed.add(pid)

    def has_executed(self, pid: int) -> bool:
        """Whether a process executed something since it is the container's."""
        return pid in self._executed

    def whose(self, pid: int) -> Whose:
        """Return whose a process is; gone where it has ended before anybody looked, or is out of sight."""
        if pid in self._its:
            return "container"
        groups = _groups(pid)
        if groups is None:
            return "other" if pid in self._others else "gone"
        if len(self._its) + len(self._others) > _MOST_REMEMBERED:
            self._its.clear()
            self._others.clear()
        belongs = self._id in groups
        (self._its if belongs else self._others).add(pid)
        (self._others if belongs else self._its).discard(pid)
        return "container" if belongs else "other"


def _groups(pid: int) -> bytes | None:
    """Return the control groups of a process; None for one that is not there, or ended and only not yet waited for."""
    if pid <= 0:
        return None
    try:
        with open(f"/proc/{pid}/cgroup", "rb") as file:  # noqa: PTH123 - asked for often
            groups = file.read(_LARGEST)
        Path(f"/proc/{pid}/exe").readlink()  # the dead have none, and may have left their groups already
    except OSError:
        return None
    return groups


def own_mounts(*pids: str) -> frozenset[int]:
    """Return the numbers of all mounts that processes see: what is opened through one of them, no container opens."""
    found: set[int] = set()
    for pid in pids:
        with suppress(OSError, ValueError):
            lines = Path(f"/proc/{pid}/mountinfo").read_bytes().splitlines()
            found.update(int(line.split(b" ", 1)[0]) for line in lines)
    return frozenset(found)
