"""Files that may hold, or do hold, the same content as another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from inspector.analysis.image.same_content import NO_KEYS, ContentKeys, Located, content_key
from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Layer

SMALLEST: Final = 4096
"""Bytes below which files are not compared: a block of most file systems, so sharing them saves nothing."""


def may_be_same(layers: Iterable[Layer]) -> Sequence[Sequence[Located]]:
    """Return groups of contents of at least 4 KiB that share their size, unless the sha256 of all in a group is known.

    Those that a layer above hides are among them: this is known before the layers are merged. Linear in entries.
    """
    sizes: dict[int, list[Located]] = {}
    for layer in layers:
        index = layer.index
        for entry in layer.entries or ():
            if entry.size >= SMALLEST and entry.kind == "file" and not entry.whiteout:
                sizes.setdefault(entry.size, []).append((index, entry))
    return [group for group in sizes.values() if len(group) > 1 and not all(entry.sha256 for _, entry in group)]


def same_content(final: FileSystem, keys: ContentKeys = NO_KEYS) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return groups of equal contents of at least 4 KiB, largest first, each content as its path and those linked to it.

    Told by the keys of contents where they are known. A group's first content is the one to keep: least deep, then by name.
    """
    equal: list[tuple[int, tuple[tuple[str, ...], ...]]] = []
    linked = final.linked_files
    for contents in _same_size(final):
        by_key: dict[str, list[str]] = {}
        for path, place in contents.items():
            by_key.setdefault(content_key(place.content, place.content_layer, keys), []).append(path)
        for key, paths in by_key.items():
            if key and len(paths) > 1:
                size = contents[paths[0]].content.size
                if linked:
                    names = sorted((_names(final, path) for path in paths), key=lambda names: _keep_first(names[0]))
                else:
                    names = [(path,) for path in sorted(paths, key=_keep_first)]
                equal.append((-size * len(names), tuple(names)))
    return tuple([group for _, group in sorted(equal)])


def uncompared(final: FileSystem, keys: ContentKeys = NO_KEYS) -> int:
    """Return how many contents may equal another of their size, but were not read to tell."""
    places = (place for group in _same_size(final) for place in group.values())
    return sum(not content_key(place.content, place.content_layer, keys) for place in places)


def _names(final: FileSystem, path: str) -> tuple[str, ...]:
    linked = final.linked_files.get(id(final.entries[path].content))
    return (path,) if linked is None else tuple(sorted(linked, key=_keep_first))


def _keep_first(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _same_size(final: FileSystem) -> Iterable[Mapping[str, Placed]]:
    """Return groups of contents of one size, by one path of each content."""
    return [contents for size, contents in final.same_size_files.items() if size >= SMALLEST]
