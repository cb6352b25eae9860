"""Filling in shapes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import helper

from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.event import Finished, Partial, Started
from inspector.workflows import analyse
from inspector.workflows.shapes import infer_shapes, lacks_shapes
from inspector.workflows.weights import compare_weights
from tests.unit.workflows.models import branching, perceptron, save, value
from tests.unit.workflows.test_inspect import opened


def test_missing_shapes_are_filled_in_and_counted(tmp_path: Path) -> None:
    before = opened(perceptron(tmp_path / "m.onnx"))
    assert lacks_shapes(before.computation)
    events = list(infer_shapes(before))
    assert events[0] == Started("inferring shapes")
    after = events[-1].result
    assert after.computation.inferred
    assert not lacks_shapes(after.computation)
    assert after.computation.graph.values["m0"].shape == ("batch", 64)
    assert after.cost.activation_covered == 1.0
    assert after.batch == before.batch


def test_nothing_is_started_where_nothing_is_missing(tmp_path: Path) -> None:
    path = perceptron(tmp_path / "m.onnx")
    onnx.save(onnx.shape_inference.infer_shapes(onnx.load(path)), path)
    events = list(infer_shapes(opened(path)))
    assert [type(event) for event in events] == [Finished]
    assert events[0].result.computation.inferred


def test_inferring_twice_is_inferring_once(tmp_path: Path) -> None:
    *_, first = infer_shapes(opened(perceptron(tmp_path / "m.onnx")))
    assert list(infer_shapes(first.result)) == [Finished(first.result)]


def test_what_weights_were_compared_is_kept(tmp_path: Path) -> None:
    *_, compared = compare_weights(opened(perceptron(tmp_path / "m.onnx")))
    *_, inferred = infer_shapes(compared.result)
    assert inferred.result.weights_compared
    assert inferred.result.equal_weights == compared.result.equal_weights
    assert "duplicate-weights" in {finding.rule for finding in inferred.result.findings}


def test_shapes_that_nobody_knows_become_a_finding(tmp_path: Path) -> None:
    nodes = [helper.make_node("Mystery", ["x"], ["t"], "m", domain="com.acme"), helper.make_node("Relu", ["t"], ["y"], "r")]
    path = save(tmp_path / "m.onnx", helper.make_graph(nodes, "g", [value("x", [1])], [value("y", None)]))
    before = opened(path)
    *_, after = infer_shapes(before)
    assert "missing-shape" not in {finding.rule for finding in before.findings}
    assert "missing-shape" in {finding.rule for finding in after.result.findings}


def test_a_cancelled_inference_raises(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed):
        list(infer_shapes(opened(perceptron(tmp_path / "m.onnx")), Limits(), token))


def test_the_shapes_of_branches_count_as_missing_too(tmp_path: Path) -> None:
    assert lacks_shapes(opened(branching(tmp_path / "m.onnx")).computation)


def test_unnamed_lengths_count_only_where_inputs_have_none(tmp_path: Path) -> None:
    fixed, unnamed = value("x", [4]), value("x", [None])
    for given, lacking in ((fixed, True), (unnamed, False)):
        node = helper.make_node("Relu", ["x"], ["y"], "r")
        path = save(tmp_path / "m.onnx", helper.make_graph([node], "g", [given], [value("y", [None])]))
        computation = opened(path).computation
        assert lacks_shapes(computation) is lacking
        assert not computation.inferred
        assert replace(computation, inferred=True) != computation


def test_a_large_graph_is_never_shown_with_less_than_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyse, "MANY_NODES", 1)
    events = list(infer_shapes(opened(perceptron(tmp_path / "m.onnx"))))
    assert not any(isinstance(event, Partial) for event in events)
    assert events[-1].result.node_costs
