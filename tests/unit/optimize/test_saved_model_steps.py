"""to-onnx and simplify as steps: what they say before they run, how they go on after a rejection, what they give back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from inspector.isolation.limits import CancelToken
from inspector.optimize import to_onnx
from inspector.optimize.catalogue import SAVED_MODEL_OPTIMIZERS
from inspector.optimize.optimizer import StepWork
from inspector.optimize.simplify_saved_model import SimplifySavedModel
from inspector.optimize.to_onnx import ToOnnx
from inspector.records.event import Event, Steps
from inspector.records.measurement import Comparison
from inspector.records.optimization import (
    Candidate,
    InputSet,
    Judgement,
    OptimizeSettings,
    Reference,
    SignatureWork,
    StepProgress,
)
from inspector.records.runnable import Runnable
from inspector.runtimes.callables import runnables_of
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.tensorflow import availability
from tests.saved_models.session import SavedModels
from tests.unit.optimize.simplifying import outcome, subject_at

SETTINGS = OptimizeSettings()


@dataclass
class Judge:
    """Passes what it is not told to refuse, by the number of the candidate."""

    refused: tuple[int, ...] = ()
    seen: list[Candidate] = field(default_factory=list)

    def __call__(self, candidate: Candidate) -> Steps[Judgement]:
        self.seen.append(candidate)
        refused = len(self.seen) - 1 in self.refused
        yield from self._nothing()
        return Judgement(not refused, "the outputs differ" if refused else "", failed_at="parity" if refused else "")

    def _nothing(self) -> Iterator[Event[StepProgress]]:
        return iter(())


def work_at(folder: Path, calls: tuple[Runnable, ...]) -> StepWork:
    """Return the work of two_signatures: one feed for each of its signatures."""
    arrays = {
        "serving_default": {"ids": np.ones([1, 7], np.int32)},
        "embed/rows:2": {
            "candidates": np.ones([1, 16], np.float32),
            "ids": np.ones([1, 7], np.int32),
            "mask": np.ones([1, 7], np.float32),
        },
    }
    works = []
    for at, call in enumerate(calls):
        feed = arrays[call.signature]
        write_feed(str(folder / f"feeds{at}"), 0, list(feed.values()))
        inputs = InputSet(str(folder / f"feeds{at}"), tuple(feed), 1, "data")
        works.append(SignatureWork(call, inputs, Reference("", (), inputs)))
    first = works[0]
    return StepWork(str(folder), SETTINGS, first.calibration, first.reference, signatures=tuple(works))


def test_a_rejected_model_is_followed_by_the_next_way_to_convert_it(saved_models: SavedModels, tmp_path: Path) -> None:
    subject = subject_at(saved_models.path("two_signatures"))
    judge = Judge(refused=(0,))
    work = work_at(tmp_path, runnables_of(subject.inspection))
    found = outcome(ToOnnx().apply(subject, work, judge, CancelToken()))
    assert [(one.name, one.outcome, one.reason) for one in found.attempts] == [
        ("tf2onnx, opset 18", "rejected", "the outputs differ"),
        ("tf2onnx, opset 17", "chosen", ""),
    ]
    assert found.best is judge.seen[1]
    assert [one.signature for one in found.best.calls] == ["serving_default", "embed/rows:2"]
    assert [Path(one.path).name for one in found.best.calls] == ["model.onnx", "model.embed_rows_2.onnx"]
    assert all(Path(one.path).is_file() and one.runtime == "onnxruntime" for each in judge.seen for one in each.calls)
    assert found.best.path == found.best.calls[0].path
    assert found.best.recipe[0] == "signature serving_default: variables frozen to constants; tf2onnx, opset 17"
    assert not any(str(tmp_path) in line for line in found.best.recipe)


def comparison(kind: str, verdict: str, ratio: float) -> Comparison:
    return Comparison(kind, 2.0, 2.0 * ratio, ratio, ratio, ratio, verdict, 9)  # type: ignore[arg-type]


def test_what_is_frozen_is_kept_only_where_it_is_smaller_or_faster(saved_models: SavedModels, tmp_path: Path) -> None:
    subject = subject_at(saved_models.path("two_signatures"))
    timed: list[Runnable] = []

    def timing(before: Runnable, after: Runnable) -> Steps[tuple[Comparison, ...]]:
        assert before.path == subject.inspection.computation.saved_model.folder  # type: ignore[union-attr]
        timed.append(after)
        yield from ()
        return (comparison("session_creation", "no difference shown", 1.02),)

    work = replace(work_at(tmp_path, runnables_of(subject.inspection)), timing=timing)
    judge = Judge()
    found = outcome(SimplifySavedModel().apply(subject, work, judge, CancelToken()))
    assert found.best is not None
    assert found.best.name == "frozen, then Grappler"
    assert [one.outcome for one in found.attempts] == ["chosen", "passed"]
    assert [one.runtime for one in found.best.calls] == ["tensorflow", "tensorflow"]
    assert [one.path for one in timed] == [one.path for one in judge.seen]
    assert found.comparisons[0].ratio == 1.02

    again = replace(subject, facts=replace(subject.facts, size_bytes=1))
    allowed = replace(work, folder=str(tmp_path / "again"), settings=replace(SETTINGS, allow=frozenset({"growth"})))
    refused = outcome(SimplifySavedModel().apply(again, allowed, Judge(), CancelToken()))
    assert refused.best is None
    assert refused.nothing_to_do
    assert refused.reason.startswith("neither smaller nor faster: 1 B before, ")
    assert refused.reason.endswith("loading 1.02× (no difference shown)")


def test_what_is_not_installed_is_said_with_how_to_get_it(saved_models: SavedModels, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = subject_at(saved_models.path("default_values"))
    monkeypatch.setattr(to_onnx, "installed_version", lambda name: "")
    found = ToOnnx().requires(subject, SETTINGS)
    assert (found.runnable, found.reason) == (
        False,
        'tf2onnx is not installed, and it converts to ONNX (pip install "modelpack-tui[tensorflow]")',
    )
    monkeypatch.setattr(availability, "find_spec", lambda name: None)
    for name in ("to-onnx", "simplify"):
        found = SAVED_MODEL_OPTIMIZERS[name].requires(subject, SETTINGS)  # type: ignore[index]
        assert not found.runnable
        assert 'pip install "modelpack-tui[tensorflow]"' in found.reason


def test_what_stands_in_the_way_is_named_beforehand(saved_models: SavedModels) -> None:
    found = ToOnnx().requires(subject_at(saved_models.path("default_values")), SETTINGS)
    assert found.runnable
    assert found.warnings == (
        "signature serving_default: ReduceJoin has no ONNX operator that tf2onnx knows",
        "signature serving_default: input scale has a default value, which ONNX requests must give",
        "signature serving_default: input separator has a default value, which ONNX requests must give",
    )
    assert "text stays text" in found.notes[1]
    for name in ("digits_keras", "basic_pitch", "recurrent", "looping", "tables_and_assets"):
        assert ToOnnx().requires(subject_at(saved_models.path(name)), SETTINGS).warnings == (), name


def test_tables_cannot_be_frozen_and_that_is_known_beforehand(saved_models: SavedModels) -> None:
    found = SimplifySavedModel().requires(subject_at(saved_models.path("tables_and_assets")), SETTINGS)
    assert not found.runnable
    assert "is filled when the SavedModel is loaded" in found.reason
