"""Contents that lie in an image twice, and which copies can become hard links to another."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from inspector.analysis.image.slim.owners import final_of
from inspector.analysis.image.slim.selection import may_link
from inspector.records.file_system import Placed
from inspector.records.image_inspection import ImageInspection


def links_for(inspection: ImageInspection, repeated: Iterable[str], dropped: Container[str]) -> Mapping[str, str]:
    """Return for repeated files the copy that they can be hard links to, which is none of them; what is dropped left out.

    repeated are the paths of "same content twice": all copies but one of each content. A copy is told by sha256 where that is
    known, otherwise where of all files of that size only one is not repeated, which it then must be. A content with several
    names is taken only with all of them.
    """
    return _Links(inspection, frozenset(path for path in repeated if path in final_of(inspection).entries), dropped).all()


class _Links:
    def __init__(self, inspection: ImageInspection, repeated: frozenset[str], dropped: Container[str]) -> None:
        self._inspection = inspection
        self._final = final_of(inspection)
        self._repeated = repeated
        self._dropped = dropped
        self._seen: set[int] = set()
        """Contents that were looked at, by id()."""
        self._firsts: dict[int, list[str]] = {}

    def all(self) -> Mapping[str, str]:
        """Return all links by path."""
        found: dict[str, str] = {}
        for path in sorted(self._repeated):
            content = id(self._final.entries[path].content)
            if content not in self._seen:
                self._seen.add(content)
                found.update(self._links(path))
        return found

    def _links(self, path: str) -> Iterator[tuple[str, str]]:
        placed = self._final.entries[path]
        names = self._final.linked_files.get(id(placed.content), (path,))
        target = self._copy_of(placed)
        staying = [name for name in names if name not in self._dropped]
        if target is not None and all(name in self._repeated and may_link(self._inspection, name, target) for name in staying):
            yield from ((name, target) for name in staying)

    def _copy_of(self, placed: Placed) -> str | None:
        size = placed.size
        if size not in self._firsts:
            same = self._final.same_size_files.get(size, {})
            self._firsts[size] = [path for path in same if path not in self._repeated]
        firsts = self._firsts[size]
        entries = self._final.entries
        sha256 = placed.content.sha256
        if sha256:
            firsts = [path for path in firsts if entries[path].content.sha256 == sha256]
        return firsts[0] if len(firsts) == 1 and firsts[0] not in self._dropped else None
