"""int8 from a model to a candidate that passes: real quantizers, a real runtime, a judge that measures."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from inspector.optimize.quantize import Int8, Int8Dynamic
from inspector.records.optimization import Candidate, Judgement, OptimizeSettings, Outcome
from tests.builders import model_of, value, weight
from tests.unit.optimize.quantization.models import (
    SETTINGS,
    SqnrJudge,
    cancel,
    conv_chain,
    images,
    mlp,
    operators_of,
    result,
    subject_of,
    vectors,
    work_of,
)


def quantized(
    model: ModelProto,
    folder: Path,
    feeds: list[dict[str, np.ndarray]],
    least_db: float = 15,
    settings: OptimizeSettings = SETTINGS,
    optimizer: Int8 | None = None,
) -> Outcome:
    subject = subject_of(model, folder / "model.onnx")
    judge = SqnrJudge(subject, feeds, least_db)
    return result((optimizer or Int8()).apply(subject, work_of(folder, feeds, settings), judge, cancel()))


def content(candidate: Candidate) -> Generator[Any, None, Judgement]:
    """Judge candidates of models whose outputs are no numbers to compare."""
    yield from ()
    return Judgement(Path(candidate.path).is_file(), "")


def path_of(outcome: Outcome) -> str:
    assert outcome.best is not None, outcome.reason
    return outcome.best.path


def outlying(layers: int = 4, at: int = 1) -> ModelProto:
    """Return an mlp() one of whose layers gets inputs that 8 bits cannot hold: one channel is a thousand times the rest."""
    model = mlp(layers)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    before, after = (numpy_helper.to_array(tensors[f"w{place}"]).copy() for place in (at - 1, at))
    before[:, 3] *= 1000
    after[3, :] /= 1000
    tensors[f"w{at - 1}"].CopyFrom(weight(f"w{at - 1}", before))
    tensors[f"w{at}"].CopyFrom(weight(f"w{at}", after))
    return model


def test_a_convolutional_model_becomes_static(tmp_path: Path) -> None:
    outcome = quantized(conv_chain(), tmp_path, images())
    operators = operators_of(path_of(outcome))
    assert {"QuantizeLinear", "DequantizeLinear"} <= set(operators)
    assert [attempt.outcome for attempt in outcome.attempts] == ["chosen"]
    assert outcome.best is not None
    assert outcome.best.name == "static int8, MinMax"
    assert outcome.best.expected_changes == frozenset()
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path_of(outcome)).graph.initializer}
    kernels = [array for array in weights.values() if array.ndim == 4]
    assert [array.dtype for array in kernels] == [np.int8] * 3
    scales = [weights[name] for name in weights if name.startswith("w") and name.endswith("_scale")]
    assert [array.shape for array in scales] == [(8,)] * 3  # one scale a channel


def test_a_model_of_products_becomes_dynamic(tmp_path: Path) -> None:
    outcome = quantized(mlp(width=128), tmp_path, vectors(width=128))
    assert {"DynamicQuantizeLinear", "MatMulInteger"} <= set(operators_of(path_of(outcome)))
    assert Path(path_of(outcome)).stat().st_size < 0.35 * (tmp_path / "model.onnx").stat().st_size


def test_dynamic_can_be_forced_on_convolutions(tmp_path: Path) -> None:
    outcome = quantized(conv_chain(), tmp_path, images(), optimizer=Int8Dynamic())
    assert "ConvInteger" in operators_of(path_of(outcome))
    arrays = [numpy_helper.to_array(tensor) for tensor in onnx.load(path_of(outcome)).graph.initializer]
    assert {array.dtype for array in arrays if array.ndim == 4} == {np.dtype(np.uint8)}


def test_no_trace_of_the_quantizer_stays(tmp_path: Path) -> None:
    model = conv_chain()
    helper.set_model_props(model, {"own": "kept"})
    made = onnx.load(path_of(quantized(model, tmp_path, images())))
    assert [(entry.key, entry.value) for entry in made.metadata_props] == [("own", "kept")]
    assert made.producer_name == "modelpack-tests"
    assert [(entry.domain, entry.version) for entry in made.opset_import] == [("", 17)]
    assert not made.graph.value_info
    onnx.checker.check_model(made, full_check=True)


def test_nodes_asked_for_stay_in_fp32(tmp_path: Path) -> None:
    settings = replace(SETTINGS, keep_fp32=("conv1", "#0", "nobody\x1b"))
    outcome = quantized(conv_chain(), tmp_path, images(), settings=settings)
    assert outcome.best is not None
    assert [(kept.name, kept.node, kept.reason) for kept in outcome.best.kept_fp32] == [
        ("conv0", 0, "asked for"),
        ("conv1", 2, "asked for"),
    ]
    made = onnx.load(path_of(outcome))
    floats = [
        tensor.name for tensor in made.graph.initializer if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 4
    ]
    assert floats == ["w0", "w1"]
    assert any("no node is called nobody" in warning and "\x1b" not in warning for warning in outcome.warnings)


def test_the_nodes_that_lose_most_go_back_to_fp32(tmp_path: Path) -> None:
    model = outlying()
    easy = quantized(mlp(4), tmp_path, vectors(), least_db=25, optimizer=Int8Dynamic())
    assert easy.best is not None
    assert not easy.best.kept_fp32
    folder = tmp_path / "hard"
    folder.mkdir()
    outcome = quantized(model, folder, vectors(), least_db=25, optimizer=Int8Dynamic())
    assert outcome.best is not None, outcome
    assert [kept.name for kept in outcome.best.kept_fp32] == ["matmul1"]
    assert outcome.best.kept_fp32[0].reason.startswith("alone in int8 it leaves ")
    assert [attempt.outcome for attempt in outcome.attempts] == ["rejected", "chosen"]
    assert outcome.sensitivity[0].name == "matmul1"
    assert [one.kept_fp32 for one in outcome.sensitivity].count(True) == 1
    made = {tensor.name: tensor.data_type for tensor in onnx.load(path_of(outcome)).graph.initializer}
    assert made["w1"] == TensorProto.FLOAT
    assert "w0" not in made


def test_what_nothing_satisfies_is_rejected_with_the_nearest(tmp_path: Path) -> None:
    outcome = quantized(mlp(4), tmp_path, vectors(), least_db=500)
    assert outcome.best is None
    assert outcome.reason.startswith("none passed; nearest was dynamic int8")
    assert "at least 500 needed" in outcome.reason
    kept = [attempt.name.removeprefix("dynamic int8") for attempt in outcome.attempts]
    assert kept == ["", ", 1 node in fp32", ", 2 nodes in fp32", ", 3 nodes in fp32"]  # with four there would be no int8
    assert not list((tmp_path / "work").glob("candidate-*"))  # a rejected candidate leaves no file


def test_static_tries_its_methods_in_order(tmp_path: Path) -> None:
    outcome = quantized(conv_chain(), tmp_path, images(), least_db=500)
    names = [attempt.name for attempt in outcome.attempts]
    assert names[:4] == ["static int8, MinMax", "static int8, Percentile", "static int8, Entropy", names[3]]
    assert names[3].endswith("products only")
    figures = [attempt.worst_sqnr_db for attempt in outcome.attempts[:3]]
    assert len(set(figures)) > 1
    assert outcome.best is None


def test_a_spent_budget_ends_the_search(tmp_path: Path) -> None:
    outcome = quantized(conv_chain(), tmp_path, images(), least_db=500, settings=replace(SETTINGS, budget_seconds=0.001))
    assert len(outcome.attempts) <= 1
    assert outcome.reason.endswith("the budget of 0.001 s is spent")


def test_synthetic_calibration_is_said_loudly(tmp_path: Path) -> None:
    subject = subject_of(conv_chain(), tmp_path / "model.onnx")
    work = work_of(tmp_path, images())
    work = replace(work, calibration=replace(work.calibration, source="synthetic"))
    outcome = result(Int8().apply(subject, work, SqnrJudge(subject, images(), 10), cancel()))
    assert any("SYNTHETIC" in warning for warning in outcome.warnings)


def test_an_old_opset_is_raised_and_declared(tmp_path: Path) -> None:
    outcome = quantized(conv_chain(opset=11), tmp_path, images())
    assert outcome.best is not None
    assert outcome.best.expected_changes == frozenset({"opset"})
    assert onnx.load(path_of(outcome)).opset_import[0].version == 13


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3.4e38])
def test_weights_without_a_scale_stay_in_fp32(tmp_path: Path, bad: float) -> None:
    model = mlp(3)
    values = numpy_helper.to_array(model.graph.initializer[1]).copy()
    values[0, 0] = bad
    model.graph.initializer[1].CopyFrom(weight("w1", values))
    subject = subject_of(model, tmp_path / "model.onnx")
    outcome = result(Int8().apply(subject, work_of(tmp_path, vectors()), content, cancel()))
    assert outcome.best is not None
    assert [kept.name for kept in outcome.best.kept_fp32] == ["matmul1"]
    assert outcome.best.kept_fp32[0].reason.startswith("its weight holds ")


def test_activations_without_a_range_keep_their_nodes_in_fp32(tmp_path: Path) -> None:
    model = conv_chain()
    model.graph.node.insert(0, helper.make_node("Div", ["zero", "zero"], ["nan"], "div"))
    model.graph.node.append(helper.make_node("Add", ["scores", "nan"], ["odd"], "add"))
    model.graph.initializer.append(weight("nothing", np.zeros(1, np.float32)))
    model.graph.node.insert(0, helper.make_node("Mul", ["image", "nothing"], ["zeros"], "mul"))
    model.graph.node.insert(1, helper.make_node("ReduceMax", ["zeros"], ["zero"], "max", keepdims=0))
    model.graph.output.append(value("odd", ["batch", 10]))
    subject = subject_of(model, tmp_path / "model.onnx")
    outcome = result(Int8().apply(subject, work_of(tmp_path, images()), content, cancel()))
    assert outcome.best is not None
    assert [(kept.name, kept.reason.startswith("no range")) for kept in outcome.best.kept_fp32] == [("add", True)]


def test_products_in_branches_become_dynamic(tmp_path: Path) -> None:
    random = np.random.default_rng(0)

    def branch(name: str) -> onnx.GraphProto:
        inner = weight(f"{name}_w", random.normal(size=(32, 32)).astype(np.float32))
        product = helper.make_node("MatMul", ["x", f"{name}_w"], [f"{name}_m"], "first")
        total = helper.make_node("MatMul", [f"{name}_m", "shared"], [f"{name}_y"], "second")
        return helper.make_graph([product, total], name, [], [value(f"{name}_y", ["batch", 32])], [inner])

    node = helper.make_node("If", ["flag"], ["y"], "if", then_branch=branch("t"), else_branch=branch("e"))
    inputs = [value("flag", [], TensorProto.BOOL), value("x", ["batch", 32])]
    shared = weight("shared", random.normal(size=(32, 32)).astype(np.float32))
    model = model_of([node], inputs, [value("y", ["batch", 32])], [shared], {"": 17})
    feeds = [{"flag": np.array(at % 2 == 0), **feed} for at, feed in enumerate(vectors())]
    outcome = quantized(model, tmp_path, feeds)
    chosen = next(node for node in onnx.load(path_of(outcome)).graph.node if node.op_type == "If")
    graphs = [attribute.g for attribute in chosen.attribute]
    assert len(graphs) == 2
    assert all("MatMulInteger" in {node.op_type for node in graph.node} for graph in graphs)


def test_nothing_is_run_where_there_is_nothing_to_do(tmp_path: Path) -> None:
    empty = model_of([helper.make_node("Relu", ["x"], ["y"])], [value("x", [1])], [value("y", [1])])
    outcome = quantized(empty, tmp_path, [{"x": np.ones(1, np.float32)}])
    assert (outcome.best, outcome.nothing_to_do, outcome.attempts) == (None, True, ())
    assert outcome.reason.startswith("nothing to quantize")


def test_a_quantizer_that_takes_too_long_is_a_row_with_its_reason(tmp_path: Path) -> None:
    subject = subject_of(mlp(), tmp_path / "model.onnx")
    judge = SqnrJudge(subject, vectors(), 10)
    settings = replace(SETTINGS, step_seconds=0.01)
    outcome = result(Int8().apply(subject, work_of(tmp_path, vectors(), settings), judge, cancel()))
    assert outcome.best is None
    assert "was stopped: it took longer than 0.01 s" in outcome.reason
    assert not judge.judged
