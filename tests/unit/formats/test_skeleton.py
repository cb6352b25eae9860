"""Skeletons: what is left of a model without its weight values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, helper

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.skeleton import SMALL_PAYLOAD, skeleton
from tests import builders


def carved(model: ModelProto, folder: Path) -> ModelProto:
    return ModelProto.FromString(skeleton(builders.save(model, folder / "m.onnx")))


def test_a_small_model_is_left_as_it_is(tmp_path: Path) -> None:
    for model in (builders.small_cnn(), builders.every_carrier(), builders.loop(), builders.every_dtype(raw=False)):
        assert carved(model, tmp_path) == model


def test_large_values_are_cut_and_small_ones_stay(tmp_path: Path) -> None:
    big = np.zeros(300_000, np.float32)
    nodes = [
        helper.make_node("Constant", [], ["c"], value=builders.weight("", big)),
        helper.make_node("Constant", [], ["axes"], value=builders.weight("", np.array([1, 2]))),
        helper.make_node("If", ["c"], [], then_branch=helper.make_graph([], "g", [], [], [builders.weight("inner", big)])),
    ]
    tensors = [builders.weight("w", big), helper.make_tensor("typed", 1, [1_000], np.zeros(1_000)), builders.weight("b", [1.0])]
    model = builders.model_of(nodes, initializers=tensors)
    left = carved(model, tmp_path)
    assert left.ByteSize() < 1_000
    assert [list(tensor.dims) for tensor in left.graph.initializer] == [[300_000], [1_000], [1]]
    assert [tensor.HasField("raw_data") for tensor in left.graph.initializer] == [False, False, True]
    assert left.graph.initializer[1].float_data == []
    assert list(left.graph.node[0].attribute[0].t.dims) == [300_000]
    assert left.graph.node[1] == model.graph.node[1]
    assert left.graph.node[2].attribute[0].g.initializer[0].name == "inner"


def test_payloads_up_to_the_limit_stay_in_a_large_graph(tmp_path: Path) -> None:
    filler = [builders.weight(f"f{i}", np.zeros(SMALL_PAYLOAD // 4 + i % 2, np.float32)) for i in range(50)]
    left = carved(builders.model_of([], initializers=filler), tmp_path)
    assert [tensor.HasField("raw_data") for tensor in left.graph.initializer] == [True, False] * 25


def test_documentation_of_large_nodes_goes_but_operators_stay(tmp_path: Path) -> None:
    model = builders.chain(2)
    model.graph.node[0].doc_string = "trace " * 10_000
    model.doc_string = model.graph.doc_string = "text " * 10_000
    left = carved(model, tmp_path)
    assert left.ByteSize() < 500
    assert [node.op_type for node in left.graph.node] == ["Relu", "Relu"]


def test_overlong_names_stay_distinct_and_edges_right(tmp_path: Path) -> None:
    one, other = "n" * 50_000 + "1", "n" * 50_000 + "2"
    nodes = [helper.make_node("Relu", ["x"], [one]), helper.make_node("Abs", [one], [other])]
    left = carved(builders.model_of(nodes, [builders.value("x")], [builders.value(other)]), tmp_path)
    assert left.graph.node[0].output[0] == left.graph.node[1].input[0] != left.graph.node[1].output[0]
    assert left.graph.output[0].name == left.graph.node[1].output[0]
    assert left.ByteSize() < 1_000


def test_skeletons_of_inference_ready_models_still_infer(tmp_path: Path) -> None:
    weights = [builders.weight("w", np.zeros((1_000, 64), np.float32)), builders.weight("shape", np.array([-1, 8, 8]))]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"]), helper.make_node("Reshape", ["y", "shape"], ["z"])]
    model = builders.model_of(nodes, [builders.value("x", ["n", 1_000])], [builders.value("z", None)], weights)
    inferred = onnx.shape_inference.infer_shapes(carved(model, tmp_path), data_prop=True)
    shapes = {info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim] for info in inferred.graph.value_info}
    assert shapes["y"] == [0, 64]
    output = inferred.graph.output[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in output][1:] == [8, 8]


def test_cleaners_agree_on_overlong_names(tmp_path: Path) -> None:
    assert TextCleaner().clean("x" * 9_999) == TextCleaner().clean(b"x" * 9_999)
