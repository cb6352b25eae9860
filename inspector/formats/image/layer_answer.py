"""What parent and child of indexing and reading layers say to each other; text is still in the bytes of the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from inspector.formats.image.wanted import MOST_CONTENTS, MOST_HEADS
from inspector.records.image import Compression, EntryKind, Whiteout

KINDS: Final[tuple[EntryKind, ...]] = (
    "file",
    "directory",
    "symlink",
    "hard_link",
    "character_device",
    "block_device",
    "fifo",
)
WHITEOUTS: Final[tuple[Whiteout, ...]] = ("", "file", "opaque")


class RawEntry(NamedTuple):
    """An Entry before its text is cleaned: path and link as normalized bytes, kind and whiteout by position in those lists."""

    path: bytes
    kind: int
    size: int
    mode: int
    uid: int
    gid: int
    mtime: int
    link: bytes
    offset: int
    stored: int
    sha256: bytes
    xattrs: tuple[bytes, ...]
    device: tuple[int, int] | None
    sparse: bool
    whiteout: int


@dataclass(frozen=True, slots=True)
class RawNote:
    """One kind of oddity of a layer: how often it was met, and the first few names it was met at."""

    rule: str
    count: int
    names: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RawLayer:
    """What indexing one layer gave; sizes in bytes, digests in hexadecimal and empty where not all was read."""

    entries: list[RawEntry]
    contents: list[tuple[bytes, bytes]] = field(default_factory=list)
    heads: list[tuple[bytes, bytes]] = field(default_factory=list)
    notes: tuple[RawNote, ...] = ()
    size_bytes: int = 0
    """Of the uncompressed layer, as far as it was read."""
    sha256: str = ""
    """Of the uncompressed layer."""
    blob_sha256: str = ""
    """Of the layer as stored."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much indexing may take, for one layer and what its image has left."""

    entries: int = 1_000_000
    text_bytes: int = 256 << 20
    """Names and links of entries."""
    content_bytes: int = MOST_CONTENTS
    heads: int = MOST_HEADS
    uncompressed_bytes: int = 64 << 30
    """Skipped members included."""
    ratio: int = 1200
    """Uncompressed bytes for each compressed one, beyond the first GiB."""
    seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where the blob of one layer lies in its file (in the uncompressed one, if that is wrapped), and its own compression."""

    offset: int
    length: int
    compression: Compression


@dataclass(frozen=True, slots=True)
class PassRequest:
    """One pass over a file: layers in ascending order, none overlapping another; path in the file system's bytes."""

    path: bytes
    wrapping: Compression
    stretches: tuple[Stretch, ...]
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class LayerPlace:
    """One layer: the file it is in (a path in the file system's bytes), that file's own compression, and the stretch."""

    path: bytes
    wrapping: Compression
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class ContentRequest:
    """Bytes start to start + length of the content of one entry, told by size and offset in the uncompressed layer.

    output, where given, names a file to write them to from output_offset on; None: it takes them in order.
    """

    place: LayerPlace
    offset: int
    size: int
    sparse: bool
    start: int
    length: int
    seconds: float
    output: bytes = b""
    output_offset: int | None = None


@dataclass(frozen=True, slots=True)
class HashRequest:
    """Entries of one layer to digest, told by their offsets in the uncompressed layer."""

    place: LayerPlace
    offsets: tuple[int, ...]
    seconds: float
