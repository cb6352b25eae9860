"""The search on the digits: what is refused for its numbers is followed by int16 activations, then by nodes in fp32."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from inspector.isolation.limits import CancelToken
from inspector.optimize.catalogue import SAVED_MODEL_OPTIMIZERS
from inspector.optimize.litert.ladder import kept_sets
from inspector.optimize.litert.messages import TensorSensitivity
from inspector.optimize.optimizer import StepWork
from inspector.records.event import Steps
from inspector.records.optimization import (
    Candidate,
    InputSet,
    Judgement,
    OptimizerName,
    OptimizeSettings,
    Outcome,
    Reference,
    SignatureWork,
    Subject,
)
from inspector.records.runnable import Runnable
from inspector.runtimes.onnx_runtime.feeds import write_feed
from tests.saved_models.published import SAMPLE
from tests.unit.optimize.simplifying import outcome, subject_at

CALIBRATED = 32


@dataclass
class AccuracyJudge:
    """Runs a candidate by LiteRT on digits that it was not calibrated on and notes how many it gets right; refuses, as for its
    numbers, the first so many, and whatever gets less than 98.5 % right."""

    refused: int
    judged: list[Candidate] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)

    def __call__(self, candidate: Candidate) -> Steps[Judgement]:
        yield from ()
        call = candidate.calls[0]
        assert (call.path, call.runtime, call.signature) == (candidate.path, "litert", "serving_default")
        self.judged.append(candidate)
        self.accuracies.append(accuracy(candidate.path))
        if len(self.judged) <= self.refused or self.accuracies[-1] < 0.985:
            return Judgement(False, "refused by the test", failed_at="parity")
        return Judgement(True, "")


def accuracy(path: str) -> float:
    """Return the share of digits that a .tflite gets right."""
    with np.load(SAMPLE.with_name("digits_cnn.npz")) as data:
        images, labels = data["image"][CALIBRATED:].reshape(-1, 8, 8, 1), data["label"][CALIBRATED:]
    logits = Interpreter(path).get_signature_runner("serving_default")(image=images)["logits"]
    return float((logits.argmax(1) == labels).mean())


def work_in(folder: Path, subject: Subject, settings: OptimizeSettings) -> StepWork:
    """Return what a step gets: calibration from the digits, and a reference that only names the outputs."""
    with np.load(SAMPLE.with_name("digits_cnn.npz")) as data:
        for index in range(CALIBRATED):
            write_feed(str(folder / "calibration"), index, [data["image"][index].reshape(1, 8, 8, 1)])
    calibration = InputSet(str(folder / "calibration"), ("image",), CALIBRATED, "synthetic", 3)
    reference = Reference(str(folder / "outputs"), ("logits",), calibration)
    call = Runnable(subject.path, "tensorflow", "serving_default", ("serve",))
    (folder / "work").mkdir()
    signatures = (SignatureWork(call, calibration, reference),)
    return StepWork(str(folder / "work"), settings, calibration, reference, signatures=signatures)


def applied(
    name: OptimizerName, folder: Path, judge: AccuracyJudge, settings: OptimizeSettings, size: int | None = None
) -> Outcome:
    subject = subject_at(SAMPLE)
    if size is not None:
        subject = replace(subject, facts=replace(subject.facts, size_bytes=size))
    work = work_in(folder, subject, settings)
    found: Any = outcome(SAVED_MODEL_OPTIMIZERS[name].apply(subject, work, judge, CancelToken()))
    assert isinstance(found, Outcome)
    return found


@pytest.mark.timeout(600)
def test_what_fails_by_its_numbers_is_followed_by_wider_ones_and_by_nodes_in_fp32(tmp_path: Path) -> None:
    judge = AccuracyJudge(refused=2)
    found = applied("int8", tmp_path, judge, OptimizeSettings())
    assert [one.outcome for one in found.attempts] == ["failed", "rejected", "rejected", "chosen"]
    assert "variables" in found.attempts[0].reason
    names = [one.name for one in judge.judged]
    assert names[0] == "LiteRT int8, variables as constants"
    assert names[1] == "LiteRT int8 weights, int16 activations, variables as constants"
    assert names[2] == "LiteRT int8, 1 node in fp32, variables as constants"
    assert all(one > 0.985 for one in judge.accuracies)
    best = found.best
    assert best is not None
    assert [one.operator for one in best.kept_fp32] == [found.sensitivity[0].operator]
    assert [one.kept_fp32 for one in found.sensitivity].count(True) == 1
    ratios = [one.local_sqnr_db for one in found.sensitivity if one.local_sqnr_db is not None]
    assert ratios == sorted(ratios)
    assert 10 < ratios[0] < 60
    assert any("calibrated on 32 samples, synthetic (seed 3)" in line for line in best.recipe)
    assert any("SYNTHETIC" in line for line in found.warnings)
    assert list((tmp_path / "work").iterdir()) == [Path(best.path)]


def test_a_result_that_is_no_smaller_is_not_judged(tmp_path: Path) -> None:
    judge = AccuracyJudge(refused=0)
    found = applied("fp16", tmp_path, judge, OptimizeSettings(), size=20_000)
    assert found.best is None
    assert judge.judged == []
    assert "it is no smaller: 73,276 bytes after 20,000" in found.reason
    assert list((tmp_path / "work").iterdir()) == []


def test_a_converter_that_gets_no_memory_is_a_line_in_the_log(tmp_path: Path) -> None:
    found = applied("to-litert", tmp_path, AccuracyJudge(refused=0), OptimizeSettings(memory_bytes=300 << 20))
    assert found.best is None
    assert [one.outcome for one in found.attempts] == ["failed", "failed"]
    assert found.reason
    assert "\n" not in found.reason
    assert "Traceback" not in found.reason


def test_sets_of_nodes_to_keep_grow_and_are_never_all() -> None:
    operators = ["LOG", "CONV_2D", "DIV", "CONV_2D", "FULLY_CONNECTED", "CONV_2D", "ADD", "MUL"]
    found = [TensorSensitivity(f"t{place}", operator, float(place)) for place, operator in enumerate(operators)]
    sets = [[one.tensor for one in kept] for kept in kept_sets(found)]
    assert sets == [
        ["t0"],
        ["t0", "t1", "t2"],
        ["t0", "t2", "t6", "t7"],
        ["t0", "t1", "t2", "t3", "t6", "t7"],
    ]
    assert list(kept_sets(found[:1])) == []
