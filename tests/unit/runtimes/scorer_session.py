"""The scorer for three runtimes as tests see it, with inputs: made once a session, by whichever worker asks first."""

from __future__ import annotations

import fcntl
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.records.runnable import Runnable
from inspector.runtimes.calling import file_runnable
from tests.builders import save
from tests.saved_models.session import run_tensorflow
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of
from tests.unit.runtimes.scorer_models import scorer_onnx

SETTINGS = OptimizeSettings(threads=1, step_seconds=120)


@dataclass(frozen=True)
class Scorer:
    """The folder, eight inputs, and how each runtime calls the default signature."""

    folder: Path
    inputs: InputSet
    tensorflow: Runnable
    litert: Runnable
    onnx: Runnable


def make_scorer(factory: pytest.TempPathFactory) -> Scorer:
    """Return the scorer with inputs in a folder of their own; skips where TensorFlow has no wheel."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow has no wheel for this Python or platform")
    base = factory.getbasetemp()
    made = _made_once((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "scorer_models")
    folder = factory.mktemp("scorer")
    chance = np.random.default_rng(1)
    inputs = inputs_of(folder, [{"features": chance.normal(size=(5, 4)).astype(np.float32)} for _ in range(8)])
    return Scorer(
        folder,
        inputs,
        Runnable(str(made / "scorer"), "tensorflow", "serving_default", ("serve",)),
        Runnable(str(made / "scorer.tflite"), "litert", "serving_default"),
        file_runnable(str(save(scorer_onnx(), folder / "scorer.onnx"))),
    )


def _made_once(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "scorer.tflite").exists():
            run_tensorflow("tests.unit.runtimes.scorer_models", str(folder))
    return folder
