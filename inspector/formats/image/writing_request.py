"""What parent and child of writing a slimmed image say to each other; paths of entries are cleaned text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from inspector.formats.image.layer_answer import LayerPlace
from inspector.records.written_image import AddedFile, LayerCompression

Place = tuple[int, int]
"""One entry: the index of its layer, and its own in that layer's entries."""


class ExpectedEntry(NamedTuple):
    """One entry that is needed, as it was when the image was read: the archive must still hold the same."""

    number: int
    """Its index."""
    path: str
    kind: int
    size: int
    mode: int
    uid: int
    gid: int
    mtime: int
    offset: int
    stored: int


@dataclass(frozen=True, slots=True)
class LayerJob:
    """One layer to read: where it lies, how many entries it has, its diff_id (empty: not to be verified), what is needed."""

    index: int
    place: LayerPlace
    entries: int
    diff_id: str
    wanted: list[ExpectedEntry]


class PlannedEntry(NamedTuple):
    """One path to write; kind by position in KINDS, part in LAYER_PARTS.

    name is the entry that has the path as it is stored, None where the text is all there is. sources are the entries whose
    attributes it gets, the last counting, extended attributes of all together; none for an implied folder. Entries of one
    group (not -1) are names of one file.
    """

    path: str
    kind: int
    part: int
    name: Place | None
    sources: list[Place]
    content: Place | None
    group: int = -1


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """Everything to write into a folder of its own."""

    layers: list[LayerJob]
    entries: list[PlannedEntry]
    added: list[AddedFile]
    compression: LayerCompression
    folder: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class BlobMade:
    """One layer as it was written; part by position in LAYER_PARTS, digests as OCI writes them."""

    part: int
    path: bytes
    digest: str
    diff_id: str
    compressed_bytes: int
    size_bytes: int
    files: int
