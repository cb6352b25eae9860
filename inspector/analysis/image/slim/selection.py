"""What is written of an image: every kept path once, in order, cut into parts, with where its bytes come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from inspector.analysis.image.slim.owners import final_of
from inspector.analysis.image.slim.parts import part_by_place, part_of, parts_of
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Entry, Image
from inspector.records.image_inspection import ImageInspection
from inspector.records.written_image import LAYER_PARTS, AddedFile, EntryPlace, KeptEntry, LayerPart, Selection

_RANK: Final[Mapping[LayerPart, int]] = {part: rank for rank, part in enumerate(LAYER_PARTS)}


def select(
    inspection: ImageInspection,
    kept: Collection[str] | None = None,
    added: Sequence[AddedFile] = (),
    linked: Mapping[str, str] | None = None,
) -> Selection:
    """Return what to write: all of the final file system, or the paths that are kept with the folders they lie in.

    A folder's part is the uppermost of what is kept in it; an empty one's is told from its place. Hard links that lead nowhere
    are left out. linked maps paths to another with the same content that they become hard links to, where may_link() holds.
    A file that is added takes the place of one at its path, and its part is told anew; it is left out where a folder that it
    should lie in is something else. Linear in files; raises ValueError where layers were not indexed.
    """
    return _Selector(inspection, kept, linked or {}).selection(added)


def may_link(inspection: ImageInspection, path: str, target: str) -> bool:
    """Tell whether two files of equal content could be one: same size, owner, mode, time and part, no extended attributes."""
    entries, parts = final_of(inspection).entries, parts_of(inspection)
    one, other = entries.get(path), entries.get(target)
    if one is None or other is None or path == target or parts.get(path) != parts.get(target):
        return False
    if one.content.kind != "file" or other.content.kind != "file" or one.content is other.content:
        return False
    return (
        _attributes(one.entry) == _attributes(other.entry)
        and one.content.size == other.content.size
        and not _extended(one, other)
    )


def _extended(one: Placed, other: Placed) -> bool:
    return any(entry.xattrs for placed in (one, other) for entry in (placed.entry, placed.content))


def _attributes(entry: Entry) -> tuple[int, int, int, int]:
    return entry.uid, entry.gid, entry.mode, entry.mtime


class _Selector:
    def __init__(self, inspection: ImageInspection, kept: Collection[str] | None, linked: Mapping[str, str]) -> None:
        self._inspection = inspection
        self._final: FileSystem = final_of(inspection)
        self._entries = self._final.entries
        self._parts = parts_of(inspection)
        self._places = _places(inspection.image)
        self._kept = frozenset(self._entries) if kept is None else frozenset(path for path in kept if path in self._entries)
        self._linked = {
            path: target
            for path, target in linked.items()
            if path in self._kept and target in self._kept and target not in linked and may_link(inspection, path, target)
        }
        self._targets = frozenset(self._linked.values())

    def selection(self, added: Sequence[AddedFile]) -> Selection:
        """Return the entries in order, and what is added."""
        extra = list(self._added(added))
        replaced = {file.path for file in extra}
        paths = [path for path in self._kept if path not in replaced and not self._leads_nowhere(path)]
        parts = self._parts
        uppermost: dict[str, LayerPart] = {}
        for path in paths:
            part = parts.get(path)
            if part is not None:
                _raise_folders(uppermost, path, part)
        for file in extra:
            _raise_folders(uppermost, file.path, file.part)
        for path in paths:
            if path not in parts and path not in uppermost:
                _raise_folders(uppermost, path, part_by_place(f"{path}/"))
        folders = uppermost.keys() - self._kept
        ordered = sorted((*paths, *folders))
        return Selection(tuple(self._in_order(ordered, uppermost)), tuple(extra))

    def _leads_nowhere(self, path: str) -> bool:
        return self._entries[path].content.kind == "hard_link"

    def _added(self, added: Sequence[AddedFile]) -> Iterator[AddedFile]:
        """Yield the added files in order, each once, that lie where a file can."""
        for path, file in sorted({file.path: file for file in added}.items()):
            folder = path.rpartition("/")[0]
            here = self._entries.get(path)
            if (here is None or here.content.kind == "file") and self._may_hold(folder):
                yield replace(file, part=part_of(self._inspection, path))

    def _may_hold(self, folder: str) -> bool:
        while folder:
            placed = self._entries.get(folder)
            if placed is not None:
                return placed.entry.kind == "directory"
            folder = folder.rpartition("/")[0]
        return True

    def _in_order(self, ordered: Iterable[str], uppermost: Mapping[str, LayerPart]) -> Iterator[KeptEntry]:
        """Yield the entries by path; a name that comes before the one its content is written under waits for that one."""
        ordered = list(ordered)
        firsts = self._firsts(ordered)
        waiting: dict[str, list[KeptEntry]] = {}
        for path in ordered:
            entry = self._entry(path, uppermost, firsts)
            if entry.link_to > path:
                waiting.setdefault(entry.link_to, []).append(entry)
                continue
            yield entry
            yield from waiting.pop(path, ())

    def _entry(self, path: str, uppermost: Mapping[str, LayerPart], firsts: Mapping[str, str]) -> KeptEntry:
        placed = self._entries.get(path)
        if placed is None:
            return KeptEntry(path, uppermost.get(path) or part_by_place(f"{path}/"), None)
        place = self._places.get(id(placed.entry))
        if placed.entry.kind == "directory":
            return KeptEntry(path, uppermost.get(path) or part_by_place(f"{path}/"), place)
        first = firsts.get(path, path)
        content = self._entries[first].content
        has_bytes = content.kind == "file"
        return KeptEntry(
            path, self._parts[path], place, self._places[id(content)] if has_bytes else None, "" if first == path else first
        )

    def _firsts(self, ordered: Sequence[str]) -> dict[str, str]:
        """Return, by each kept name of a content with several, the one that it is written under."""
        groups: dict[int, list[str]] = {}
        linked_files = self._final.linked_files
        for path in ordered if linked_files or self._linked else ():
            placed = self._entries.get(path)
            if placed is None:
                continue
            target = self._linked.get(path)
            inode = id(placed.content if target is None else self._entries[target].content)
            if target is not None or inode in linked_files or path in self._targets:
                groups.setdefault(inode, []).append(path)
        firsts: dict[str, str] = {}
        for names in groups.values():
            first = next((path for path in names if self._is_own(path)), names[0])
            firsts.update(dict.fromkeys(names, first))
        return firsts

    def _is_own(self, path: str) -> bool:
        placed = self._entries[path]
        return placed.entry is placed.content and path not in self._linked


def _raise_folders(uppermost: dict[str, LayerPart], path: str, part: LayerPart) -> None:
    """Note for the folders above a path that something of that part lies in them."""
    rank = _RANK[part]
    folder = path.rpartition("/")[0]
    while folder:
        known = uppermost.get(folder)
        if known is not None and _RANK[known] >= rank:
            return
        uppermost[folder] = part
        folder = folder.rpartition("/")[0]


def _places(image: Image) -> dict[int, EntryPlace]:
    """Return where every entry is, by its id()."""
    return {
        id(entry): EntryPlace(index, position)
        for index, layer in enumerate(image.layers)
        for position, entry in enumerate(layer.entries or ())
        if not entry.whiteout
    }
