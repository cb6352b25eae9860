"""Where a version may be published: which folders are no place for one, and which numbers are free."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from inspector.errors import UsageError
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.save_failures import failed
from inspector.formats.saved_model.serving_folder import DEFINITIONS, is_serving_folder

LARGEST_VERSION: Final = 2**63 - 1
"""Servers hold versions in 64 bits."""

_MOST_DIGITS: Final = 40


def check_serving_folder(serving: Path, source: Path | None = None) -> Path:
    """Return the real path of a folder for versions, which need not be there yet, though the one it lies in must.

    Raises UsageError where it is a file, a SavedModel, one version of a serving folder, or the source, within it or around it
    (None: it is not known yet); OperationFailed where the system does not tell.
    """
    label = one_line(serving)
    try:
        real = serving.resolve()
        _check_kind(serving, real, label)
        if source is not None:
            _check_apart(real, source.resolve(), label, one_line(source))
    except (OSError, ValueError, RuntimeError) as error:
        raise failed(serving, error if isinstance(error, OSError) else OSError(str(error))) from None
    return real


def _check_kind(serving: Path, real: Path, label: str) -> None:
    if not os.path.lexists(real):
        if serving.is_symlink():
            raise UsageError(f"cannot publish in {label}: it is a link that leads nowhere", "name a folder")
        if not real.parent.is_dir():
            raise UsageError(f"cannot publish in {label}: there is no folder {one_line(real.parent)}", "make it first")
    elif not real.is_dir():
        raise UsageError(f"cannot publish in {label}: it is no folder", "name the folder that holds the versions")
    elif any(os.path.lexists(real / name) for name in DEFINITIONS):
        raise UsageError(f"cannot publish in {label}: it is a SavedModel itself", "name the folder that holds the versions")
    if version_of(real.name) is not None and is_serving_folder(real.parent):
        above = one_line(serving.parent)
        raise UsageError(f"cannot publish in {label}: it is a version of {above} itself", f"--output {above}")


def _check_apart(serving: Path, source: Path, label: str, shown: str) -> None:
    hint = "name another folder; what is read stays as it is"
    if serving == source:
        raise UsageError(f"cannot publish in {label}: it is what is read", hint)
    if serving.is_relative_to(source):
        raise UsageError(f"cannot publish in {label}: it lies in {shown}, which is read", hint)
    if source.is_relative_to(serving):
        raise UsageError(f"cannot publish in {label}: {shown}, which is read, lies in it", hint)


def check_version(serving: Path, version: int | None, label: str) -> int:
    """Return the version to publish in an existing or future folder: the one that was asked for, or the next one for None.

    Raises UsageError where it is none, or is there already under whatever spelling.
    """
    taken = taken_versions(serving)
    following = max(taken, default=0) + 1
    if version is None:
        if following > LARGEST_VERSION:
            raise UsageError(f"{label}: there is no version after {LARGEST_VERSION}", "name a free one: --version N")
        return following
    if not 1 <= version <= LARGEST_VERSION:
        raise UsageError(f"{version} is no version: servers take 1 to {LARGEST_VERSION}", "--version 1")
    if version in taken:
        hint = f"--version {following}" if following <= LARGEST_VERSION else "name a free one"
        raise UsageError(f"{label}: version {version} is there already", f"the next free one is {following}: {hint}")
    return version


def taken_versions(serving: Path) -> frozenset[int]:
    """Return the numbers that are names in the folder, of folders, files or links: servers may take each for a version."""
    try:
        with os.scandir(serving) as entries:
            found = {version_of(entry.name) for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except OSError as error:
        raise failed(serving, error) from None
    return frozenset(version for version in found if version is not None)


def version_of(name: str) -> int | None:
    """Return the number that a server takes a name for, None for other names: leading zeros count for nothing."""
    if not (name.isascii() and name.isdecimal() and len(name) < _MOST_DIGITS):
        return None
    number = int(name)
    return number if number <= LARGEST_VERSION else None
