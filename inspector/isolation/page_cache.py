"""Bring files into the kernel's page cache, take them out of it, and look how much of them is in it."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_PAGE: Final = mmap.PAGESIZE
_CHUNK: Final = 8 << 20
_MAP_SHARED: Final = 1
_PROT_READ: Final = 1
_FAILED: Final = ctypes.c_void_p(-1).value
_WRITTEN_BACK_SECONDS: Final = 3600.0
"""Age after which what was written to a file has long been written back: the kernel does so after half a minute by default."""
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
"""File systems whose files have no storage but memory."""


@dataclass(frozen=True, slots=True)
class FileResidency:
    """How many of a file's bytes are in the page cache, by whole pages; None: the kernel does not say. why_stays is why
    nothing can take them out, where that is known.
    """

    path: str
    total_bytes: int
    resident_bytes: int | None
    why_stays: str = ""


@dataclass(frozen=True, slots=True)
class Residency:
    """How much of several files is in the page cache; those the kernel says nothing of are in neither sum, as noted."""

    resident_bytes: int
    total_bytes: int
    files: tuple[FileResidency, ...] = ()
    note: str = ""

    @property
    def share(self) -> float | None:
        """Of the bytes, between 0 and 1; None where nothing is known."""
        return self.resident_bytes / self.total_bytes if self.total_bytes else None


def evict(paths: Iterable[str]) -> None:
    """Ask the kernel to drop what it caches of regular files, once what is not yet written was written; residency() says
    what came of it. Pages that a running process has mapped stay, and so do the files' names and attributes.

    Source: posix_fadvise(2), POSIX_FADV_DONTNEED: "pages that have not yet been written out will be unaffected, so call
    fsync(2) or fdatasync(2) first".
    """
    if not hasattr(os, "posix_fadvise"):
        return
    for path in paths:
        with contextlib.suppress(OSError), _opened(path) as (fd, size):
            if size:
                os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
                if _resident_bytes(fd, size) and time.time() - os.fstat(fd).st_ctime < _WRITTEN_BACK_SECONDS:
                    os.fdatasync(fd)
                    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def bring_in(paths: Iterable[str]) -> None:
    """Read regular files into the page cache where they are not in it."""
    for path in paths:
        with contextlib.suppress(OSError), _opened(path) as (fd, size):
            if size and (_resident_bytes(fd, size) or 0) < size:
                while os.read(fd, _CHUNK):
                    pass


def residency(paths: Iterable[str]) -> Residency:
    """Return how much of regular files is in the page cache; what cannot be opened is left out.

    Source: mincore(2). Since Linux 5.2 the kernel answers only owners of a file and those who may write to it.
    """
    files = [found for path in paths if (found := _file_residency(path)) is not None]
    known = [file for file in files if file.resident_bytes is not None]
    unknown = len(files) - len(known)
    note = f"the kernel does not say how much of {unknown} files is cached" if unknown else ""
    resident = sum(file.resident_bytes or 0 for file in known)
    return Residency(resident, sum(file.total_bytes for file in known), tuple(files), note)


def mapped_files(pid: int | str = "self") -> tuple[str, ...]:
    """Return the files that a process has mapped, as /proc/PID/maps names them; none where there is no such file."""
    try:
        lines = Path("/proc", str(pid), "maps").read_bytes().splitlines()
    except OSError:
        return ()
    paths = {fields[5] for line in lines if len(fields := line.split(None, 5)) == 6 and fields[5].startswith(b"/")}
    return tuple(sorted(os.fsdecode(path) for path in paths if not path.endswith(b" (deleted)")))


def _file_residency(path: str) -> FileResidency | None:
    try:
        with _opened(path) as (fd, size):
            resident = _resident_bytes(fd, size) if size else 0
            kind = _file_systems().get(os.fstat(fd).st_dev, "")
            return FileResidency(path, size, resident, f"on {kind}, which is memory" if kind in _IN_MEMORY else "")
    except OSError:
        return None


@contextlib.contextmanager
def _opened(path: str) -> Iterator[tuple[int, int]]:
    """Hold a descriptor of a regular file, with its size; raises OSError for anything else, a pipe included."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("no regular file")
        yield fd, status.st_size
    finally:
        os.close(fd)


def _resident_bytes(fd: int, size: int) -> int | None:
    """Return how many bytes of a file that is not empty are cached; None where the kernel does not tell us."""
    library = _library()
    if library is None or not _may_be_told(fd):
        return None
    address = library.mmap(None, size, _PROT_READ, _MAP_SHARED, fd, 0)
    if address == _FAILED:
        return None
    try:
        pages = ctypes.create_string_buffer(-(-size // _PAGE))
        if library.mincore(address, size, pages) != 0:
            return None
        return min(size, (len(pages) - pages.raw.count(b"\0")) * _PAGE)
    finally:
        library.munmap(address, size)


def _may_be_told(fd: int) -> bool:
    """Whether mincore tells the truth of a file: to its owner, to who may write to it, and to the superuser."""
    if os.geteuid() in (0, os.fstat(fd).st_uid):
        return True
    return os.access(f"/proc/self/fd/{fd}", os.W_OK, effective_ids=os.access in os.supports_effective_ids)


@cache
def _library() -> Any | None:
    """Return the C library with what we call of it, None elsewhere than on Linux."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None, use_errno=True)
        library.mmap.restype = ctypes.c_void_p
        library.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
        library.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        library.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    except (OSError, AttributeError, TypeError):
        return None
    return library


@cache
def _file_systems() -> dict[int, str]:
    """Return the kind of each mounted file system by its device, see proc_pid_mountinfo(5)."""
    found: dict[int, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
            before, _, after = line.partition(b" - ")
            major, _, minor = before.split(b" ")[2].partition(b":")
            found[os.makedev(int(major), int(minor))] = after.split(b" ")[0].decode("ascii", "replace")
    return found
