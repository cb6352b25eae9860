"""What is done to a model before any converter sees it: names, order, types, constants, masks, weights beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inspector.errors import OperationFailed
from inspector.optimize.half.element_types_child import FLOAT, FLOAT16, NOT_A_TENSOR, element_types
from inspector.optimize.half.graph_walk_child import all_graphs, captures, sort_nodes
from inspector.optimize.half.masks_child import MASK
from inspector.optimize.half.messages import PREPARED, Prepared, PrepareRequest
from inspector.optimize.half.names_child import name_tensors, tensor_names
from inspector.optimize.half.prepare_child import prepare_in_child
from inspector.optimize.half.weight_files_child import StoredWeights
from tests.adversarial_graphs import interface, ranges, structure
from tests.adversarial_graphs.case import AdversarialGraph, feeds, model_of, node, random_weight
from tests.adversarial_graphs.judging import outputs_of
from tests.builders import external_model, point_outside, save, save_external, small_cnn, value, weight


def silent(done: int, total: int, note: str) -> None:
    """Report to nobody."""


def prepared(model: onnx.ModelProto, folder: Path, *keep: str) -> Prepared:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return prepare_in_child(PrepareRequest(str(save(model, folder / "model.onnx")), str(work), keep), silent)


def reasons(found: Prepared) -> dict[str, str]:
    return {one.shown: one.reason for one in found.kept}


@pytest.mark.parametrize(
    "make",
    [structure.if_captures, structure.loop_state, structure.scan, structure.local_function, interface.unnamed,
     interface.duplicate_names, interface.stored_inputs, interface.direct_outputs, interface.old_file, structure.sequences],
    ids=lambda make: make.__name__,
)  # fmt: skip
def test_what_is_prepared_computes_the_same(make: object, tmp_path: Path) -> None:
    graph = make()  # type: ignore[operator]
    assert isinstance(graph, AdversarialGraph)
    prepared(graph.model, tmp_path)
    given = feeds(graph, 1)
    before = outputs_of(graph.model.SerializeToString(), given)
    after = outputs_of(str(tmp_path / "work" / PREPARED), given)
    for one, other in zip(before, after, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)


def test_names_are_unique_over_all_graphs(tmp_path: Path) -> None:
    prepared(structure.if_captures().model, tmp_path)
    model = onnx.load(tmp_path / "work" / PREPARED, load_external_data=False)
    tensors = [name for graph in all_graphs(model) for name in tensor_names(graph)]
    assert len(tensors) == len(set(tensors))
    nodes = [one.name for graph in all_graphs(model) for one in graph.node]
    assert all(nodes)
    assert len(nodes) == len(set(nodes))


def test_renaming_follows_into_nested_bodies() -> None:
    inner = helper.make_graph([node("Add", "t outer", "u")], "inner", [], [value("u", [2])])
    middle = helper.make_graph(
        [node("Relu", "x", "t"), node("If", "c", "r", then_branch=inner, else_branch=inner)], "middle", [], [value("r", [2])]
    )
    other = helper.make_graph([node("Relu", "x", "t")], "other", [], [value("t", [2])])
    model = model_of([node("If", "c", "y", then_branch=middle, else_branch=other), node("Neg", "x", "outer")])
    assert name_tensors(model) > 0
    then, otherwise = (one.g for one in model.graph.node[0].attribute)
    renamed = then.node[0].output[0] if then.name == "middle" else otherwise.node[0].output[0]
    body = then if then.name == "middle" else otherwise
    assert body.node[1].attribute[0].g.node[0].input[0] == renamed
    assert "outer" in captures(body)


def test_sorting_knows_what_bodies_capture() -> None:
    body = helper.make_graph([node("Identity", "late", "out")], "b", [], [value("out", [2])])
    graph = model_of([node("If", "c", "y", then_branch=body, else_branch=body), node("Relu", "x", "late")]).graph
    assert sort_nodes(graph)
    assert [one.op_type for one in graph.node] == ["Relu", "If"]
    assert not sort_nodes(graph)


def test_a_cycle_is_refused() -> None:
    with pytest.raises(OperationFailed, match="cycle"):
        sort_nodes(model_of([node("Relu", "a", "b"), node("Relu", "b", "a")]).graph)


def test_element_types_follow_attributes_bodies_and_sequences() -> None:
    model = structure.loop_state().model
    model.graph.node.append(node("Cast", "y", "half", to=TensorProto.FLOAT16))
    model.graph.node.append(node("SequenceConstruct", "half half", "list"))
    model.graph.node.append(node("Mul", "half half", "product"))
    found = element_types(model)
    assert {found[name] for name in ("start", "last", "means", "state", "next")} == {FLOAT}
    assert {found["half"], found["product"]} == {FLOAT16}
    assert found["list"] == NOT_A_TENSOR


def test_constants_that_fp16_lacks_keep_their_users(tmp_path: Path) -> None:
    kept = reasons(prepared(ranges.too_large_constants().model, tmp_path))
    assert set(kept) == {"Mul_b", "Div_c"}
    assert "1e+06" in kept["Mul_b"]


def test_an_epsilon_keeps_what_it_guards(tmp_path: Path) -> None:
    assert set(reasons(prepared(ranges.epsilon().model, tmp_path))) == {"Add_safe", "Sqrt_length", "Div_unit"}


def test_constants_that_fit_keep_nobody(tmp_path: Path) -> None:
    assert prepared(ranges.large_constants().model, tmp_path).kept == ()


def test_a_mask_becomes_a_number_that_fp16_has(tmp_path: Path) -> None:
    found = prepared(ranges.attention_mask().model, tmp_path)
    assert (found.masks, found.kept) == (1, ())
    tensors = {one.name: one for one in onnx.load(tmp_path / "work" / PREPARED).graph.initializer}
    assert onnx.numpy_helper.to_array(tensors["lowest"]) == MASK


def test_the_lowest_number_elsewhere_is_no_mask(tmp_path: Path) -> None:
    found = prepared(ranges.lowest_as_bound().model, tmp_path)
    assert found.masks == 0
    assert {"Max_b", "Mul_c"} <= set(reasons(found))


def test_nodes_are_kept_by_name_and_by_index(tmp_path: Path) -> None:
    found = prepared(small_cnn(), tmp_path, "/conv/Conv", "#4")
    assert [(one.shown, one.node, one.reason) for one in found.kept] == [
        ("/conv/Conv", 0, "asked for"), ("/head/Gemm", 4, "asked for")
    ]  # fmt: skip


def test_external_weights_are_read_from_the_folder_only(tmp_path: Path) -> None:
    model = model_of([node("Relu", "x", "y")], [value("x", [8])], [value("y", [8])], [weight("w", random_weight(512))])
    path = save_external(model, tmp_path)
    (tmp_path / "work").mkdir()
    prepare_in_child(PrepareRequest(str(path), str(tmp_path / "work")), silent)
    copied = onnx.load(tmp_path / "work" / PREPARED).graph.initializer[0]
    assert np.array_equal(onnx.numpy_helper.to_array(copied), random_weight(512))


@pytest.mark.parametrize(
    ("location", "message"), [("../w.bin", "leaves"), ("missing.bin", "missing"), ("short.bin", "ends early")]
)
def test_external_weights_elsewhere_are_refused(location: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "short.bin").write_bytes(b"1234")
    path = save(external_model(location, 0, 16), tmp_path / "model.onnx")
    with pytest.raises(OperationFailed, match=message):
        prepare_in_child(PrepareRequest(str(path), str(tmp_path)), silent)


def test_a_tensor_that_lies_about_its_shape_is_refused(tmp_path: Path) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[8], raw_data=b"1234")
    with pytest.raises(OperationFailed, match="shape"):
        StoredWeights(tmp_path / "model.onnx").array(tensor)
    with pytest.raises(OperationFailed, match="no number"):
        StoredWeights(tmp_path / "model.onnx").array(_odd(tmp_path))


def _odd(folder: Path) -> TensorProto:
    (folder / "w.bin").write_bytes(bytes(16))
    tensor = point_outside(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4]), "w.bin")
    tensor.external_data.add(key="offset", value="many")
    return tensor
