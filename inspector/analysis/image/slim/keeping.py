"""What trace keeps, while rules add to it: what is known of the image, paths with reasons, and what waits to be looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from inspector.analysis.image.slim.links import Links
from inspector.analysis.image.slim.owners import final_of, source_of
from inspector.analysis.image.stored import Stored
from inspector.records.file_system import FileSystem
from inspector.records.image import ImageConfig
from inspector.records.image_contents import ElfNeeds
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import KeepReason

Rule = Callable[[str], None]
"""Given each kept path once, keeps what goes with it."""


class Scene:
    """An image as rules look at it."""

    def __init__(self, inspection: ImageInspection, elf: Mapping[str, ElfNeeds], contents: Mapping[str, bytes]) -> None:
        """contents are settings by path, as far as they were read; those that layers keep need not be among them."""
        self.final: FileSystem = final_of(inspection)
        self.entries = self.final.entries
        self.config: ImageConfig = inspection.image.config
        self.elf = elf
        self.links = Links(self.entries)
        self.stored = Stored(inspection.image.layers, self.final)
        self._contents = contents

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """Variables of the image; of several with one name the last."""
        return dict(self.config.environment)

    @cached_property
    def children(self) -> Mapping[str, Sequence[str]]:
        """Paths in each folder, in order."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.entries):
            found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

    @cached_property
    def bytecode(self) -> Mapping[str, Sequence[str]]:
        """Bytecode in __pycache__ by the path of its source, in order."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.final.files_by_ending.get("pyc", ())):
            if "__pycache__/" in path:
                found.setdefault(source_of(path), []).append(path)
        return found

    def below(self, folder: str) -> Iterator[str]:
        """Yield every path below a folder."""
        pending = list(self.children.get(folder, ()))
        while pending:
            path = pending.pop()
            yield path
            pending.extend(self.children.get(path, ()))

    def kind(self, path: str) -> str:
        """Return what lies at a path, a hard link being the file it leads to; empty for nothing."""
        place = self.entries.get(path)
        return place.content.kind if place is not None else ""

    def is_file(self, path: str) -> bool:
        """Tell whether a file lies at a path, or a symlink that leads to one."""
        kind = self.kind(path)
        return kind == "file" or (kind == "symlink" and self.kind(self.real(path)) == "file")

    def size(self, path: str) -> int:
        """Return the bytes of the file at a path."""
        return self.entries[path].size

    def real(self, name: str) -> str:
        """Return the path of what a name leads to; empty where nothing lies there."""
        trail = self.links.find(name) if name else None
        return trail.end or "" if trail is not None else ""

    def text(self, path: str) -> str:
        """Return the content of a settings file, or as much as was read; empty where it was not."""
        data = self._contents.get(path) or self.stored.whole(path) or b""
        return data.decode("utf-8", "surrogateescape")

    def head(self, path: str) -> bytes:
        """Return the first bytes of a file, as many as are known."""
        return self._contents.get(path) or self.stored.head_of(self.entries[path])


class Keeping:
    """Paths with the first reason for each, and those that rules have not seen yet."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.kept: dict[str, KeepReason] = {}
        self._waiting: deque[str] = deque()

    def keep(self, path: str, reason: KeepReason) -> None:
        """Keep what lies at a path, if anything does."""
        if path not in self.kept and path in self.scene.entries:
            self.kept[path] = reason
            self._waiting.append(path)

    def keep_with_end(self, path: str, reason: KeepReason) -> None:
        """Keep what lies at a path and, where that is a symlink, what it leads to."""
        self.keep(path, reason)
        if self.scene.kind(path) == "symlink":
            self.keep_name(path, reason)

    def keep_name(self, name: str, reason: KeepReason) -> str:
        """Keep what a name leads to, symlinks followed, and return its path; empty where nothing lies there."""
        path = self.scene.real(name)
        self.keep(path, reason)
        return path

    def keep_below(self, folder: str, reason: KeepReason, most_bytes: int | None = None) -> None:
        """Keep a folder, or file, and all below it, files larger than most_bytes left out."""
        self.keep(folder, reason)
        for path in self.scene.below(folder):
            if most_bytes is None or self.scene.size(path) <= most_bytes:
                self.keep(path, reason)

    def settle(self, rules: Sequence[Rule]) -> None:
        """Show every kept path to every rule, until none keeps any more."""
        while self._waiting:
            path = self._waiting.popleft()
            for rule in rules:
                rule(path)
