"""The file system that layers add up to, and what each layer changes in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.image import Entry

ChangeKind = Literal["added", "modified", "metadata", "removed", "unchanged"]
"""metadata: same content, another owner, mode, time or attribute; the bytes are shipped again nevertheless."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One path of a file system: the entry that gives it and the index of the layer that entry is in.

    Of a hard link, content is the entry its bytes come from and content_layer that one's layer; otherwise the same again.
    """

    entry: Entry
    layer: int
    content: Entry
    content_layer: int

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.content.size


@dataclass(frozen=True, slots=True)
class LostContent:
    """Content of a file that no path leads to any more."""

    placed: Placed
    """One of the places it had last."""
    by_layer: int
    """Index of the layer that took its last name."""
    after: Placed | None
    """What lies at that place since that layer; None for nothing."""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """What a container sees once layers up to some index lie on top of each other, by path; implied folders are there too."""

    entries: Mapping[str, Placed]
    top: int
    """Index of the uppermost layer."""
    file_count: int = 0
    """Regular files, each hard link counted."""
    size_bytes: int = 0
    """Bytes of regular files, those with several names counted once."""
    lost: tuple[LostContent, ...] | None = field(default=None, repr=False)
    """What layers up to the uppermost ship in vain, files without bytes left out; None where nobody kept track."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one layer does to one path; sizes in bytes."""

    path: str
    kind: ChangeKind
    before: Placed | None = None
    after: Placed | None = None
