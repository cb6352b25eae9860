"""Which files of a SavedModel's folder TensorFlow reads when it loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_DEFINITIONS: Final = ("saved_model.pb", "saved_model.pbtxt", "fingerprint.pb")
_FOLDERS: Final = ("variables", "assets")
_MOST: Final = 10_000


def saved_model_files(folder: str) -> tuple[str, ...]:
    """Return the definition, the checkpoint and the assets in a folder, absolute; what cannot be listed is left out.

    Not assets.extra, which TensorFlow does not read, nor what Keras keeps for itself. Source: "The SavedModel format on disk",
    https://www.tensorflow.org/guide/saved_model#the_savedmodel_format_on_disk
    """
    root = Path(folder).absolute()
    found = [root / name for name in _DEFINITIONS]
    for name in _FOLDERS:
        found.extend(path for path, _ in zip(_below(root / name), range(_MOST), strict=False))
    return tuple(str(path) for path in found if _is_file(path))


def _below(folder: Path) -> list[Path]:
    try:
        return sorted(folder.rglob("*")) if folder.is_dir() else []
    except OSError:
        return []


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
