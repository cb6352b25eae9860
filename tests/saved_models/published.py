"""The SavedModel that the basic-pitch package ships, copied; the package is found without importing it."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path


def basic_pitch_folder() -> Path:
    """Return the folder that holds its saved_model.pb; raises FileNotFoundError where the package is not installed."""
    spec = find_spec("basic_pitch")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("basic_pitch is not installed: make the .venv with `make test`")
    return next(Path(next(iter(spec.submodule_search_locations))).rglob("saved_model.pb")).parent


def basic_pitch(target: Path) -> None:
    """Copy the package's artifact."""
    shutil.copytree(basic_pitch_folder(), target)


MAKERS = {"basic_pitch": basic_pitch}
