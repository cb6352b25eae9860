"""Files of the final file system that may hold, or do hold, the same content as another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from inspector.records.file_system import FileSystem, Placed
from inspector.records.image import Entry

SMALLEST: Final = 4096
"""Bytes below which files are not compared: a block of most file systems, so sharing them saves nothing."""


def candidates(final: FileSystem) -> Mapping[int, Sequence[Entry]]:
    """Return contents of at least 4 KiB that share their size with another and whose sha256 is unknown, by layer.

    In the order they lie in, each once: several names of one content (hard links) make no candidate.
    """
    by_layer: dict[int, list[Entry]] = {}
    for group in _same_size(final):
        for place in group:
            if not place.content.sha256:
                by_layer.setdefault(place.content_layer, []).append(place.content)
    return {layer: sorted(entries, key=lambda entry: entry.offset) for layer, entries in sorted(by_layer.items())}


def with_hashes(final: FileSystem, hashes: Mapping[tuple[int, int], str]) -> FileSystem:
    """Return the file system with sha256 filled in, by layer and offset of the content; links to one content stay that."""
    known: dict[int, Entry] = {}
    entries = dict(final.entries)
    for path, place in final.entries.items():
        content = place.content
        sha256 = hashes.get((place.content_layer, content.offset)) if content.kind == "file" else None
        if sha256 is None or content.sha256 or content.size < SMALLEST:
            continue
        hashed = known.get(id(content)) or known.setdefault(id(content), replace(content, sha256=sha256))
        entry = hashed if place.entry is content else place.entry
        entries[path] = replace(place, entry=entry, content=hashed)
    return replace(final, entries=entries)


def same_content(final: FileSystem) -> tuple[tuple[str, ...], ...]:
    """Return the paths of equal contents of at least 4 KiB, each group's first being the one to keep: least deep, then by name.

    Told by sha256 where it is known; one path stands for all hard links of a content. Largest groups first.
    """
    groups: dict[tuple[int, str], dict[int, str]] = {}
    for path, place in final.entries.items():
        content = place.content
        if content.size >= SMALLEST and content.sha256:
            names = groups.setdefault((content.size, content.sha256), {})
            names[id(content)] = min(names.get(id(content), path), path, key=_keep_first)
    equal = ((size, sorted(names.values(), key=_keep_first)) for (size, _), names in groups.items() if len(names) > 1)
    return tuple(tuple(paths) for _, paths in sorted(equal, key=lambda group: (-group[0] * len(group[1]), group[1])))


def uncompared(final: FileSystem) -> int:
    """Return how many contents may equal another of their size, but were not read to tell."""
    return sum(map(len, candidates(final).values()))


def _keep_first(path: str) -> tuple[int, str]:
    return path.count("/"), path


def _same_size(final: FileSystem) -> Iterable[Iterable[Placed]]:
    by_size: dict[int, dict[int, Placed]] = {}
    for place in final.entries.values():
        content = place.content
        if content.size >= SMALLEST and content.kind == "file":
            by_size.setdefault(content.size, {})[id(content)] = place
    return (contents.values() for contents in by_size.values() if len(contents) > 1)
