"""Writes a report, or what else is made, into a file: whole or not at all, and never over what it was made from."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from inspector.errors import OperationFailed, UsageError


def check_target(target: Path, inputs: Iterable[Path], what: str = "report") -> None:
    """Raise UsageError where target is a folder, lies in none, or is one of the inputs under whatever name.

    what is to be written is named in errors.
    """
    try:
        status = target.stat()
    except FileNotFoundError:
        _check_folder(target, what)
        return
    except OSError as error:
        raise _failed(target, error, what) from error
    if stat.S_ISDIR(status.st_mode):
        raise UsageError(f"cannot write the {what} to {target}: it is a folder", "name a file in it")
    for path in inputs:
        if _is_file(path, status):
            raise UsageError(f"the {what} would overwrite {path}, which is only read", "name another file")


def write_file(target: Path, data: bytes, inputs: Iterable[Path], what: str = "report") -> None:
    """Write data to target: into a new file beside it, flushed to the disk, then renamed over it.

    A link is followed; a device or pipe is written to directly. Raises UsageError as check_target and OperationFailed
    where the system refuses; a file that was there is then as it was.
    """
    check_target(target, inputs, what)
    try:
        real = target.resolve()
        if real.exists() and not real.is_file():
            _write_through(real, data)
        else:
            _replace(real, data)
    except OSError as error:
        raise _failed(target, error, what) from error


def _replace(path: Path, data: bytes) -> None:
    mode = _writable_mode(path)
    draft = path.parent / f".modelpack-{os.getpid()}-{os.urandom(4).hex()}.tmp"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise
    _flush_folder(path.parent)


def _writable_mode(path: Path) -> int | None:
    """Return the permissions of the file to be replaced (None: there is none); PermissionError where it is write-protected."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if not os.access(path, os.W_OK):
        raise PermissionError(13, "it is write-protected")
    return stat.S_IMODE(mode)


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb", buffering=0) as stream:
        left = memoryview(data)
        while left:
            left = left[stream.write(left) or 0 :]


def _flush_folder(folder: Path) -> None:
    """Make the rename survive a power cut where the file system can; the file itself is safe already."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _check_folder(target: Path, what: str) -> None:
    folder = target.resolve().parent
    if not folder.is_dir():
        raise UsageError(f"cannot write the {what} to {target}: there is no folder {folder}", "make it first")


def _is_file(path: Path, status: os.stat_result) -> bool:
    try:
        other = path.stat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (other.st_dev, other.st_ino)


def _failed(target: Path, error: OSError, what: str) -> OperationFailed:
    return OperationFailed(f"cannot write the {what} to {target}: {error.strerror or error}")
