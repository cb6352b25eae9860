"""Serving folders: one SavedModel a version in folders with numbers for names, of which a server picks the largest.

TensorFlow Serving takes every child whose name is a 64-bit number for a version and by default serves the largest
(https://www.tensorflow.org/tfx/serving/serving_config, "latest" policy), whether or not it can be loaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.records.saved_model import ServedVersion, SignatureFacts, SignatureTensor

DEFINITIONS: Final = ("saved_model.pb", "saved_model.pbtxt")
MOST_VERSIONS: Final = 1_000
_MOST_ENTRIES: Final = 100_000
_LARGEST_VERSION: Final = 2**63 - 1


class VersionSummary(NamedTuple):
    """What one version says of itself."""

    signatures: tuple[SignatureFacts, ...]
    tensorflow_version: str = ""


class VersionFolder(NamedTuple):
    """One child of a serving folder that a server takes for a version."""

    version: int
    path: Path


def version_folders(path: Path) -> tuple[VersionFolder, ...]:
    """Return the folders below path that are versions, newest first; () where path is no folder or cannot be listed."""
    found = [VersionFolder(int(entry.name), Path(entry.path)) for entry in _children(path) if _is_version(entry)]
    return tuple(sorted(found, key=lambda folder: (-folder.version, folder.path.name))[:MOST_VERSIONS])


def is_serving_folder(path: Path) -> bool:
    """Tell whether path is no SavedModel itself but holds one in a folder with a number for a name."""
    return not _holds_saved_model(path) and any(_holds_saved_model(folder.path) for folder in version_folders(path))


def served_folder(path: Path) -> Path:
    """Return the folder of the version that a server picks, or, where that is no SavedModel, of the newest that is one.

    Raises UnreadableArtifact where no version is.
    """
    folders = version_folders(path)
    served = next((folder.path for folder in folders if _problem(folder.path, path) == ""), None)
    if served is None:
        hint = "a serving folder holds SavedModels in folders named by version, such as 1/"
        raise UnreadableArtifact(f"{one_line(path)}: holds no version that is a SavedModel", hint)
    return served


def describe_versions(path: Path, summarize: Callable[[Path], VersionSummary]) -> tuple[ServedVersion, ...]:
    """Return every version below path, newest first, with how its signatures differ from those of the newest.

    summarize reads one SavedModel folder and may raise UnreadableArtifact, which becomes that version's problem.
    """
    described = [_describe(folder, path, position == 0, summarize) for position, folder in enumerate(version_folders(path))]
    reference = next((version for version in described if not version.problem), None)
    if reference is None:
        return tuple(described)
    return tuple(one if one is reference or one.problem else _with_differences(one, reference.signatures) for one in described)


def signature_differences(signatures: Sequence[SignatureFacts], reference: Sequence[SignatureFacts]) -> tuple[str, ...]:
    """Return how signatures differ from the reference, one sentence each: what is missing, added, or of another kind."""
    ours, theirs = {one.name: one for one in signatures}, {one.name: one for one in reference}
    missing = [f"signature {name} is missing" for name in theirs if name not in ours]
    added = [f"signature {name} is added" for name in ours if name not in theirs]
    changed = [
        f"{name}: {difference}"
        for name in ours
        if name in theirs
        for role in ("input", "output")
        for difference in _tensor_differences(role, _tensors(ours[name], role), _tensors(theirs[name], role))
    ]
    return (*missing, *added, *changed)


def _tensors(signature: SignatureFacts, role: str) -> tuple[SignatureTensor, ...]:
    return signature.inputs if role == "input" else signature.outputs


def _tensor_differences(role: str, ours: Sequence[SignatureTensor], theirs: Sequence[SignatureTensor]) -> Iterator[str]:
    here, there = {one.name: one for one in ours}, {one.name: one for one in theirs}
    for name, tensor in there.items():
        if name not in here:
            yield f"{role} {name} is missing"
        elif _kind(here[name]) != _kind(tensor):
            yield f"{role} {name} is {_kind(here[name])} instead of {_kind(tensor)}"
    for name, tensor in here.items():
        if name not in there:
            yield f"{role} {name} is added ({_kind(tensor)})"


def _kind(tensor: SignatureTensor) -> str:
    if tensor.shape is None:
        return f"{tensor.dtype} of any shape"
    return f"{tensor.dtype}[{','.join('?' if dim is None else str(dim) for dim in tensor.shape)}]"


def _with_differences(version: ServedVersion, reference: Sequence[SignatureFacts]) -> ServedVersion:
    return ServedVersion(
        version.version,
        version.folder,
        version.size_bytes,
        version.is_served,
        version.signatures,
        version.tensorflow_version,
        version.problem,
        signature_differences(version.signatures, reference),
    )


def _describe(folder: VersionFolder, path: Path, is_served: bool, summarize: Callable[[Path], VersionSummary]) -> ServedVersion:
    name = one_line(folder.path.name)
    problem = _problem(folder.path, path)
    summary = VersionSummary(())
    if not problem:
        try:
            summary = summarize(folder.path)
        except UnreadableArtifact as error:
            problem = error.message
    size = 0 if problem.startswith("a link") else _bytes_below(folder.path)
    return ServedVersion(folder.version, name, size, is_served, summary.signatures, summary.tensorflow_version, problem)


def _problem(version: Path, path: Path) -> str:
    """Return why a version cannot be read, "" if it can as far as names tell."""
    try:
        if not Path(os.path.realpath(version)).is_relative_to(os.path.realpath(path)):
            return "a link that leaves the serving folder"
    except (OSError, ValueError):
        return "cannot be reached"
    return "" if _holds_saved_model(version) else "holds no saved_model.pb"


def _holds_saved_model(folder: Path) -> bool:
    try:
        return any((folder / name).is_file() for name in DEFINITIONS)
    except (OSError, ValueError):
        return False


def _children(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return [entry for entry, _ in zip(entries, range(_MOST_ENTRIES), strict=False)]
    except (OSError, ValueError):
        return []


def _is_version(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    if not (name.isascii() and name.isdecimal() and len(name) < 40 and int(name) <= _LARGEST_VERSION):
        return False
    try:
        return entry.is_dir()
    except OSError:
        return False


def _bytes_below(folder: Path) -> int:
    """Return the bytes of regular files below the folder; links are not followed."""
    total, seen, waiting = 0, 0, [folder]
    while waiting and seen < _MOST_ENTRIES:
        for entry in _children(waiting.pop()):
            seen += 1
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                total += entry.stat(follow_symlinks=False).st_size
    return total
