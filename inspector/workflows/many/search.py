"""Find the artifacts that a command line names: each by itself, those below a folder, those that a pattern matches."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact, UsageError
from inspector.report.visible import visible

MOST_ARTIFACTS: Final = 10_000
MOST_ENTRIES: Final = 2_000_000
"""Of folders that are searched, in all."""
MOST_DEPTH: Final = 64

_SUFFIXES: Final = (".onnx", ".tflite")
"""What ends so is meant to be an artifact, readable or not."""
_ARCHIVES: Final = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst")
_PASSED_OVER: Final = frozenset({"node_modules", "__pycache__", "site-packages"})
_PATTERN: Final = frozenset("*?[")


def find_artifacts(names: Sequence[str]) -> tuple[str, ...]:
    """Return what is named, each once, with folders that are no artifact and patterns in place of what is in them, by name.

    Below a folder hidden ones, virtual environments and links to folders are passed over, and a SavedModel, serving folder or
    layout is one artifact. Saved reviews count where nothing else is. Raises UnreadableArtifact where a folder holds none,
    UsageError where a pattern matches nothing, or there are more than MOST_ARTIFACTS.
    """
    found: dict[str, None] = {}
    for name in names:
        for path in _meant(name):
            found.setdefault(path)
            if len(found) > MOST_ARTIFACTS:
                raise UsageError(f"there are more than {MOST_ARTIFACTS:,} artifacts", "name a smaller folder")
    return tuple(found)


def is_searched(name: str) -> bool:
    """Return whether what is named stands for what is in it: a folder that is no artifact itself, or a pattern."""
    if _is_pattern(name):
        return True
    try:
        return Path(name).is_dir() and not _is_artifact_folder(Path(name))
    except (OSError, ValueError):
        return False


def _meant(name: str) -> Iterator[str]:
    if _is_pattern(name):
        matched = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
        if not matched:
            raise UsageError(f"nothing matches {visible(name)}", "quote a pattern such as 'models/**/*.onnx'")
        for path in matched:
            yield from _below(Path(path)) if is_searched(path) else (path,)
    elif is_searched(name):
        folder = Path(name)
        paths = [*_below(folder)] or [*_reviews_below(folder)]
        if not paths:
            hint = "name an ONNX model, a SavedModel, a .tflite file or an image"
            raise UnreadableArtifact(f"{visible(name)}: is a folder in which no artifact lies", hint)
        yield from paths
    else:
        yield name


def _is_pattern(name: str) -> bool:
    return not _PATTERN.isdisjoint(name) and not os.path.lexists(name) and "://" not in name


def _below(folder: Path) -> Iterator[str]:
    return (str(entry) for entry in _entries(folder) if _is_artifact(entry))


def _reviews_below(folder: Path) -> Iterator[str]:
    from inspector.workflows.reviews import is_review

    return (str(entry) for entry in _entries(folder) if entry.suffix.lower() == ".json" and is_review(entry))


def _entries(folder: Path) -> Iterator[Path]:
    """Yield files below a folder, and folders that are artifacts, by name, none of which is entered."""
    waiting = [(folder, 0)]
    seen = 0
    while waiting:
        place, depth = waiting.pop()
        further = []
        for name in _listed(place):
            seen += 1
            if seen > MOST_ENTRIES:
                raise UsageError(f"{visible(str(folder))} holds more than {MOST_ENTRIES:,} files", "name a smaller folder")
            entry = place / name
            if not entry.is_dir() or (not entry.is_symlink() and _is_artifact_folder(entry)):
                yield entry
            elif not entry.is_symlink() and depth < MOST_DEPTH and _is_entered(entry):
                further.append((entry, depth + 1))
        waiting.extend(reversed(further))


def _listed(folder: Path) -> list[str]:
    """Return the names in a folder in order, none where it cannot be read."""
    try:
        return sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
    except OSError:
        return []


def _is_entered(folder: Path) -> bool:
    return folder.name not in _PASSED_OVER and not (folder / "pyvenv.cfg").exists()


def _is_artifact_folder(folder: Path) -> bool:
    from inspector.formats.detect import detect

    try:
        return detect(folder) in ("saved_model", "image")
    except UnreadableArtifact:
        return False


def _is_artifact(entry: Path) -> bool:
    """Tell whether a file is meant to be an artifact; a folder that is not entered is one."""
    from inspector.formats.detect import detect

    if entry.is_dir():
        return True
    name = entry.name.lower()
    if name.endswith(_SUFFIXES):
        return True
    try:
        if not stat.S_ISREG(entry.stat().st_mode):
            return False
        found = detect(entry)
        return found != "onnx" or name.endswith(_ARCHIVES)
    except (OSError, ValueError):
        return name.endswith(_ARCHIVES)
    except UnreadableArtifact:
        return name.endswith(_ARCHIVES) and not _is_tar(entry)


def _is_tar(path: Path) -> bool:
    """Tell whether an archive is one, of something else than images."""
    with path.open("rb") as file:
        return file.read(262)[257:] == b"ustar"
