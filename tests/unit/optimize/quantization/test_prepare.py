"""Models made ready for quantization: the same numbers, weights where the quantizer looks, nodes that can be told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from inspector.errors import OperationFailed
from inspector.optimize.quantization.prepare import Preparation, prepare
from inspector.optimize.quantization.prepared import Prepared, PreparedNode
from tests.builders import model_of, value, weight
from tests.unit.optimize.quantization.models import SETTINGS, cancel, conv_chain, images, mlp, result, subject_of


def prepared(model: ModelProto, folder: Path, keep: tuple[str, ...] = ()) -> Preparation:
    subject = subject_of(model, folder / "model.onnx")
    settings = replace(SETTINGS, keep_fp32=keep)
    return result(prepare(subject, str(folder / "prepared"), settings, cancel()))


def node_of(found: Prepared, operator: str) -> PreparedNode:
    return next(node for node in found.nodes if node.operator == operator)


def run(model: str, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, feed)  # type: ignore[no-any-return]


def normalized_conv() -> ModelProto:
    random = np.random.default_rng(0)
    names = ["scale", "shift", "mean", "variance"]
    nodes = [
        helper.make_node(
            "Constant", [], ["k"], "kernel", value=weight("", random.normal(size=(4, 3, 3, 3)).astype(np.float32))
        ),
        helper.make_node("Conv", ["image", "k"], ["c"]),
        helper.make_node("BatchNormalization", ["c", *names], ["n"]),
        helper.make_node("Relu", ["n"], ["y"]),
    ]
    weights = [weight(name, random.uniform(0.5, 1.5, size=4).astype(np.float32)) for name in names]
    return model_of(nodes, [value("image", ["batch", 3, 8, 8])], [value("y", ["batch", 4, 6, 6])], weights, {"": 17})


def test_constants_and_normalizations_are_folded(tmp_path: Path) -> None:
    found = prepared(normalized_conv(), tmp_path).prepared
    operators = [node.op_type for node in onnx.load(found.path).graph.node]
    assert operators == ["Conv", "Relu"]
    conv = node_of(found, "Conv")
    assert set(conv.subject) == {1, 2}  # it now does the work of the normalization, too
    assert conv.weighted
    feed = images(1)[0]
    np.testing.assert_allclose(run(found.path, feed)[0], run(str(tmp_path / "model.onnx"), feed)[0], rtol=1e-4, atol=1e-5)


def test_the_subject_is_left_alone(tmp_path: Path) -> None:
    before = conv_chain().SerializeToString()
    prepared(conv_chain(), tmp_path)
    assert (tmp_path / "model.onnx").read_bytes() == before


def test_constants_in_branches_become_initializers(tmp_path: Path) -> None:
    def branch(name: str) -> onnx.GraphProto:
        constant = helper.make_node("Constant", [], [f"{name}_w"], value=weight("", np.eye(32, dtype=np.float32)))
        product = helper.make_node("MatMul", ["x", f"{name}_w"], [f"{name}_y"])
        return helper.make_graph([constant, product], name, [], [value(f"{name}_y", ["batch", 32])])

    node = helper.make_node("If", ["flag"], ["y"], then_branch=branch("t"), else_branch=branch("e"))
    inputs = [value("flag", [], TensorProto.BOOL), value("x", ["batch", 32])]
    found = prepared(model_of([node], inputs, [value("y", ["batch", 32])], opsets={"": 17}), tmp_path).prepared
    branches = [attribute.g for attribute in onnx.load(found.path).graph.node[0].attribute]
    assert [[node.op_type for node in graph.node] for graph in branches] == [["MatMul"], ["MatMul"]]
    assert [node.in_main for node in found.nodes] == [False, False]
    assert all(node.weighted and not node.subject for node in found.nodes)


def test_every_node_gets_a_name_of_its_own(tmp_path: Path) -> None:
    model = mlp(layers=3)
    for node, name in zip(model.graph.node, ["same", "same", "", "", "same", ""], strict=True):
        node.name = name
    found = prepared(model, tmp_path, keep=("same", "#2")).prepared
    names = [node.name for node in onnx.load(found.path).graph.node]
    assert len(set(names)) == len(names) == 6
    assert all(names)
    assert found.kept == (0, 1, 2, 4)
    assert [node.subject[0] for node in found.nodes if node.operator == "MatMul"] == [0, 2, 4]


def test_names_of_no_node_are_told(tmp_path: Path) -> None:
    assert prepared(mlp(), tmp_path, keep=("nobody", "#99", "#x")).prepared.unknown == ("nobody", "#99", "#x")


def test_an_old_opset_is_raised(tmp_path: Path) -> None:
    found = prepared(conv_chain(opset=11), tmp_path).prepared
    assert (found.opset, found.raised) == (13, True)
    assert any("opset 11 → 13" in step for step in found.steps)
    assert {node.subject[0] for node in found.nodes} == set(range(9))
    feed = images(1)[0]
    np.testing.assert_allclose(run(found.path, feed)[0], run(str(tmp_path / "model.onnx"), feed)[0], rtol=1e-4, atol=1e-5)


def test_an_opset_the_converter_cannot_raise_stays(tmp_path: Path) -> None:
    model = mlp(opset=11)
    model.graph.node.append(helper.make_node("Mystery", ["r1"], ["q"], "mystery"))  # no such operator
    made = prepared(model, tmp_path)
    assert (made.prepared.opset, made.prepared.raised) == (11, False)
    assert (made.attempts[0].name, made.attempts[0].outcome) == ("opset raised by onnx's version converter", "failed")
    assert made.attempts[0].reason


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (np.full((32, 32), np.nan, np.float32), "its weight holds NaN"),
        (np.array([[np.inf] * 32] * 32, np.float32), "its weight holds infinities"),
        (np.full((32, 32), 3.4e38, np.float32), "its weight holds 3.4e+38, too large for a scale in float32"),
        (np.zeros((32, 0), np.float32), "its weight has no elements"),
        (np.ones((32, 32), np.float64), "its weight is double, not float32"),
    ],
)
def test_weights_that_cannot_be_int8_say_why(tmp_path: Path, values: np.ndarray, problem: str) -> None:
    model = mlp()
    model.graph.initializer[0].CopyFrom(weight("w0", values))
    found = prepared(model, tmp_path).prepared
    assert [node.problem for node in found.nodes if node.operator == "MatMul"] == [problem, ""]


def test_a_weight_that_callers_may_override_stays(tmp_path: Path) -> None:
    model = mlp()
    model.graph.input.append(value("w1", [32, 32]))
    found = prepared(model, tmp_path).prepared
    assert "callers may override" in [node.problem for node in found.nodes if node.operator == "MatMul"][1]


def external(model: ModelProto, folder: Path, location: str) -> Path:
    path = folder / "model.onnx"
    onnx.save_model(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    stored = onnx.load(path, load_external_data=False)
    for tensor in stored.graph.initializer:
        tensor.external_data[0].value = location
    path.write_bytes(stored.SerializeToString())
    return path


def test_external_data_is_brought_along(tmp_path: Path) -> None:
    subject = subject_of(mlp(), tmp_path / "model.onnx")
    external(mlp(), tmp_path, "weights.bin")
    found = result(prepare(subject, str(tmp_path / "prepared"), SETTINGS, cancel())).prepared
    stored = onnx.load(found.path, load_external_data=False).graph.initializer
    assert [tensor.data_location for tensor in stored] == [TensorProto.DEFAULT] * 2
    wanted = {tensor.name: numpy_helper.to_array(tensor) for tensor in mlp().graph.initializer}
    for tensor in stored:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), wanted[tensor.name])


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/passwd", "gone.bin", ""])
def test_external_data_outside_the_folder_is_not_read(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(1 << 16))
    folder = tmp_path / "inner"
    folder.mkdir()
    subject = subject_of(mlp(), folder / "model.onnx")
    external(mlp(), folder, location)
    with pytest.raises(OperationFailed):
        result(prepare(subject, str(folder / "prepared"), SETTINGS, cancel()))


def test_functions_are_inlined(tmp_path: Path) -> None:
    model = mlp(layers=1)
    body = helper.make_function(
        "own", "Twice", ["a"], ["b"], [helper.make_node("MatMul", ["a", "a"], ["b"])], [helper.make_opsetid("", 17)]
    )
    model.functions.append(body)
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.graph.node.append(helper.make_node("Twice", ["r0"], ["t"], "twice", domain="own"))
    found = prepared(model, tmp_path).prepared
    assert "the bodies of 1 functions were put where they are called" in found.steps
    assert not onnx.load(found.path).functions
