"""The files beside a SavedModel's graph: assets, which its graph reads, and extra assets, which only other programs do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import MISSING, Located, Locator
from inspector.records.saved_model import AssetFacts, ExtraAsset

ASSETS: Final = "assets"
EXTRA_ASSETS: Final = "assets.extra"
MOST_FILES: Final = 10_000
_DEEPEST: Final = 16


def read_assets(
    locator: Locator, folder: Path, declared: Iterable[tuple[str, str]], cleaner: TextCleaner
) -> tuple[AssetFacts, ...]:
    """Return the assets that a MetaGraph declares as (file name, tensor name), then files in assets/ that none declares.

    Nothing is opened; names that lead out of the folder, absolute ones too, are not even looked for. Raises
    UnreadableArtifact for more than MOST_FILES.
    """
    facts: list[AssetFacts] = []
    for filename, tensor in declared:
        if len(facts) >= MOST_FILES:
            raise UnreadableArtifact(f"{cleaner.label}: declares more than {MOST_FILES:,} assets", "")
        facts.append(_declared(locator, filename, cleaner.clean(tensor), cleaner))
    known = {asset.path for asset in facts}
    facts.extend(
        AssetFacts(PurePosixPath(path).relative_to(ASSETS).as_posix(), path, size_bytes=size, declared=False)
        for path, size in _files(folder, ASSETS, cleaner)
        if path not in known
    )
    return tuple(facts)


def read_extra_assets(folder: Path, cleaner: TextCleaner) -> tuple[ExtraAsset, ...]:
    """Return the regular files below assets.extra/, sorted by path, as many as MOST_FILES."""
    return tuple(ExtraAsset(path, size) for path, size in _files(folder, EXTRA_ASSETS, cleaner))


def _declared(locator: Locator, filename: str, tensor: str, cleaner: TextCleaner) -> AssetFacts:
    shown = cleaner.clean(filename)
    if _is_absolute(filename):
        return AssetFacts(shown, shown, tensor, contained=False, problem="an absolute path")
    path = f"{ASSETS}/{shown}"
    if shown != filename:
        return AssetFacts(shown, path, tensor, problem="a name that is not plain text")
    location = f"{ASSETS}/{filename}" if filename else ""
    found = _located(locator, location)
    if ".." in filename.replace("\\", "/").split("/"):
        return AssetFacts(shown, path, tensor, contained=False, problem="a path that leaves the assets folder with '..'")
    problem = "the file is not there" if found.problem == MISSING else found.problem
    return AssetFacts(shown, path, tensor, found.size_bytes, not found.escapes, problem)


def _is_absolute(filename: str) -> bool:
    """Tell whether the name starts at a root, of this platform, of Windows, or of a remote file system."""
    windows = PureWindowsPath(filename)
    return filename.startswith("/") or bool(windows.drive or windows.root) or "://" in filename


def _located(locator: Locator, location: str) -> Located:
    try:
        return locator.locate(location)
    except (OSError, ValueError):
        return Located(problem="a name that no file can have")


def _files(folder: Path, below: str, cleaner: TextCleaner) -> Iterator[tuple[str, int]]:
    """Yield (path relative to the folder, size in bytes) of regular files, links left out, in the order of their paths."""
    regular = ((path, entry) for path, entry in files_below(folder, below) if entry.is_file(follow_symlinks=False))
    yield from sorted(
        ("/".join(map(cleaner.clean, path.split("/"))), entry.stat(follow_symlinks=False).st_size) for path, entry in regular
    )


def files_below(folder: Path, below: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (path relative to the folder, entry) of all but folders, as many as MOST_FILES; no link is followed."""
    count = 0
    waiting = [(folder / below, below, 0)] if not (folder / below).is_symlink() else []
    while waiting:
        place, name, depth = waiting.pop()
        for entry in _entries(place):
            path = f"{name}/{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                count += 1
                if count > MOST_FILES:
                    return
                yield path, entry
            elif depth < _DEEPEST:
                waiting.append((Path(entry.path), path, depth + 1))


def _entries(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return [entry for entry, _ in zip(entries, range(MOST_FILES), strict=False)]
    except OSError:
        return []
