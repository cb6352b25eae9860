"""simplify: fewer nodes that give the same, with a reason where there are none, and nothing promised lost on the way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, helper

from inspector.errors import OperationFailed
from inspector.formats.onnx.read import read
from inspector.isolation.limits import CancelToken
from inspector.optimize.optimizer import StepWork
from inspector.optimize.simplification import ways
from inspector.optimize.simplify import Simplify
from inspector.records.optimization import InputSet, OptimizeSettings, Reference
from tests import builders
from tests.builders import value, weight
from tests.large_external import large_transformer
from tests.unit.optimize.simplifying import FAST, ComparingJudge, outcome, simplify, subject_at


def wasteful() -> ModelProto:
    """Return one Relu among identities, constant arithmetic, shapes that are known, dead nodes and unused weights."""
    nodes = [
        helper.make_node("Identity", ["x"], ["same"]),
        helper.make_node("Constant", [], ["two"], value_float=2.0),
        helper.make_node("Add", ["two", "three"], ["five"]),
        helper.make_node("Mul", ["same", "five"], ["scaled"]),
        helper.make_node("Relu", ["scaled"], ["dead"]),
        helper.make_node("Neg", ["dead"], ["deader"]),
        helper.make_node("Shape", ["other"], ["lengths"]),
        helper.make_node("Reshape", ["other", "lengths"], ["reshaped"]),
        helper.make_node("Relu", ["scaled"], ["active"]),
        helper.make_node("Identity", ["active"], ["y"]),
        helper.make_node("Identity", ["reshaped"], ["z"]),
    ]
    model = builders.model_of(
        nodes,
        [value("x", ["batch", "length", 4]), value("other", [2, 3])],
        [value("y", ["batch", "length", 4]), value("z", [2, 3])],
        [weight("three", np.array(3.0, np.float32)), weight("unused", np.ones((64, 64), np.float32))],
        {"": 17},
    )
    model.ir_version = 8
    model.doc_string = "for a test"
    helper.set_model_props(model, {"author": "somebody"})
    return model


def test_what_does_nothing_goes_and_what_is_promised_stays(tmp_path: Path) -> None:
    original = wasteful()
    found = simplify(original, tmp_path)
    model = found.model
    assert sorted(found.operators()) in (["Mul", "Relu", "Reshape"], ["Identity", "Mul", "Relu"])
    assert [tensor.name for tensor in model.graph.initializer if tensor.name == "unused"] == []
    assert list(model.graph.input) == list(original.graph.input)
    assert list(model.graph.output) == list(original.graph.output)
    assert [(one.domain, one.version) for one in model.opset_import] == [("", 17)]
    assert (model.ir_version, model.producer_name, model.doc_string) == (8, "modelpack-tests", "for a test")
    assert list(model.metadata_props) == list(original.metadata_props)
    best = found.outcome.best
    assert best is not None
    assert best.recipe
    assert found.judge.judged == [best.name]
    assert [one.outcome for one in found.outcome.attempts].count("chosen") == 1
    left = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert left == [Path(best.path)]


def test_tools_go_on_with_what_others_made(tmp_path: Path) -> None:
    found = simplify(wasteful(), tmp_path, OptimizeSettings())
    assert found.attempt("onnxsim, then onnxruntime basic").node_count is not None
    assert found.outcome.best is not None
    assert len(found.outcome.best.recipe) == 1 + found.outcome.best.name.count(", then ")


def test_there_may_be_nothing_to_do(tmp_path: Path) -> None:
    found = simplify(builders.small_cnn(), tmp_path)
    assert (found.outcome.best, found.outcome.nothing_to_do) == (None, True)
    assert {one.outcome for one in found.outcome.attempts} == {"rejected"}
    assert found.judge.judged == []


def test_the_next_best_is_taken_where_the_judge_refuses(tmp_path: Path) -> None:
    first = simplify(wasteful(), tmp_path).outcome.best
    assert first is not None
    (tmp_path / "again").mkdir()
    found = simplify(wasteful(), tmp_path / "again", refused=(first.name,))
    assert found.outcome.best is not None
    assert found.outcome.best.name != first.name
    assert found.attempt(first.name).reason == "refused by the test"


def filled(lengths: tuple[int, ...], *further: onnx.NodeProto, given: str = "filled") -> ModelProto:
    """Return a model of a few bytes that makes a tensor of those lengths out of nothing and adds what becomes of it to x."""
    nodes = [
        helper.make_node("ConstantOfShape", ["lengths"], ["filled"], "fill"),
        *further,
        helper.make_node("Identity", ["x"], ["same"]),
        helper.make_node("Add", ["same", given], ["y"]),
    ]
    return builders.model_of(
        nodes, [value("x", ["n", 1])], [value("y", ["n", None])], [weight("lengths", np.array(lengths, np.int64))]
    )


def test_a_fold_that_explodes_is_not_made(tmp_path: Path) -> None:
    found = simplify(filled((1, 1 << 20)), tmp_path)
    assert found.operators() == ["ConstantOfShape", "Add"]
    assert "folding would add 4.2 MB" in found.attempt("every constant folded").reason
    assert "ConstantOfShape fill gives 4.2 MB" in found.outcome.warnings[0]
    assert found.outcome.best is not None
    assert Path(found.outcome.best.path).stat().st_size < 2000


def test_where_only_growth_would_help_that_is_the_reason(tmp_path: Path) -> None:
    model = filled((1, 1 << 20))
    model.graph.node[2].input[0] = "x"
    del model.graph.node[1]
    found = simplify(model, tmp_path)
    assert (found.outcome.best, found.outcome.nothing_to_do) == (None, False)
    assert found.outcome.reason == "folding would add 4.2 MB (ConstantOfShape fill gives 4.2 MB)"


def test_growth_may_be_asked_for(tmp_path: Path) -> None:
    found = simplify(filled((1, 1 << 20)), tmp_path, replace(FAST, allow=frozenset({"growth"})))
    assert found.operators() == ["Add"]


def test_a_tensor_beyond_memory_is_not_made(tmp_path: Path) -> None:
    total = helper.make_node("ReduceSum", ["filled"], ["total"], keepdims=0)
    model = filled((60_000, 60_000), total, given="total")
    model.graph.node[-1].input[0] = "x"
    del model.graph.node[-2]
    found = simplify(model, tmp_path, replace(FAST, memory_bytes=1 << 30))
    assert found.outcome.reason == "ConstantOfShape fill alone gives 14.4 GB, too much for the memory limit"
    assert found.judge.judged == []  # it would run 14.4 GB of it
    assert all((one.peak_bytes or 0) < 1 << 30 for one in found.outcome.attempts)


def test_an_output_without_a_shape_stops_no_tool(tmp_path: Path) -> None:
    model = builders.chain(2, "Identity")
    model.graph.node.append(helper.make_node("Relu", ["t2"], ["y"]))
    model.graph.output[0].CopyFrom(value("y", None))
    found = simplify(model, tmp_path)
    assert found.operators() == ["Relu"]
    assert found.attempt("onnxsim").outcome != "failed"
    assert not found.model.graph.output[0].type.tensor_type.HasField("shape")


def test_an_input_with_a_default_can_still_be_fed(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Neg", ["w"], ["negative"]),
        helper.make_node("Identity", ["x"], ["same"]),
        helper.make_node("Add", ["same", "negative"], ["y"]),
    ]
    given = [value("x", ["n", 4]), value("w", [4])]
    found = simplify(builders.model_of(nodes, given, [value("y", ["n", 4])], [weight("w", [1.0, 2.0, 3.0, 4.0])]), tmp_path)
    assert found.operators() == ["Neg", "Add"]
    assert [one.name for one in found.model.graph.input] == ["x", "w"]
    assert [one.name for one in found.model.graph.initializer] == ["w"]


def test_old_files_stay_old(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Neg", ["w"], ["negative"]),
        helper.make_node("Identity", ["x"], ["same"]),
        helper.make_node("Add", ["same", "negative"], ["y"]),
    ]
    given = [value("x", ["n", 4]), value("w", [4])]
    model = builders.model_of(nodes, given, [value("y", ["n", 4])], [weight("w", [1.0, 2.0, 3.0, 4.0])], {"": 8})
    model.ir_version = 3
    found = simplify(model, tmp_path)
    assert found.operators() == ["Add"]
    assert found.model.ir_version == 3
    weights = {tensor.name for tensor in found.model.graph.initializer}
    assert {one.name for one in found.model.graph.input} == {"x"} | weights


def test_subgraphs_are_simplified_too(tmp_path: Path) -> None:
    found = simplify(builders.subgraphs(2), tmp_path)
    before = found.subject.facts
    chosen = found.attempt(found.outcome.best.name if found.outcome.best else "")
    assert chosen.node_count is not None
    assert chosen.node_count < before.node_count - before.constant_count


def test_operators_of_no_standard_stop_only_the_tools_that_must_know_them(tmp_path: Path) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["same"]), helper.make_node("Custom", ["same"], ["y"], domain="custom")]
    model = builders.model_of(nodes, [value("x", ["n"])], [value("y", ["n"])], opsets={"": 20, "custom": 1})
    found = simplify(model, tmp_path)
    assert found.operators() == ["Custom"]
    assert found.attempt("onnxruntime basic").outcome == "failed"
    assert "Custom" in found.attempt("onnxruntime basic").reason


def test_external_data_stays_external_and_beside_the_result(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    path = large_transformer(folder / "model.onnx", 1, 64, 50)
    found = simplify(path, tmp_path)
    computation = read(Path(found.outcome.best.path)) if found.outcome.best else None
    assert computation is not None
    assert all(file.contained and not file.problem for file in computation.external_files)
    assert "Identity" not in found.operators()
    assert "unused" not in {tensor.name for tensor in found.model.graph.initializer}


def test_a_package_that_is_missing_is_a_line_of_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = ways.installed_version
    monkeypatch.setattr(ways, "installed_version", lambda name: "" if name == "onnxslim" else installed(name))
    model = wasteful()
    found = simplify(model, tmp_path)
    line = found.attempt("onnxslim")
    assert (line.outcome, line.reason) == ("not run", "not run: pip install modelpack-tui[onnxslim]")
    assert found.outcome.best is not None
    preflight = Simplify().requires(found.subject, OptimizeSettings())
    assert any("pip install modelpack-tui[onnxslim]" in one for one in preflight.warnings)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (OptimizeSettings(memory_bytes=64 << 20), ""),
        (OptimizeSettings(step_seconds=0.01), "took longer than 0.01 s"),
    ],
)
def test_tools_that_take_too_much_are_lines_of_the_log(settings: OptimizeSettings, reason: str, tmp_path: Path) -> None:
    found = simplify(wasteful(), tmp_path, settings)
    assert found.outcome.best is None
    assert not found.outcome.nothing_to_do
    assert {one.outcome for one in found.outcome.attempts} == {"failed"}
    assert all(reason in one.reason for one in found.outcome.attempts)
    assert reason in found.outcome.reason


def test_cancelling_ends_the_step(tmp_path: Path) -> None:
    path = builders.save(wasteful(), tmp_path / "model.onnx")
    (tmp_path / "work").mkdir()
    inputs = InputSet(str(tmp_path), (), 0, "synthetic")
    step = StepWork(str(tmp_path / "work"), OptimizeSettings(), inputs, Reference(str(tmp_path), (), inputs))
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        outcome(Simplify().apply(subject_at(path), step, ComparingJudge(path), token))


def test_the_preflight_says_what_there_is_to_find(tmp_path: Path) -> None:
    model = wasteful()
    model.graph.initializer.append(weight("lengths of nothing", np.ones(3, np.int64)))
    preflight = Simplify().requires(subject_at(builders.save(model, tmp_path / "model.onnx")), OptimizeSettings())
    assert preflight.runnable
    assert "1 node computes from constants alone" in preflight.notes
    assert "3 nodes pass a tensor on unchanged" in preflight.notes
    assert "2 weights of 16.4 KB are used by nothing" in preflight.notes
    exploding = subject_at(builders.save(filled((1, 1 << 20)), tmp_path / "exploding.onnx"))
    assert "4.2 MB" in Simplify().requires(exploding, OptimizeSettings()).warnings[0]
