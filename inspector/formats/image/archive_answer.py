"""What parent and child of indexing a compressed archive say to each other; names are in the bytes of the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from inspector.formats.image.archive_members import MemberKind
from inspector.records.image import Compression


@dataclass(frozen=True, slots=True)
class WrappedRequest:
    """One pass over an archive that is compressed as a whole; path in the file system's bytes, label for messages.

    most_bytes bounds what it may become, seconds how long that may take.
    """

    path: bytes
    label: str
    wrapping: Compression
    most_bytes: int
    seconds: float


class RawMember(NamedTuple):
    """A member: offset and size in the uncompressed archive, its first bytes, and the whole of it where it looks like JSON."""

    name: bytes
    kind: MemberKind
    offset: int
    size: int
    link: bytes
    head: bytes
    document: bytes


@dataclass(frozen=True, slots=True)
class WrappedAnswer:
    """The members in archive order, and what kept the rest from being read."""

    members: list[RawMember]
    problem: str = ""
    uncompressed_bytes: int = 0
    """As far as it was read."""
