"""A draft beside the file it will replace: written in a folder of its own, renamed in two steps, leaving nothing behind.

The folder is locked while its process lives. Its journal lists the data files, by inode, that belong to the new model or
to the one replaced, so that whichever of them the target does not mention in the end is removed, then or by the next save.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

from inspector.errors import InspectorError
from inspector.formats.onnx.read import read

_PREFIX: Final = ".modelpack-save"
_MOST_NEIGHBORS: Final = 500
_ATTEMPTS: Final = 100
MODEL: Final = "model.onnx"
DATA: Final = "model.data"
_JOURNAL: Final = "journal"


class Draft:
    """A new, locked folder beside target for the files that will replace it. Raises OSError."""

    def __init__(self, target: Path, protected: Iterable[Path]) -> None:
        """protected are files that are never removed, whatever mentions them."""
        self._target = target
        remove_leftovers(target)
        self._mode = _mode_of(target)
        self._replaced = _own_data(target, protected)
        self.folder, self._lock = _make(target)

    def data_name(self) -> str:
        """Return a name for the data file that no file has yet; one that a model can mention, whatever the target's is."""
        base = _base(self._target)
        name = f"{base}.data"
        while os.path.lexists(self._target.parent / name):
            name = f"{base}-{os.urandom(4).hex()}.data"
        return name

    def publish(self, data_name: str) -> None:
        """Put the files where they belong: data first, under a name only the new model mentions (empty: there is none)."""
        model, data = self.folder / MODEL, self.folder / DATA
        if data_name or self._replaced:
            self._write_journal(data_name)
        if data_name:
            self._finish(data)
            data.rename(self._target.parent / data_name)
            flush_folder(self._target.parent)
        self._finish(model)
        model.replace(self._target)
        flush_folder(self._target.parent)

    def close(self) -> None:
        """Remove the draft, and every data file that belongs to neither what the target holds now nor to anything else."""
        _settle(self.folder, self._target)
        os.close(self._lock)

    def _finish(self, path: Path) -> None:
        if self._mode is not None:
            path.chmod(self._mode)

    def _write_journal(self, data_name: str) -> None:
        entries = list(self._replaced)
        if data_name:
            entries.append((data_name, (self.folder / DATA).stat().st_ino))
        text = "".join(f"{inode} {name}\n" for name, inode in entries)
        descriptor = os.open(self.folder / _JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        flush_folder(self.folder)


def remove_leftovers(target: Path) -> None:
    """Remove what killed processes left behind while they saved to target."""
    with suppress(OSError), os.scandir(target.parent) as entries:
        begin = f"{_PREFIX}-{_digest(target)}-"
        stale = [Path(entry.path) for entry in entries if entry.name.startswith(begin)]
        for folder in stale:
            with suppress(OSError):
                _remove_if_stale(folder, target)


def flush_folder(folder: Path) -> None:
    """Make renames in the folder survive a power cut, where the file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _base(target: Path) -> str:
    """Return what the names of data files begin with."""
    return target.name if target.name.isprintable() else MODEL


def _digest(target: Path) -> str:
    return hashlib.sha256(os.fsencode(target.name)).hexdigest()[:8]


def _make(target: Path) -> tuple[Path, int]:
    """Return a new folder and the descriptor that locks it."""
    for _ in range(_ATTEMPTS):
        folder = target.parent / f"{_PREFIX}-{_digest(target)}-{os.urandom(4).hex()}"
        folder.mkdir(mode=0o700)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with suppress(OSError):  # some file systems lock nothing
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if folder.is_dir():
            return folder, lock
        os.close(lock)  # before it was locked, another process took it for a stale one
    raise OSError(f"other processes remove every folder made in {target.parent}")


def _remove_if_stale(folder: Path, target: Path) -> None:
    status = folder.stat(follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _settle(folder, target)
    finally:
        os.close(descriptor)


def _settle(folder: Path, target: Path) -> None:
    for name, inode in _journal(folder):
        data = target.parent / name
        with suppress(OSError):
            if data.stat(follow_symlinks=False).st_ino == inode and name not in _mentioned(target):
                data.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _journal(folder: Path) -> Iterator[tuple[str, int]]:
    with suppress(OSError):
        text = (folder / _JOURNAL).read_bytes().decode("utf-8", "surrogateescape")
        for line in text.splitlines():
            inode, _, name = line.partition(" ")
            if inode.isdigit() and name and "/" not in name:
                yield name, int(inode)


def _mentioned(model: Path) -> set[str]:
    """Return the external files that a model mentions; none where there is no model, OSError where it cannot be read."""
    if not os.path.lexists(model):
        return set()
    try:
        return {str(PurePosixPath(file.location)) for file in read(model).external_files}
    except InspectorError as error:
        raise OSError(str(error)) from error


def _own_data(target: Path, protected: Iterable[Path]) -> list[tuple[str, int]]:
    """Return the data files, with inodes, that only the model at target uses and that are named after it."""
    pattern = re.compile(rf"{re.escape(_base(target))}(-[0-9a-f]{{8}})?\.data")
    try:
        named = sorted(name for name in _mentioned(target) if pattern.fullmatch(name) and "\n" not in name)
    except OSError:
        return []
    found = []
    for name in named:
        with suppress(OSError):
            status = (target.parent / name).stat(follow_symlinks=False)
            kept = any(os.path.samestat(status, path.stat()) for path in protected if path.exists())
            if stat.S_ISREG(status.st_mode) and not kept:
                found.append((name, status.st_ino))
    return found if found and not _used_by_others(target, {name for name, _ in found}) else []


def _used_by_others(target: Path, names: set[str]) -> bool:
    """Return whether another model in the folder mentions one of the names, or may: not all of them can be looked into."""
    others = [path for path in target.parent.glob("*.onnx") if path != target]
    if len(others) > _MOST_NEIGHBORS:
        return True
    try:
        return any(names & _mentioned(path) for path in others if path.is_file())
    except OSError:
        return True


def _mode_of(target: Path) -> int | None:
    """Return the permissions of the file to be replaced (None: there is none); PermissionError where it is write-protected."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "it is write-protected")
    return stat.S_IMODE(mode)
