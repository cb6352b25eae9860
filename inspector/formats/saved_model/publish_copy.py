"""Copying a SavedModel's folder, file by file, each on the disk before the next: never linked, since the source may change."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError, OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.containment import Locator
from inspector.formats.onnx.open_file import open_regular
from inspector.formats.saved_model.serving_folder import DEFINITIONS

MOST_FILES: Final = 20_000
_DEEPEST: Final = 16
_CHUNK: Final = 16 << 20
_WHY_NOT_IN_KERNEL: Final = frozenset(
    {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM, errno.EBADF, errno.ETXTBSY}
)

Report = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class SourceFolder:
    """What is copied of a SavedModel: folders, parents first, and files with their bytes; hidden says what stays behind."""

    path: Path
    folders: tuple[str, ...]
    files: dict[str, int]
    hidden: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def source_folder(path: Path) -> SourceFolder:
    """Return what lies in a SavedModel's folder, but for what is hidden there: version control and the like.

    Raises OperationFailed for links to folders, more than MOST_FILES, or where the system refuses.
    """
    folders: list[str] = []
    files: dict[str, int] = {}
    hidden: list[str] = []
    waiting = [""]
    while waiting:
        below = waiting.pop()
        for entry in _entries(path / below):
            location = f"{below}/{entry.name}" if below else entry.name
            if not below and entry.name.startswith("."):
                hidden.append(one_line(entry.name))
            elif entry.is_dir(follow_symlinks=False):
                _check_depth(location)
                folders.append(location)
                waiting.append(location)
            else:
                files[location] = _size(entry, location)
            if len(files) + len(folders) > MOST_FILES:
                raise OperationFailed(f"{one_line(path)} holds more than {MOST_FILES:,} files", "is it a SavedModel's folder?")
    return SourceFolder(path, tuple(sorted(folders)), dict(sorted(files.items())), tuple(sorted(hidden)))


def copy_files(source: SourceFolder, target: Path, without: frozenset[str], told: Callable[[int], None]) -> None:
    """Copy all files but those without into the new folder target; told of the bytes of each piece.

    Raises OSError where target cannot take them, OperationFailed where a file is none that may be read, or changes meanwhile.
    """
    for location in source.folders:
        (target / location).mkdir()
    locator = Locator((source.path / _definition(source)).absolute())
    for location in source.files:
        if location not in without:
            _copy_file(locator, source.path, location, target / location, told)


def write_file(path: Path, data: bytes) -> None:
    """Write a new file that is on the disk when this returns. Raises OSError."""
    descriptor = _create(path)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Make the names of all files below a folder survive a power cut, where the file system can."""
    from inspector.formats.onnx.save_draft import flush_folder

    for below, _, _ in os.walk(folder, topdown=False):
        flush_folder(Path(below))


def _definition(source: SourceFolder) -> str:
    return next((name for name in DEFINITIONS if name in source.files), DEFINITIONS[0])


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry, _ in zip(entries, range(MOST_FILES + 2), strict=False):
                if not entry.is_dir(follow_symlinks=False) and entry.is_dir():
                    raise OperationFailed(f"{one_line(entry.path)} is a link to a folder", "copy that folder there")
                yield entry
    except OSError as error:
        raise OperationFailed(f"cannot read {one_line(folder)}: {one_line(error.strerror or error)}") from None


def _check_depth(location: str) -> None:
    if location.count("/") >= _DEEPEST:
        raise OperationFailed(f"{one_line(location)} lies in more than {_DEEPEST} folders", "is it a SavedModel's folder?")


def _size(entry: os.DirEntry[str], location: str) -> int:
    try:
        return entry.stat().st_size
    except OSError as error:
        raise OperationFailed(f"cannot read {one_line(location)}: {one_line(error.strerror or error)}") from None


def _copy_file(locator: Locator, folder: Path, location: str, target: Path, told: Callable[[int], None]) -> None:
    descriptor = _opened(locator, folder, location)
    try:
        before = os.fstat(descriptor)
        _copy(descriptor, before.st_size, target, location, told)
        after = os.fstat(descriptor)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise _changed(location)
    finally:
        os.close(descriptor)


def _opened(locator: Locator, folder: Path, location: str) -> int:
    """Return a descriptor of a regular file; the definition may be a link to anywhere, since the user named it."""
    try:
        return open_regular(folder / location) if location in DEFINITIONS else locator.open(location)
    except InspectorError as error:
        reason = error.message.removeprefix(f"{location}: ")
        raise OperationFailed(
            f"cannot copy {one_line(location)}: {one_line(reason)}", "copy what it stands for there"
        ) from None


def _copy(descriptor: int, size: int, target: Path, location: str, told: Callable[[int], None]) -> None:
    created = _create(target)
    try:
        done = 0
        while done < size:
            count = _copy_piece(descriptor, created, done, min(_CHUNK, size - done))
            if not count:
                raise _changed(location)
            done += count
            told(count)
        os.fsync(created)
    finally:
        os.close(created)


def _copy_piece(source: int, target: int, offset: int, count: int) -> int:
    """Copy bytes within the kernel, which shares them where the file system can, or else through here; return how many."""
    if hasattr(os, "copy_file_range"):
        try:
            copied: int = os.copy_file_range(source, target, count, offset, offset)
        except OSError as error:
            if error.errno not in _WHY_NOT_IN_KERNEL:
                raise
        else:
            if copied:
                return copied
    data = os.pread(source, min(count, 1 << 20), offset)
    return os.pwrite(target, data, offset) if data else 0


def _create(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def _changed(location: str) -> OperationFailed:
    return OperationFailed(f"{one_line(location)} changed while it was copied", "try again once it is written")
