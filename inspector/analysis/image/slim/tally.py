"""Adds up what goes and what stays so that every content counts once, however many names it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from heapq import nlargest
from typing import Final

from inspector.records.file_system import FileSystem, Placed

_SHOWN: Final = 10


class Tally:
    """Bytes of files by their paths; those of a content with several names belong to the first name that is looked at."""

    def __init__(self, final: FileSystem, dropped: Collection[str], linked: Mapping[str, str] | None = None) -> None:
        """dropped are the paths that go, linked those that become names of another content; their own goes, too."""
        self._entries = final.entries
        self._linked_files = final.linked_files
        self._going = (dropped, linked or {})
        self._counted: set[int] = set()
        self._freed: dict[int, bool] = {}
        """Of contents with several names, by id(): whether all of them go."""

    def bytes_of(self, paths: Iterable[str]) -> int:
        """Return the bytes of files, every content counted once."""
        seen: set[int] = set()
        total = 0
        for path in paths:
            content = self._entries[path].content
            if content.kind == "file" and id(content) not in seen:
                seen.add(id(content))
                total += content.size
        return total

    def freed_by(self, paths: Iterable[str]) -> int:
        """Return the bytes that go with the paths: of contents all names of which go, each counted once in all."""
        total = 0
        for path in paths:
            placed = self._entries[path]
            if self._is_freed(path, placed) and id(placed.content) not in self._counted:
                self._counted.add(id(placed.content))
                total += placed.size
        return total

    def _is_freed(self, path: str, placed: Placed) -> bool:
        if placed.content.kind != "file":
            return False
        dropped, linked = self._going
        names = self._linked_files.get(id(placed.content))
        if names is None:
            return path in dropped or path in linked
        known = self._freed.get(id(placed.content))
        if known is None:
            known = self._freed[id(placed.content)] = all(name in dropped or name in linked for name in names)
        return known

    def largest(self, paths: Iterable[str]) -> tuple[tuple[str, int], ...]:
        """Return the largest of the files with their bytes."""
        sizes = ((path, self._entries[path].size) for path in paths)
        return tuple(nlargest(_SHOWN, sizes, key=lambda one: (one[1], one[0])))
