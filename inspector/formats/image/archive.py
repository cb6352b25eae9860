"""What holds an image: an archive, compressed as a whole or not, or the folder of a layout, read by name and by stretch."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.image.archive_members import Members
from inspector.formats.image.archive_tar import WalkEnd, walk_archive
from inspector.formats.image.magic import compression_of
from inspector.formats.image.tar_sources import FileStretch, read_at
from inspector.formats.onnx.open_file import open_regular
from inspector.isolation.limits import CancelToken
from inspector.records.image import BlobPlace

HEAD: Final = 16
"""Bytes from the beginning of a blob that its kind is told from."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a file lies, or what is wrong with it; one that is cut short has both."""

    place: BlobPlace | None = None
    problem: str = ""
    escapes: bool = False
    """Whether the problem is that the name leads out of what was opened."""
    repeated: bool = False
    """Whether several files have the name, of which this is the last."""


class Store(ABC):
    """Files by name."""

    label: str
    """What was opened, for messages."""
    size_bytes: int
    """Bytes of what was opened, on disk."""
    is_folder: bool = False
    problem: str = ""
    """What kept the rest of the archive from being read."""

    @abstractmethod
    def find(self, name: str) -> Found:
        """Return where the file with that name lies; links are followed inside, never out."""

    @abstractmethod
    def read(self, place: BlobPlace, length: int) -> bytes:
        """Return the first bytes of a file, at most length of them; raises UnreadableArtifact."""

    def close(self) -> None:  # noqa: B027 - most keep nothing open
        """Let go of what is open."""


class TarStore(Store):
    """A plain tar, its headers walked once."""

    def __init__(self, path: Path) -> None:
        """Raises UnreadableArtifact for what is no tar."""
        self.label = one_line(path)
        self._path = os.fspath(path)
        self._descriptor = open_regular(path)
        try:
            self.size_bytes = os.fstat(self._descriptor).st_size
            end = WalkEnd()
            source = FileStretch(self._descriptor, 0, self.size_bytes)
            self.members = Members(walk_archive(source, self.label, end))
            self.problem = end.problem
        except OSError as error:
            self.close()
            raise UnreadableArtifact(f"{self.label}: {one_line(error.strerror)}", "check the disk") from None
        except BaseException:
            self.close()
            raise

    def find(self, name: str) -> Found:
        located = self.members.locate(name)
        member = located.member
        if member is None:
            return Found(None, located.problem, located.escapes)
        repeated = member.name in self.members.repeated
        if member.offset + member.size > self.size_bytes:
            there = max(0, self.size_bytes - member.offset)
            place = BlobPlace(self._path, member.offset, member.size)
            return Found(place, f"cut short: {there:,} of {member.size:,} bytes are there", repeated=repeated)
        return Found(BlobPlace(self._path, member.offset, member.size), repeated=repeated)

    def read(self, place: BlobPlace, length: int) -> bytes:
        try:
            return read_at(self._descriptor, place.offset, min(length, place.length))
        except OSError as error:
            raise UnreadableArtifact(f"{self.label}: {one_line(error.strerror)}", "check the disk") from None

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def open_store(path: Path, cancel: CancelToken | None = None) -> Store:
    """Return the archive or layout at path, open; raises UnreadableArtifact for what is neither."""
    if path.is_dir():
        from inspector.formats.image.archive_folder import FolderStore

        return FolderStore(path)
    wrapping = compression_of(_head(path))
    if wrapping is None:
        raise UnreadableArtifact(
            f"{one_line(path)}: is compressed in a way that is not read", "unpack it first: unxz or bunzip2"
        )
    if wrapping == "none":
        return TarStore(path)
    from inspector.formats.image.archive_wrapped import WrappedStore

    return WrappedStore(path, wrapping, cancel)


def _head(path: Path) -> bytes:
    descriptor = open_regular(path)
    try:
        return os.pread(descriptor, HEAD, 0)
    except OSError as error:
        raise UnreadableArtifact(f"{one_line(path)}: {one_line(error.strerror)}", "check the disk") from None
    finally:
        os.close(descriptor)
