"""Streamed activations against direct computation, on plain, large, dynamic and odd graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inspector.errors import OperationFailed
from inspector.runtimes.onnx_runtime.activations import open_activations, stream_activations
from inspector.runtimes.onnx_runtime.activations_child import pack
from tests import builders
from tests.builders import BOOL, FLOAT, INT64, model_of, save, save_external, value, weight
from tests.unit.runtimes.onnx_runtime.feed_making import inputs_of

RANDOM = np.random.default_rng(7)


def arrays_of(path: Path, samples: list[dict], folder: Path, **options: object) -> dict[tuple[int, str], np.ndarray]:
    """Return everything that is streamed by sample and name, and check that nothing comes twice."""
    streamed = list(stream_activations(str(path), inputs_of(folder, samples), str(folder), **options))
    found = {(one.sample, one.name): one.array for one in streamed}
    assert len(found) == len(streamed)
    return found


def product_model(elements: int = 4) -> onnx.ModelProto:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Relu", ["product"], ["positive"]),
        helper.make_node("Shape", ["product"], ["lengths"]),
        helper.make_node("Add", ["positive", "x"], ["y"]),
    ]
    matrix = np.random.default_rng(1).normal(size=(elements, elements)).astype(np.float32)
    return model_of(nodes, [value("x", ["n", elements])], [value("y", ["n", elements])], [weight("w", matrix)])


def samples_of(*lengths: int, width: int = 4) -> list[dict]:
    return [{"x": RANDOM.normal(size=(length, width)).astype(np.float32)} for length in lengths]


def check_products(found: dict, samples: list[dict], matrix: np.ndarray) -> None:
    for index, sample in enumerate(samples):
        x = sample["x"]
        np.testing.assert_array_equal(found[index, "x"], x)
        np.testing.assert_allclose(found[index, "product"], x @ matrix, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found[index, "positive"], np.maximum(x @ matrix, 0), rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found[index, "y"], np.maximum(x @ matrix, 0) + x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("budget", [1, 200, 1 << 20])
def test_every_float_tensor_whatever_the_budget_and_the_length_of_a_sample(tmp_path: Path, budget: int) -> None:
    model, samples = product_model(), samples_of(1, 5, 2)
    path = save(model, tmp_path / "model.onnx")
    found = arrays_of(path, samples, tmp_path, memory_budget=budget)
    assert len(found) == 3 * 4
    check_products(found, samples, onnx.numpy_helper.to_array(model.graph.initializer[0]))


def test_groups_fit_the_budget_for_the_longest_sample(tmp_path: Path) -> None:
    path = save(product_model(), tmp_path / "model.onnx")
    inputs = inputs_of(tmp_path, samples_of(1, 10, 3))
    source = open_activations(str(path), inputs, str(tmp_path), memory_budget=330)
    assert source.sizes == {"x": 0, "product": 160, "positive": 160, "y": 160}
    assert source.groups == (("x", "product", "positive"), ("y",))
    assert source.skipped.other_types == 1
    assert source.skipped.constants == 1


def test_chosen_tensors_only_and_what_is_missing_is_named(tmp_path: Path) -> None:
    path = save(product_model(), tmp_path / "model.onnx")
    inputs = inputs_of(tmp_path, samples_of(2))
    source = open_activations(str(path), inputs, str(tmp_path), tensors=["positive", "lengths", "nothing"])
    assert source.tensors == ("positive",)
    assert source.missing == {"lengths", "nothing"}
    assert [one.name for one in source] == ["positive"]
    assert [one.name for one in source] == ["positive"], "it may be iterated again"


def test_external_data_stays_where_it_is(tmp_path: Path) -> None:
    model, samples = product_model(), samples_of(2)
    (tmp_path / "model").mkdir()
    path = save_external(model, tmp_path / "model", "deep/weights.bin")
    work = tmp_path / "work"
    work.mkdir()
    found = arrays_of(path, samples, work)
    check_products(found, samples, onnx.numpy_helper.to_array(model.graph.initializer[0]))
    assert [one.name for one in work.iterdir()] == ["inputs"]


def test_external_data_outside_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(bytes(64))
    path = save(builders.external_model("../secret.bin", 0, 16), folder / "model.onnx")
    samples = [{"x": np.zeros(4, np.float32)}]
    with pytest.raises(OperationFailed, match="cannot show its tensors"):
        arrays_of(path, samples, tmp_path)


def test_large_inline_weights_are_put_in_a_file_of_the_work_folder(tmp_path: Path) -> None:
    model, samples = product_model(3000), samples_of(2, width=3000)
    path = save(model, tmp_path / "model.onnx")
    before = path.read_bytes()
    work = tmp_path / "work"
    work.mkdir()
    for _ in range(2):
        found = arrays_of(path, samples, work)
    matrix = onnx.numpy_helper.to_array(model.graph.initializer[0])
    np.testing.assert_allclose(found[0, "product"], samples[0]["x"] @ matrix, rtol=1e-3, atol=1e-3)
    assert sorted(one.name for one in work.iterdir()) == ["inputs", "weights-0.bin", "weights-1.bin"]
    assert path.read_bytes() == before


def test_bodies_sequences_constants_and_omitted_outputs_are_left_out_and_counted(tmp_path: Path) -> None:
    def branch(name: str, factor: float) -> onnx.GraphProto:
        nodes = [
            helper.make_node("Constant", [], [f"{name}_factor"], value_float=factor),
            helper.make_node("Mul", ["x", f"{name}_factor"], [f"{name}_y"]),
        ]
        return helper.make_graph(nodes, name, [], [value(f"{name}_y", None)])

    nodes = [
        helper.make_node("Constant", [], ["two"], value_float=2.0),
        helper.make_node("Mul", ["x", "two"], ["double"]),
        helper.make_node("SequenceConstruct", ["double", "x"], ["sequence"]),
        helper.make_node("Dropout", ["double"], ["kept", ""]),
        helper.make_node("If", ["condition"], ["chosen"], then_branch=branch("a", 3.0), else_branch=branch("b", 5.0)),
        helper.make_node("ConcatFromSequence", ["sequence"], ["y"], axis=0),
    ]
    model = model_of(nodes, [value("x", [2]), value("condition", [], BOOL)], [value("y", None), value("chosen", None)])
    path = save(model, tmp_path / "model.onnx")
    x = np.array([1.0, -2.0], np.float32)
    samples = [{"x": x, "condition": np.array(flag)} for flag in (True, False)]
    inputs = inputs_of(tmp_path, samples)
    source = open_activations(str(path), inputs, str(tmp_path))
    assert source.tensors == ("x", "double", "kept", "chosen", "y")
    assert (source.skipped.in_subgraphs, source.skipped.not_tensors, source.skipped.constants) == (4, 1, 1)
    assert source.skipped.other_types == 1
    found = {(one.sample, one.name): one.array for one in source}
    np.testing.assert_array_equal(found[0, "chosen"], 3 * x)
    np.testing.assert_array_equal(found[1, "chosen"], 5 * x)
    np.testing.assert_array_equal(found[1, "kept"], 2 * x)


def test_nothing_to_stream(tmp_path: Path) -> None:
    integers = model_of([helper.make_node("Neg", ["x"], ["y"])], [value("x", [2], INT64)], [value("y", [2], INT64)])
    path = save(integers, tmp_path / "model.onnx")
    assert arrays_of(path, [{"x": np.arange(2)}], tmp_path) == {}


def test_no_nodes_at_all(tmp_path: Path) -> None:
    path = save(model_of([], [value("x", [2])], [value("x", [2])]), tmp_path / "model.onnx")
    found = arrays_of(path, [{"x": np.array([1, 2], np.float32)}], tmp_path)
    np.testing.assert_array_equal(found[0, "x"], [1, 2])


def test_empty_tensors_and_odd_values_and_other_floats(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Log", ["x"], ["logarithm"]),
        helper.make_node("Cast", ["logarithm"], ["half"], to=TensorProto.FLOAT16),
        helper.make_node("Cast", ["logarithm"], ["double"], to=TensorProto.DOUBLE),
        helper.make_node("Cast", ["logarithm"], ["brain"], to=TensorProto.BFLOAT16),
        helper.make_node("Cast", ["brain"], ["y"], to=FLOAT),
    ]
    path = save(model_of(nodes, [value("x", ["n"])], [value("y", ["n"])]), tmp_path / "model.onnx")
    samples = [{"x": np.array(one, np.float32)} for one in ([-1.0, 0.0, 1.0], [])]
    found = arrays_of(path, samples, tmp_path)
    assert found[1, "logarithm"].shape == (0,)
    assert np.isnan(found[0, "logarithm"][0])
    assert np.isneginf(found[0, "half"][1])
    assert {found[0, name].dtype.name for name in ("half", "double")} == {"float16", "float64"}
    assert (0, "brain") not in found


def test_repeated_names_are_refused_in_one_line(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["y"])]
    path = save(model_of(nodes, [value("x", [2])], [value("y", [2])]), tmp_path / "model.onnx")
    with pytest.raises(OperationFailed) as caught:
        arrays_of(path, [{"x": np.zeros(2, np.float32)}], tmp_path)
    assert "\n" not in str(caught.value)


def test_a_sample_that_does_not_run_is_named(tmp_path: Path) -> None:
    path = save(product_model(), tmp_path / "model.onnx")
    samples = [*samples_of(2), {"x": np.zeros((2, 5), np.float32)}]
    with pytest.raises(OperationFailed, match=r"model\.onnx: sample 1: "):
        arrays_of(path, samples, tmp_path)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for content in (b"", b"\xff" * 100):
        path.write_bytes(content)
        with pytest.raises(OperationFailed, match=r"model\.onnx"):
            arrays_of(path, samples_of(1), tmp_path)


def test_a_model_without_the_standard_operator_set(tmp_path: Path) -> None:
    node = helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft")
    path = save(
        model_of([node], [value("x", ["n"])], [value("y", ["n"])], opsets={"com.microsoft": 1}), tmp_path / "model.onnx"
    )
    found = arrays_of(path, [{"x": np.zeros(3, np.float32)}], tmp_path)
    np.testing.assert_array_equal(found[0, "y"], np.zeros(3))


def test_quantized_models_show_their_floats(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"]),
    ]
    stored = [weight("scale", np.array(0.5, np.float32)), weight("zero", np.array(128, np.uint8))]
    path = save(model_of(nodes, [value("x", [3])], [value("y", [3])], stored), tmp_path / "model.onnx")
    found = arrays_of(path, [{"x": np.array([0.3, 1.0, -0.9], np.float32)}], tmp_path)
    np.testing.assert_array_equal(found[0, "y"], [0.5, 1.0, -1.0])
    assert set(found) == {(0, "x"), (0, "y")}


def test_packing_keeps_order_and_gives_what_is_too_large_a_group_of_its_own() -> None:
    sizes = {"a": 5, "b": 5, "c": 100, "d": 0, "e": 10}
    assert list(pack(sizes, 10)) == [("a", "b"), ("c",), ("d", "e")]
    assert list(pack({}, 10)) == []
