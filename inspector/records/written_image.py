"""What is written of an image: which entries, into which layers, and the image that this makes.

Paths are relative to the root, as those of entries are: cleaned, without "/" in front. Sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LayerCompression = Literal["gzip", "zstd"]

LayerPart = Literal["base", "dependencies", "code", "weights"]
"""What a layer of a slimmed image holds: the system, installed packages, the application, models; in this order."""

LAYER_PARTS: tuple[LayerPart, ...] = ("base", "dependencies", "code", "weights")


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """One entry of an image: the index of its layer, and its own in that layer's entries."""

    layer: int
    index: int


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """One path of the slimmed file system, written once.

    entry gives name and attributes; None for a folder that no layer has and files imply. content is where the bytes come from,
    for a file with several names (hard links) the same for all of them; None for what has none.
    """

    path: str
    part: LayerPart
    entry: EntryPlace | None
    content: EntryPlace | None = None
    link_to: str = ""
    """Path of the kept entry, before it in order and of the same part, that this one is another name of; empty: none."""


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A file that no layer has, such as bytecode that saves time at the start."""

    path: str
    part: LayerPart
    content: bytes
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0


@dataclass(frozen=True, slots=True)
class Selection:
    """All that is written of an image, in order of paths (folders before what is in them, links after their targets)."""

    entries: tuple[KeptEntry, ...]
    added: tuple[AddedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageBytes:
    """What an image comes to: bytes of its layers uncompressed and as pulled (None: not known), files, layers."""

    size_bytes: int
    compressed_bytes: int | None
    files: int
    layers: int


@dataclass(frozen=True, slots=True)
class WrittenLayer:
    """One layer as it was written: a blob that is a whole file in a private folder."""

    part: LayerPart
    path: str
    digest: str
    diff_id: str
    media_type: str
    compressed_bytes: int
    size_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class WrittenImage:
    """A slimmed image in a private folder, whole, under no name yet: configuration and OCI manifest as bytes, layers."""

    config: bytes
    manifest: bytes
    layers: tuple[WrittenLayer, ...]
    references: tuple[str, ...] = ()
    """Names that it gets where the target brings none."""
    platform: str = ""

    @property
    def bytes(self) -> ImageBytes:
        """What it comes to."""
        return ImageBytes(
            sum(layer.size_bytes for layer in self.layers),
            sum(layer.compressed_bytes for layer in self.layers),
            sum(layer.files for layer in self.layers),
            len(self.layers),
        )
