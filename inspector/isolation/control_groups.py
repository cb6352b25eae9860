"""What Linux control groups grant a process, in either version: the least of its own group and every one above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SLASH: Final = Path("/")
_UNLIMITED_BYTES: Final = 1 << 62
"""Version 1 writes "no limit" as the largest multiple of the page size that fits."""
_MOST_BYTES: Final = 1 << 20
_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class Granted:
    """Processors' time a second and bytes of memory; None: as much as there is, or not known."""

    cpu_quota: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """One mounted hierarchy: its controllers (empty for version 2), where it is mounted, and which group is its top there."""

    version: int
    controllers: frozenset[str]
    mounted: str
    top: str


def granted(root: Path = _SLASH, process: str = "self") -> Granted:
    """Return what holds for a process; what is missing, unreadable or makes no sense grants everything. root is for tests."""
    quota: list[float] = []
    memory: list[int] = []
    for hierarchy, group in _groups(root, process):
        for folder in folders(root, hierarchy, group):
            quota.extend(_quota(folder, hierarchy))
            memory.extend(_memory(folder, hierarchy))
    return Granted(min(quota, default=None), min(memory, default=None))


def folders(root: Path, hierarchy: Hierarchy, group: str) -> Iterator[Path]:
    """Yield the folder of a group and of every group above it that can be seen; in a container that may be the mount alone."""
    parts = _below(group, hierarchy.top)
    base = Path(root, hierarchy.mounted.lstrip("/"))
    for depth in range(min(len(parts), _DEEPEST), -1, -1):
        folder = base.joinpath(*parts[:depth])
        if folder.is_dir():
            yield folder


def hierarchies(root: Path = _SLASH, process: str = "self") -> tuple[Hierarchy, ...]:
    """Return the hierarchies that are mounted where a process can see them.

    Source: proc(5), /proc/PID/mountinfo: "36 35 98:0 /top /mount/point options … - type source super-options".
    """
    found = []
    for line in read_text(Path(root, "proc", process, "mountinfo")).splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 6 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        version = 2 if kind[0] == "cgroup2" else 1
        controllers = frozenset(kind[2].split(",")) - {"rw", "ro"} if version == 1 else frozenset[str]()
        found.append(Hierarchy(version, controllers, _unescaped(fields[4]), _unescaped(fields[3])))
    return tuple(found)


def memberships(root: Path = _SLASH, process: str = "self") -> Mapping[str, str]:
    """Return the group of a process by controller; version 2's is under ""."""
    found: dict[str, str] = {}
    for line in read_text(Path(root, "proc", process, "cgroup")).splitlines():
        number, _, rest = line.partition(":")
        controllers, colon, group = rest.partition(":")
        if colon and number.isdecimal():
            for controller in controllers.split(","):
                found.setdefault(controller, group)
    return found


def read_text(path: Path) -> str:
    """Return the text of a small file, "" where there is none to be read."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def _groups(root: Path, process: str) -> Iterator[tuple[Hierarchy, str]]:
    """Yield the hierarchies that bound processors or memory, with the process's group in each."""
    member = memberships(root, process)
    for hierarchy in hierarchies(root, process):
        names = hierarchy.controllers & {"cpu", "memory"} if hierarchy.version == 1 else {""}
        group = next((member[name] for name in sorted(names) if name in member), None)
        if group is not None:
            yield hierarchy, group


def _below(group: str, top: str) -> list[str]:
    """Return the names from the mounted group down to another one; none where it lies outside, or says "..", as from a
    namespace of its own."""
    if top.rstrip("/") and not (group + "/").startswith(top.rstrip("/") + "/"):
        return []
    parts = [part for part in group[len(top.rstrip("/")) :].split("/") if part]
    return [] if ".." in parts else parts


def _quota(folder: Path, hierarchy: Hierarchy) -> Iterator[float]:
    """Yield the processors' time a second that one group grants, where it bounds it."""
    if hierarchy.version == 2:
        quota, _, period = read_text(folder / "cpu.max").strip().partition(" ")
    elif "cpu" in hierarchy.controllers:
        quota, period = (read_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period"))
    else:
        return
    granted_us, period_us = _number(quota), _number(period)
    if granted_us and period_us:
        yield granted_us / period_us


def _memory(folder: Path, hierarchy: Hierarchy) -> Iterator[int]:
    """Yield the bytes that one group grants, where it bounds them."""
    if hierarchy.version == 1 and "memory" not in hierarchy.controllers:
        return
    names = ("memory.max", "memory.high") if hierarchy.version == 2 else ("memory.limit_in_bytes",)
    for name in names:
        count = _number(read_text(folder / name).strip())
        if count and count < _UNLIMITED_BYTES:
            yield count


def _number(text: str) -> int | None:
    """Return a whole number that is not negative, None for "max", -1 and nonsense."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _unescaped(text: str) -> str:
    """Return a path as it is; the kernel writes blanks in it as octal escapes."""
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text
