"""Python distributions: dist-info with RECORD, and the older egg-info.

Formats: packaging.python.org, "Recording installed projects"; setuptools' egg-info.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final

from inspector.analysis.image.packages_described import Described, ListedFile, NameFilter, every
from inspector.analysis.image.packages_text import decoded, fields, number, plain
from inspector.analysis.image.stored import Stored
from inspector.analysis.image.symlinks import inside_root

_MOST: Final = 20_000
"""Distributions that are looked at; real images have hundreds."""
_METADATA: Final = ("dist-info/METADATA", "egg-info/PKG-INFO", "egg-info")
"""What follows the last dot of a path."""
_ODD: Final = ("..", "//", "\n/", "\n.", '"', "\r/", "\r.")
"""In a RECORD, what tells that one of its paths may not be as plain as nearly all are."""


class PythonPackages:
    """Finds Python distributions anywhere in a file system."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._sorted: list[str] | None = None
        self._expanded: set[str] = set()

    def find(self, is_wanted: NameFilter = every) -> Iterator[Described]:
        """Yield the distributions that are wanted, at most 20,000, nearest the root first, so that vendored ones come late."""
        places = [path for ending in _METADATA for path in self._stored.final.files_by_ending.get(ending, ()) if path != ending]
        for path in sorted(places, key=lambda path: (path.count("/"), path))[:_MOST]:
            yield from self._described(path, is_wanted)

    def _described(self, path: str, is_wanted: NameFilter) -> Iterator[Described]:
        folder, _, last = path.rpartition("/")
        if last.endswith(".egg-info"):
            site, info = folder, path
        else:
            site, _, _ = folder.rpartition("/")
            info = folder
        header = decoded(self._stored.whole(path) or b"")[:65536].partition("\n\n")[0]
        said = fields(iter(header.splitlines()))
        by_name, _, by_version = info.rpartition("/")[2].rpartition(".")[0].partition("-")
        name = plain(said.get("name") or by_name)
        if not is_wanted(name):
            return
        files, declared = self._listed(site, info, name)
        yield Described(
            "python",
            name,
            plain(said.get("version") or by_version.partition("-")[0]),
            path,
            files,
            declared,
            plain(said.get("summary", "")),
        )

    def _listed(self, site: str, info: str, name: str) -> tuple[Sequence[ListedFile], int | None]:
        record = self._stored.whole(f"{info}/RECORD")
        if record is not None:
            files = recorded(decoded(record), site)
            return files, sum(size for _, size in files if size is not None)
        installed = self._stored.whole(f"{info}/installed-files.txt")
        if installed is not None:
            lines = decoded(installed).splitlines()
            return [(inside_root(f"{info}/{line}"), None) for line in lines if line.strip()], None
        return [(path, None) for path in self._by_top_level(site, info, name)], None

    def _by_top_level(self, site: str, info: str, name: str) -> Iterator[str]:
        """Yield what a distribution without a list of files must have brought: its modules by name, and its metadata."""
        text = decoded(self._stored.whole(f"{info}/top_level.txt") or b"") or name.replace("-", "_")
        modules = {module.strip() for module in text.splitlines()[:64]}
        yield from self._under(info)
        for module in sorted(modules):
            if module and "/" not in module and module not in (".", ".."):
                where = f"{site}/{module}" if site else module
                yield from self._under(where)
                yield from (f"{where}.py" for _ in range(f"{where}.py" in self._stored.entries))

    def _under(self, folder: str) -> Iterable[str]:
        """Yield the files below a folder, or the file of that name; nothing when it is asked for again."""
        if folder in self._expanded:
            return ()
        self._expanded.add(folder)
        if self._sorted is None:
            self._sorted = sorted(self._stored.entries)
        if folder in self._stored.entries and self._stored.entries[folder].entry.kind != "directory":
            return (folder,)
        start = bisect_left(self._sorted, f"{folder}/")
        return takewhile(
            lambda path: path.startswith(f"{folder}/"), (self._sorted[at] for at in range(start, len(self._sorted)))
        )


def recorded(text: str, site: str) -> Sequence[ListedFile]:
    """Return the files that a RECORD lists, with their sizes where it gives them; hashes are ignored.

    Paths are relative to site, the folder that dist-info lies in, and may lead out of it, but not out of the root.
    """
    prefix = f"{site}/" if site else ""
    is_plain = text[:1] not in ("/", ".") and not any(sign in text for sign in _ODD)
    if is_plain:
        return [(prefix + row[0], number(row[2]) if len(row) > 2 else None) for row in _rows(text) if row[0]]
    return [(_within(prefix, row[0]), number(row[2]) if len(row) > 2 else None) for row in _rows(text) if row[0]]


def _within(prefix: str, path: str) -> str:
    if path[0] in "/." or ".." in path or "//" in path:
        return inside_root(path if path[0] == "/" else prefix + path)
    return prefix + path


def _rows(text: str) -> Iterable[list[str]]:
    lines = text.splitlines() if text.isascii() else text.replace("\r\n", "\n").split("\n")
    if '"' not in text:
        return [line.rsplit(",", 2) for line in lines]
    return _quoted_rows(lines)


def _quoted_rows(lines: Sequence[str]) -> Iterator[list[str]]:
    for line in lines:
        try:
            yield from csv.reader((line,))
        except csv.Error:
            yield line.rsplit(",", 2)
