"""Grant a process a share of the processors' time, by a control group, or whole processors by its affinity."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

from inspector.errors import OperationFailed

_PREFIX: Final = "modelpack-tui"
_NAME: Final = re.compile(rf"{_PREFIX}-\d+-[0-9a-f]{{8}}")
_PERIOD_US: Final = 100_000
_LEAST_US: Final = 1_000
"""The kernel's own bounds: a period as it is by default, and the smallest quota it takes."""
_REMOVE_SECONDS: Final = 2.0
_MEMBERS: Final = "cgroup.procs"
_PROC: Final = Path("/proc/self")


class QuotaRefused(OperationFailed):
    """This machine does not let us grant so many processors; the message says why."""


class CpuGrant(Protocol):
    """What a process can be put under; note says by which means."""

    @property
    def note(self) -> str:
        """How the processors are granted, as a short phrase."""

    def take(self, pid: int) -> None:
        """Put a running process under the grant. Raises QuotaRefused where the kernel refuses, OSError where it is gone."""


@dataclass(frozen=True, slots=True)
class _GroupGrant:
    """A control group of our own; version as the kernel counts them."""

    path: Path
    lock: int
    note: str

    def take(self, pid: int) -> None:
        try:
            (self.path / _MEMBERS).write_text(str(pid), encoding="ascii")
        except ProcessLookupError:
            raise
        except OSError as error:
            raise QuotaRefused(f"no process can be put into a control group: {error.strerror or error}") from None


@dataclass(frozen=True, slots=True)
class _AffinityGrant:
    """Some of the processors this process may use."""

    processors: frozenset[int]
    note: str

    def take(self, pid: int) -> None:
        os.sched_setaffinity(pid, self.processors)


@dataclass(frozen=True, slots=True)
class _Parent:
    """A control group that ours can be made in."""

    path: Path
    version: Literal[1, 2]


@contextlib.contextmanager
def cpu_grant(cpus: float, proc: Path = _PROC) -> Iterator[CpuGrant]:
    """Hold a grant of so many processors' time a second; the group it needs is gone afterwards.

    A control group with a quota (version 1: cpu.cfs_quota_us; 2: cpu.max) is made inside the group this process is in, or the
    nearest one above that hands the controller down. Where that is not allowed, whole processors are granted by affinity.
    Groups that a killed process left behind are removed first. proc is where the kernel says which groups there are. Raises
    QuotaRefused, with the reason, where neither can be.

    Sources: Linux, Documentation/scheduler/sched-bwc.rst and Documentation/admin-guide/cgroup-v2.rst (cpu.max).
    """
    _check(cpus)
    reasons: list[str] = []
    for parent in _parents(proc, reasons):
        _remove_stale(parent.path)
        try:
            group = _make(parent, cpus)
        except OSError as error:
            reasons.append(f"no control group can be made in {parent.path}: {error.strerror or error}")
            continue
        try:
            yield group
        finally:
            _remove(group)
        return
    yield _by_affinity(cpus, reasons)


def why_no_grant(cpus: float) -> str:
    """Return why so many processors cannot be granted on this machine, "" where they can."""
    try:
        with cpu_grant(cpus):
            return ""
    except QuotaRefused as error:
        return error.message


def _check(cpus: float) -> None:
    """Raise QuotaRefused for what no machine, or not this one, can grant."""
    usable = _usable()
    if usable is None:
        raise QuotaRefused(f"{cpus:g} CPU cannot be granted: this platform has no control groups")
    if not cpus * _PERIOD_US >= _LEAST_US:
        raise QuotaRefused(f"{cpus:g} CPU cannot be granted: the least is {_LEAST_US / _PERIOD_US:g}")
    if cpus > len(usable):
        raise QuotaRefused(f"{cpus:g} CPU cannot be granted: this process may use {len(usable)}")


