"""The made artifacts as tests see them: one child process makes all of them once a session, shared by every worker."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
_DONE = "made"


class SavedModels:
    """A folder of artifacts that TensorFlow wrote, each with the truth about it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, name: str) -> Path:
        """Return the folder of the artifact; fails with the maker's traceback where making it failed."""
        failure = self._folder / f"{name}.failed"
        assert not failure.exists(), failure.read_text()
        return self._folder / name

    def truth(self, name: str) -> dict[str, Any]:
        """Return what TensorFlow says of the artifact (truth.py has the fields)."""
        self.path(name)
        return _load(self._folder / f"{name}.json")


@cache
def _load(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def make_once(shared: Path) -> SavedModels:
    """Return the artifacts in a folder that the workers share, made by the first of them that asks."""
    folder = shared / "saved_models"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / _DONE).exists():
            _make(folder)
            (folder / _DONE).touch()
    return SavedModels(folder)


def run_tensorflow(*arguments: str) -> str:
    """Run a module of the project in a child in which TensorFlow is quiet and return its stdout; fails with its stderr."""
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**os.environ, **quiet},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def _make(folder: Path) -> None:
    run_tensorflow("tests.saved_models", str(folder))
