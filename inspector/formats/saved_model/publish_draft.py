"""A version while it is written: a hidden folder beside the versions, locked while its process lives, renamed when complete.

Its name is no number, so no server takes it for a version: TensorFlow Serving parses each name as a 64-bit integer and passes
over those that are none (file_system_storage_path_source.cc). What a killed process left behind, the next one removes.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from inspector.formats.onnx.save_draft import flush_folder

_NAME: Final = re.compile(r"\.[0-9]{1,19}\.draft-[0-9a-f]{8}")
_ATTEMPTS: Final = 100
_NO_LOCKS: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})


class VersionDraft:
    """A new, locked, empty folder that becomes version N of the serving folder, which is made where it is not there yet.

    Raises OSError.
    """

    def __init__(self, serving: Path, version: int) -> None:
        remove_stale_drafts(serving)
        self._serving = serving
        self._version = version
        self._made_serving = _make_folder(serving)
        try:
            self.folder, self._lock = _make(serving, version)
        except OSError:
            self._forsake()
            raise

    def publish(self) -> None:
        """Give the folder, whose files must be flushed, its number; OSError where there is such a version by now."""
        self.folder.rename(self._serving / str(self._version))
        flush_folder(self._serving)

    def close(self) -> None:
        """Remove the draft, where it was not published, and the serving folder, where it was made for it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)
        self._forsake()

    def _forsake(self) -> None:
        if self._made_serving:
            with suppress(OSError):  # it holds something
                self._serving.rmdir()


def remove_stale_drafts(serving: Path) -> None:
    """Remove drafts of this user whose process is gone: those that nobody holds the lock of."""
    with suppress(OSError), os.scandir(serving) as entries:
        found = [Path(entry.path) for entry in entries if _NAME.fullmatch(entry.name)]
        for draft in found:
            with suppress(OSError):
                _remove_if_stale(draft)


def _remove_if_stale(draft: Path) -> None:
    status = draft.stat(follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return
    descriptor = os.open(draft, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(draft, ignore_errors=True)
    finally:
        os.close(descriptor)


def _make_folder(serving: Path) -> bool:
    """Make the serving folder where there is none; return whether that was so."""
    try:
        serving.mkdir()
    except FileExistsError:
        return False
    flush_folder(serving.parent)
    return True


def _make(serving: Path, version: int) -> tuple[Path, int]:
    """Return a new folder and the descriptor that locks it."""
    for _ in range(_ATTEMPTS):
        folder = serving / f".{version}.draft-{os.urandom(4).hex()}"
        folder.mkdir()
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        _lock(lock)
        with suppress(OSError):
            if os.path.samestat(folder.stat(follow_symlinks=False), os.fstat(lock)):
                return folder, lock
        os.close(lock)  # before it was locked, another process took it for a stale one
    raise OSError(errno.EAGAIN, "other processes remove every folder made there")


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:  # some file systems lock nothing: nor will anybody find it stale there
            raise
