"""The file system that layers add up to, and what each layer changes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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


@dataclass(frozen=True)
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

    @cached_property
    def files_by_folder(self) -> Mapping[str, Mapping[str, Placed]]:
        """Regular files, hard links to them included, by path, by the folder they lie in; the root is ""."""
        folders: dict[str, dict[str, Placed]] = {}
        for path, placed in self.entries.items():
            if placed.content.kind == "file":
                folder = path.rpartition("/")[0]
                files = folders.get(folder)
                if files is None:
                    files = folders[folder] = {}
                files[path] = placed
        return folders

    @cached_property
    def linked_files(self) -> Mapping[int, Sequence[str]]:
        """All paths of each file that some hard link leads to, by id() of the entry its bytes come from."""
        names: dict[int, list[str]] = {
            id(placed.content): [] for placed in self.entries.values() if placed.entry is not placed.content
        }
        for path, placed in self.entries.items() if names else ():
            if id(placed.content) in names:
                names[id(placed.content)].append(path)
        return names

    @cached_property
    def same_size_files(self) -> Mapping[int, Mapping[str, Placed]]:
        """Regular files, by path, that share their size with others, by that; of several names of a file only the first."""
        linked = self.linked_files
        sizes: dict[int, dict[str, Placed]] = {}
        for path, placed in self.entries.items():
            content = placed.content
            if content.kind == "file" and content.size:
                names = linked.get(id(content)) if linked else None
                if names is None or names[0] == path:
                    files = sizes.get(content.size)
                    if files is None:
                        files = sizes[content.size] = {}
                    files[path] = placed
        return {size: files for size, files in sizes.items() if len(files) > 1}

    @cached_property
    def files_by_ending(self) -> Mapping[str, Sequence[str]]:
        """Paths of the same files by what follows the last dot of the path, such as "py" or "dist-info/RECORD"."""
        endings: dict[str, list[str]] = {}
        for path, placed in self.entries.items():
            if placed.content.kind == "file":
                ending = path.rpartition(".")[2]
                paths = endings.get(ending)
                if paths is None:
                    paths = endings[ending] = []
                paths.append(path)
        return endings


@dataclass(frozen=True, slots=True)
class Change:
    """What one layer does to one path; sizes in bytes."""

    path: str
    kind: ChangeKind
    before: Placed | None = None
    after: Placed | None = None
