"""A folder that only this user can enter, gone when this process is: what a killed one left behind, the next one removes."""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed

_PREFIX: Final = "modelpack-tui"
_NAME: Final = re.compile(rf"{_PREFIX}-(\d+)-[0-9a-f]{{8}}")
_ATTEMPTS: Final = 100


class PrivateFolder:
    """A new folder in base, readable by this user alone, removed by close() or at the end of this process.

    It is locked while it is in use, so that what a killed process left behind can be told from what another one holds;
    such leftovers of this user are removed first. Raises OSError where base cannot be written to.
    """

    def __init__(self, base: Path) -> None:
        _remove_stale(base)
        self.path, self._lock = _make(base)
        _open_folders.add(self)

    def close(self) -> None:
        """Remove the folder and all in it; harmless where it is gone already."""
        if self in _open_folders:
            _open_folders.discard(self)
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)


def temporary_folder(purpose: str, needed_bytes: int = 0) -> PrivateFolder:
    """Return a private folder where temporary files go.

    Raises OperationFailed, which names the purpose ("samples"), where none can be made or fewer bytes than needed are free.
    """
    base = Path(tempfile.gettempdir()).absolute()
    try:
        free = shutil.disk_usage(base).free
        if free < needed_bytes:
            message = f"{base} has {free:,} bytes free, and {purpose} may need {needed_bytes:,}"
            raise OperationFailed(message, "set TMPDIR to a folder with more room")
        return PrivateFolder(base)
    except OSError as error:
        raise OperationFailed(f"no folder for {purpose} in {base}: {error.strerror or error}", "set TMPDIR") from None


_open_folders: set[PrivateFolder] = set()


def _make(base: Path) -> tuple[Path, int]:
    """Return a new folder and the descriptor that locks it."""
    for _ in range(_ATTEMPTS):
        path = base / f"{_PREFIX}-{os.getpid()}-{os.urandom(4).hex()}"
        path.mkdir(mode=0o700)
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(OSError):
            if os.path.samestat(path.stat(follow_symlinks=False), os.fstat(lock)):
                return path, lock
        os.close(lock)  # before it was locked, another process took it for a stale one
    raise OSError(f"other processes remove every folder made in {base}")


def _remove_stale(base: Path) -> None:
    """Remove folders of this user whose process is gone: those that nobody holds the lock of."""
    for path in _folders_of_this_user(base):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)


def _folders_of_this_user(base: Path) -> Iterator[Path]:
    with suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                    yield Path(entry.path)


@atexit.register
def _close_all() -> None:
    for folder in list(_open_folders):
        folder.close()
