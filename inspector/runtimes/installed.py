"""Which version of a package is installed, read from its metadata without importing the package.

importlib.metadata says the same, but loading it and its e-mail parser takes longer than reading a graph.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path
from typing import Final

_SEPARATORS: Final = re.compile(r"[-_.]+")
_METADATA: Final = {".dist-info": "METADATA", ".egg-info": "PKG-INFO"}
_VERSION: Final = "Version:"


def installed_version(distribution: str) -> str:
    """Return the version of a distribution, "" where it is not installed.

    Sources: the "Version" field of the core metadata in NAME-VERSION.dist-info/METADATA
    (https://packaging.python.org/en/latest/specifications/recording-installed-packages/), or of its predecessor PKG-INFO.
    """
    folder = _recorded(tuple(sys.path)).get(_normalized(distribution))
    if folder is None:
        return ""
    file = folder / _METADATA[folder.suffix] if folder.is_dir() else folder
    try:
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    except OSError:
        return ""
    fields = text.partition("\n\n")[0].splitlines()
    return next((line.removeprefix(_VERSION).strip() for line in fields if line.startswith(_VERSION)), "")


@cache
def _recorded(places: tuple[str, ...]) -> dict[str, Path]:
    """Return where the metadata of each distribution lies, by its normalized name; the first place on the path counts."""
    found: dict[str, Path] = {}
    for place in places:
        try:
            with os.scandir(place or ".") as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith(tuple(_METADATA)))
        except OSError:
            continue
        for name in names:
            found.setdefault(_normalized(name.rpartition(".")[0].partition("-")[0]), Path(place, name))
    return found


def _normalized(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()
