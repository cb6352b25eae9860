"""A private folder in memory, for the one model of an image that is open: nothing of an image ever reaches a disk."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.isolation.private_folder import PrivateFolder

_CANDIDATES: Final = ("/dev/shm", "/run/shm")  # noqa: S108 -- that they are in memory is checked
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_MARGIN: Final = 256 << 20
"""Bytes of memory left to the rest of the machine."""

_MOUNTS: Final = Path("/proc/self/mounts")
_MEMORY: Final = Path("/proc/meminfo")
_CGROUP: Final = Path("/sys/fs/cgroup")
_INSTEAD: Final = "copy the model out of the image and open the file"


class MemoryFolder:
    """A private folder in memory, gone with close() or with this process."""

    def __init__(self, byte_count: int, label: str) -> None:
        """Make the folder, with room for byte_count bytes at least; label names what they are for in errors.

        Raises OperationFailed where the machine has no file system in memory or too little room in it.
        """
        base = _base()
        if base is None:
            raise OperationFailed(f"{label}: there is no file system in memory to open it in", _INSTEAD)
        self._label = label
        try:
            self._folder = PrivateFolder(base)
        except OSError as error:
            raise _refused(f"{label}: a folder in memory", error) from None
        self.path = self._folder.path
        self._left = room_in(base)
        _open_folders.add(self)
        try:
            self._check_room(byte_count)
        except OperationFailed:
            self.close()
            raise

    def create(self, relative: str, byte_count: int) -> int:
        """Return a descriptor for writing a new file of so many bytes at a path relative to the folder.

        Raises OperationFailed where the path leaves the folder, cannot be a file's, or there is no room left.
        """
        parts = relative.split("/")
        if not all(parts) or ".." in parts or "." in parts:
            raise OperationFailed(f"{self._label}: {relative!r} is no path within a folder")
        self._check_room(byte_count)
        target = self.path.joinpath(*parts)
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except (OSError, ValueError) as error:
            raise _refused(f"{self._label}: {relative}", error) from None
        self._left -= byte_count
        return descriptor

    def close(self) -> None:
        """Remove the folder and all in it; harmless where it is gone already."""
        _open_folders.discard(self)
        self._folder.close()

    def _check_room(self, byte_count: int) -> None:
        if byte_count > self._left:
            raise OperationFailed(f"{self._label}: {byte_count:,} bytes, and memory has room for {self._left:,}", _INSTEAD)


_open_folders: set[MemoryFolder] = set()


def close_holding(path: Path) -> None:
    """Remove the memory folder of this process that holds the path, if there is one."""
    for folder in list(_open_folders):
        if path.is_relative_to(folder.path):
            folder.close()


def room_in(base: Path) -> int:
    """Return the bytes that may be put there: what the file system has, and the machine and the control group spare."""
    return max(0, min(_free(base), *(spare - _MARGIN for spare in _spare())))


def _refused(what: str, error: Exception) -> OperationFailed:
    reason = getattr(error, "strerror", None) or str(error)
    return OperationFailed(f"{what} cannot be made: {reason}", _INSTEAD)


def _base() -> Path | None:
    """Return the folder with most room that lies in memory and may be written to, None where there is none."""
    in_memory = _mounts()
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = [
        Path(text)
        for text in (*_CANDIDATES, named)
        if text.startswith("/") and _lies_in_memory(Path(text), in_memory) and os.access(text, os.W_OK | os.X_OK)
    ]
    return max(usable, key=_free, default=None)


def _mounts() -> dict[str, bool]:
    """Return every mount point and whether it is one in memory."""
    rows = [line.split(" ") for line in _text(_MOUNTS).splitlines()]
    return {row[1]: row[2] in _IN_MEMORY for row in rows if len(row) > 2}


def _lies_in_memory(folder: Path, mounts: dict[str, bool]) -> bool:
    real = Path(os.path.realpath(folder))
    return next((mounts[str(one)] for one in (real, *real.parents) if str(one) in mounts), False)


def _free(folder: Path) -> int:
    try:
        status = os.statvfs(folder)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def _spare() -> Iterator[int]:
    """Yield the bytes of memory that the machine has free and that the control group leaves to this process."""
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _text(_MEMORY), re.MULTILINE)
    yield int(found[1]) << 10 if found else 0
    most, used = _text(_CGROUP / "memory.max").strip(), _text(_CGROUP / "memory.current").strip()
    if most.isdigit() and used.isdigit():
        cached = re.findall(r"^(?:in)?active_file (\d+)", _text(_CGROUP / "memory.stat"), re.MULTILINE)
        yield int(most) - int(used) + sum(map(int, cached))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
