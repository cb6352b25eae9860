"""Every model that packages ship, through every step: what is accepted holds on inputs that nobody accepted it by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished, Steps
from inspector.records.inspection import Inspection
from inspector.records.optimization import Change, InputSet, OptimizationRequest, OptimizerName, OptimizeSettings
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.verify.inputs import make_inputs
from inspector.workflows.examine import examine
from inspector.workflows.optimization.session import OptimizationSession
from tests.e2e.test_real_models import PACKAGES, models_of
from tests.published_models.filling import fill_weights
from tests.published_models.image_classifiers import save_resnet50

SAMPLES = Path(__file__).parents[2] / "sample_models"
STEPS: tuple[OptimizerName, ...] = ("simplify", "fp16", "int8")
UNSEEN_SEED = 987_654
UNSEEN_INPUTS = 4

LEAST_SQNR = {"simplify": 50.0, "fp16": 25.0, "int8": 10.0}
"""In dB, on unseen inputs: below the gates it was accepted by, since every input has its own noise."""

SETTINGS = OptimizeSettings(comparison_seconds=0.0, budget_seconds=60.0, threads=1)
BRIEF = replace(SETTINGS, budget_seconds=10.0)
"""Whatever a search has found by then is held as well as what it would find in the end."""


def real_models() -> list[Path]:
    """Return the samples that have labels and the models that packages ship."""
    shipped = [path for package in PACKAGES for path in models_of(package)]
    return [SAMPLES / "digits_cnn.onnx", SAMPLES / "digits_transformer.onnx", *shipped]


@pytest.fixture(autouse=True)
def _private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without what earlier runs on this machine remember."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_real_models_are_there() -> None:
    if not all(models_of(package) for package in PACKAGES):
        pytest.skip("packages with real models are not installed: make the .venv with `make test`")
    assert len(real_models()) == 2 + sum(PACKAGES.values())


@pytest.mark.timeout(900)
@pytest.mark.parametrize("path", real_models(), ids=lambda path: path.stem)
def test_what_is_accepted_holds_on_unseen_inputs_and_what_is_not_says_why(path: Path, tmp_path: Path) -> None:
    _hold_every_step(path, tmp_path, BRIEF)


@pytest.mark.timeout(900)
def test_a_published_residual_network_holds_too(tmp_path: Path) -> None:
    folder = tmp_path / "resnet50"
    folder.mkdir()
    changes = _hold_every_step(fill_weights(save_resnet50(folder)), tmp_path, SETTINGS)
    assert changes["int8"].status == "accepted"
    assert "static" in changes["int8"].choice


def _hold_every_step(path: Path, tmp_path: Path, settings: OptimizeSettings) -> dict[OptimizerName, Change]:
    """Run each step on the original, check what was accepted anew, and return what the steps came to."""
    inspection = _inspected(path)
    unseen = tmp_path / "unseen"
    unseen.mkdir()
    inputs = _done(make_inputs(inspection, str(unseen), UNSEEN_INPUTS, UNSEEN_SEED, settings, CancelToken()))
    session = OptimizationSession(inspection, OptimizationRequest(settings=settings))
    changes = {}
    try:
        for step in STEPS:
            change = changes[step] = _result(session.run(step, CancelToken()))
            if change.status == "accepted":
                _hold(path, Path(session.current.path), inputs, LEAST_SQNR[step])
            else:
                assert len(change.reason) > len("rejected"), step
            session.undo_to(0)
    finally:
        session.close()
    return changes


def _hold(original: Path, changed: Path, inputs: InputSet, least_sqnr: float) -> None:
    """Check a changed model without any of our own judging: onnx's checker, a plain session, plain arithmetic."""
    onnx.checker.check_model(str(changed))
    before, after = _session(original), _session(changed)
    assert [one.name for one in before.get_inputs()] == [one.name for one in after.get_inputs()]
    assert [(one.name, one.type) for one in before.get_outputs()] == [(one.name, one.type) for one in after.get_outputs()]
    feeds = [read_feed(inputs, index) for index in range(inputs.count)]
    expected, found = [before.run(None, feed) for feed in feeds], [after.run(None, feed) for feed in feeds]
    for index in range(len(expected[0])):
        _compare([one[index] for one in expected], [one[index] for one in found], least_sqnr)


def _compare(expected: Sequence[NDArray[np.generic]], found: Sequence[NDArray[np.generic]], least_sqnr: float) -> None:
    assert [one.shape for one in expected] == [one.shape for one in found]
    wanted, given = np.concatenate([one.ravel() for one in expected]), np.concatenate([one.ravel() for one in found])
    if not np.issubdtype(wanted.dtype, np.floating):
        assert np.mean(wanted == given) >= 0.95
        return
    wanted, given = wanted.astype(np.float64), given.astype(np.float64)
    assert np.array_equal(np.isfinite(wanted), np.isfinite(given))
    finite = np.isfinite(wanted)
    noise = np.sum((wanted[finite] - given[finite]) ** 2)
    signal = np.sum(wanted[finite] ** 2)
    assert noise == 0 or 10 * np.log10(signal / noise) >= least_sqnr


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _inspected(path: Path) -> Inspection:
    opened = _result(examine(path))
    assert isinstance(opened, Inspection)
    return opened


def _result(events: Iterator[object]) -> object:
    return next(event.result for event in events if isinstance(event, Finished))


def _done(steps: Steps[InputSet]) -> InputSet:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
