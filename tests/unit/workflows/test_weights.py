"""Reading and comparing weights on demand."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from inspector.records.event import Finished, Started
from inspector.workflows.digests import digest
from inspector.workflows.weights import EVERYTHING, compare_weights, read_weight
from tests.unit.workflows.models import perceptron
from tests.unit.workflows.test_inspect import opened


def test_statistics_are_those_of_numpy(tmp_path: Path) -> None:
    path = perceptron(tmp_path / "m.onnx")
    inspection = opened(path)
    weight = next(w for w in inspection.computation.weights if w.name == "w1")
    events = list(read_weight(inspection, weight))
    assert events[0] == Started("reading w1")
    details = events[-1].result
    values = numpy_helper.to_array(next(t for t in onnx.load(path).graph.initializer if t.name == "w1"))
    assert details.minimum == pytest.approx(float(values.min()))
    assert details.mean == pytest.approx(float(values.mean(dtype=np.float64)), abs=1e-6)
    assert details.deviation == pytest.approx(float(values.std(dtype=np.float64)), rel=1e-4)


def test_equal_weights_are_found_and_told(tmp_path: Path) -> None:
    before = opened(perceptron(tmp_path / "m.onnx", copies=3))
    events = list(compare_weights(before))
    assert events[0] == Started("comparing weights")
    after = events[-1].result
    assert after.weights_compared
    [group] = after.equal_weights
    assert [weight.name for weight in group.weights] == ["w0", "w1", "w2"]
    assert group.confirmed
    [finding] = [finding for finding in after.findings if finding.rule == "duplicate-weights"]
    assert "2 weights (32.8 KB)" in finding.message
    assert "duplicate-weights" not in {finding.rule for finding in before.findings}


def test_without_a_budget_equality_is_said_to_be_unsure(tmp_path: Path) -> None:
    path = perceptron(tmp_path / "m.onnx", copies=2, width=1024)
    *_, unsure = compare_weights(opened(path), 0)
    *_, sure = compare_weights(opened(path), EVERYTHING)
    assert [group.confirmed for group in unsure.result.equal_weights] == [False]
    assert [group.confirmed for group in sure.result.equal_weights] == [True]


def test_digests_are_those_of_the_file(tmp_path: Path) -> None:
    path = perceptron(tmp_path / "m.onnx")
    computation = opened(path).computation
    assert computation.artifact.sha256 is None
    *_, last = digest(computation)
    assert isinstance(last, Finished)
    assert last.result.artifact.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert last.result.graph == computation.graph
