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
        hashed = known.get(id(content)) or known.setdefault(id(content), _hashed(content, sha256))
        entry = hashed if place.entry is content else place.entry
        entries[path] = Placed(entry, place.layer, hashed, place.content_layer)
    return replace(final, entries=entries)


def _hashed(entry: Entry, sha256: str) -> Entry:
    """Return the file with its sha256, in half the time that dataclasses.replace takes."""
    return Entry(
        entry.path,
        entry.kind,
        entry.size,
        entry.mode,
        entry.uid,
        entry.gid,
        entry.mtime,
        entry.link,
        entry.offset,
        entry.stored,
        sha256,
        entry.xattrs,
        entry.device,
        entry.sparse,
        entry.whiteout,
    )


def same_content(final: FileSystem) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return groups of equal contents of at least 4 KiB, largest first, each content as its path and those linked to it.

    Told by sha256 where it is known. A group's first content is the one to keep: least deep, then by name.
    """
    repeated = _repeated(final)
    groups: dict[tuple[int, str], dict[int, list[str]]] = {}
    for path, place in final.entries.items() if repeated else ():
        content = place.content
        if content.sha256 in repeated and content.size >= SMALLEST:
            groups.setdefault((content.size, content.sha256), {}).setdefault(id(content), []).append(path)
    equal: list[tuple[int, tuple[tuple[str, ...], ...]]] = []
    for (size, _), contents in groups.items():
        if len(contents) > 1:
            names = (tuple(sorted(paths, key=_keep_first)) for paths in contents.values())
            equal.append((size, tuple(sorted(names, key=lambda paths: _keep_first(paths[0])))))
    return tuple(group for _, group in sorted(equal, key=lambda one: (-one[0] * len(one[1]), one[1])))


def _repeated(final: FileSystem) -> set[str]:
    """Return the hashes that several contents have."""
    first: dict[str, int] = {}
    repeated: set[str] = set()
    for place in final.entries.values():
        sha256 = place.content.sha256
        if sha256 and first.setdefault(sha256, id(place.content)) != id(place.content):
            repeated.add(sha256)
    return repeated


def uncompared(final: FileSystem) -> int:
    """Return how many contents may equal another of their size, but were not read to tell."""
    contents = (place.content for place in final.entries.values())
    if not any(content.size >= SMALLEST and not content.sha256 and content.kind == "file" for content in contents):
        return 0
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