def _usable() -> frozenset[int] | None:
    """Return the processors this process may use, None where the platform does not tell."""
    return frozenset(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _by_affinity(cpus: float, reasons: list[str]) -> CpuGrant:
    """Return so many whole processors; raises QuotaRefused where they are not whole."""
    if cpus != int(cpus):
        why = reasons[0] if reasons else "there is no CPU controller for control groups"
        raise QuotaRefused(f"{cpus:g} CPU cannot be granted: {why}", "affinity can only grant whole ones")
    return _AffinityGrant(frozenset(sorted(_usable() or ())[: int(cpus)]), f"{cpus:g} CPU by affinity")


def _parents(proc: Path, reasons: list[str]) -> Iterator[_Parent]:
    """Yield the groups ours could be made in, likeliest first; say of the others why not."""
    try:
        own = _own_groups((proc / "cgroup").read_text(encoding="utf-8", errors="surrogateescape"))
        mounts = (proc / "mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        reasons.append(f"control groups cannot be read: {error.strerror or error}")
        return
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = [*after.split(" "), "", ""][:3]
        root, point = [*(_unescaped(field) for field in before.split(" ")[3:5]), "", ""][:2]
        if not point:
            continue
        if kind == "cgroup" and "cpu" in options.split(",") and "cpu" in own:
            yield _Parent(_within(point, root, own["cpu"]), 1)
        elif kind == "cgroup2" and "" in own:
            yield from _delegating(Path(point), _within(point, root, own[""]), reasons)


def _own_groups(text: str) -> dict[str, str]:
    """Return the group this process is in by controller, that of version 2 by ""; see cgroups(7), /proc/PID/cgroup."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        found.update(dict.fromkeys(controllers.split(","), path))
    return found


def _unescaped(field: str) -> str:
    """Return a field of mountinfo with its octal escapes (space, tab, newline, backslash) undone."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def _within(point: str, root: str, group: str) -> Path:
    """Return where a group lies in a mount that shows the hierarchy from root on."""
    relative = group[len(root) :] if root != "/" and group.startswith(root) else group
    path = Path(point, relative.strip("/"))
    return path if ".." not in path.parts and path.is_dir() else Path(point)


def _delegating(point: Path, group: Path, reasons: list[str]) -> Iterator[_Parent]:
    """Yield the groups from ours upwards that hand the CPU controller down to those in them."""
    found = False
    for path in (group, *group.parents):
        with contextlib.suppress(OSError):
            if "cpu" in (path / "cgroup.subtree_control").read_text(encoding="ascii").split():
                found = True
                yield _Parent(path, 2)
        if path == point:
            break
    if not found:
        reasons.append("no control group above this process hands its CPU controller down")


def _make(parent: _Parent, cpus: float) -> _GroupGrant:
    """Return a new group with its quota set and its folder locked, so that nobody takes it for stale. Raises OSError.

    Version 2 lets a process be moved by whoever may write to the members of the group above both places.
    """
    if parent.version == 2 and not os.access(parent.path / _MEMBERS, os.W_OK):
        raise PermissionError(errno.EACCES, "its processes are not ours to move")
    path = parent.path / f"{_PREFIX}-{os.getpid()}-{os.urandom(4).hex()}"
    path.mkdir()
    lock = -1
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        quota = round(cpus * _PERIOD_US)
        if parent.version == 1:
            (path / "cpu.cfs_period_us").write_text(str(_PERIOD_US), encoding="ascii")
            (path / "cpu.cfs_quota_us").write_text(str(quota), encoding="ascii")
        else:
            (path / "cpu.max").write_text(f"{quota} {_PERIOD_US}", encoding="ascii")
    except OSError:
        if lock >= 0:
            os.close(lock)
        with contextlib.suppress(OSError):
            path.rmdir()
        raise
    return _GroupGrant(path, lock, f"{cpus:g} CPU by a control group (version {parent.version})")


def _remove(group: _GroupGrant) -> None:
    """Remove the group; its processes were killed, but the kernel may take a moment to see them off."""
    deadline = time.monotonic() + _REMOVE_SECONDS
    while True:
        try:
            group.path.rmdir()
            break
        except FileNotFoundError:
            break
        except OSError:
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
    os.close(group.lock)


def _remove_stale(parent: Path) -> None:
    """Remove groups with a name of ours that nobody holds the lock of; one that still has processes stays."""
    with contextlib.suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if not _NAME.fullmatch(entry.name):
                continue
            with contextlib.suppress(OSError):
                lock = os.open(entry.path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    Path(entry.path).rmdir()
                finally:
                    os.close(lock)
