"""The folder of an OCI layout: only regular files inside it are ever opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.image.archive import Found, Store
from inspector.formats.image.archive_members import MISSING, normalized
from inspector.records.image import BlobPlace

_MOST_FILES: Final = 200_000


class FolderStore(Store):
    """A folder; symbolic links are followed as long as they stay in it."""

    is_folder = True

    def __init__(self, path: Path) -> None:
        """Raises UnreadableArtifact if the folder cannot be reached."""
        self.label = one_line(path)
        try:
            self._root = Path(os.path.realpath(path, strict=True))
        except (OSError, ValueError) as error:
            raise UnreadableArtifact(f"{self.label}: {one_line(error)}", "check the path") from None
        self.size_bytes = sum(_sizes(self._root))

    def find(self, name: str) -> Found:
        if not name:
            return Found(None, "has no name")
        inner = normalized(name)
        if inner is None:
            return Found(None, "leads out of the folder", True)
        try:
            real = Path(os.path.realpath(self._root / inner, strict=True))
            status = real.stat()
        except FileNotFoundError:
            return Found(None, MISSING)
        except (OSError, ValueError) as error:
            return Found(None, f"cannot be reached: {one_line(getattr(error, 'strerror', None) or error)}")
        if not real.is_relative_to(self._root):
            return Found(None, "a symbolic link that leaves the folder", True)
        if not stat.S_ISREG(status.st_mode):
            return Found(None, "no regular file")
        return Found(BlobPlace(os.fspath(real), 0, status.st_size))

    def read(self, place: BlobPlace, length: int) -> bytes:
        name = one_line(Path(place.path).name)
        try:
            descriptor = os.open(place.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise UnreadableArtifact(
                f"{self.label}: {name}: {one_line(error.strerror)}", "check who may read it: ls -l"
            ) from None
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableArtifact(f"{self.label}: {name}: is no regular file", "the folder was changed: open it again")
            return os.pread(descriptor, min(length, place.length), place.offset)
        except OSError as error:
            raise UnreadableArtifact(f"{self.label}: {name}: {one_line(error.strerror)}", "check the disk") from None
        finally:
            os.close(descriptor)


def _sizes(root: Path) -> Iterator[int]:
    """Yield the bytes of every regular file below a folder."""
    waiting, count = [os.fspath(root)], 0
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    count += 1
                    if count > _MOST_FILES:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        yield entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
