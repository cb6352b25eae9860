"""The SavedModels that are there already, copied: basic-pitch's, found without importing the package, and our sample."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "sample_models" / "digits_keras"


def basic_pitch_folder() -> Path:
    """Return the folder that holds its saved_model.pb; raises FileNotFoundError where the package is not installed."""
    spec = find_spec("basic_pitch")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("basic_pitch is not installed: make the .venv with `make test`")
    return next(Path(next(iter(spec.submodule_search_locations))).rglob("saved_model.pb")).parent


def basic_pitch(target: Path) -> None:
    """Copy the package's artifact."""
    shutil.copytree(basic_pitch_folder(), target)


def digits_keras(target: Path) -> None:
    """Copy the sample: what tf.saved_model.save writes of a compiled and trained Keras 3 model."""
    shutil.copytree(SAMPLE, target)


MAKERS = {"basic_pitch": basic_pitch, "digits_keras": digits_keras}
