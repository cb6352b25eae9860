"""What comes out of each converter after repairs: exact constants, consistent types, promised inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from inspector.errors import OperationFailed
from inspector.optimize.half import stubs_child
from inspector.optimize.half.convert_child import convert_in_child
from inspector.optimize.half.element_types_child import element_types
from inspector.optimize.half.graph_walk_child import all_graphs, all_nodes
from inspector.optimize.half.messages import Converted, Converter, ConvertRequest, PrepareRequest
from inspector.optimize.half.prepare_child import prepare_in_child
from tests.adversarial_graphs import interface, ranges, structure
from tests.adversarial_graphs.case import AdversarialGraph, feeds
from tests.adversarial_graphs.judging import outputs_of, problem_of
from tests.builders import save, small_cnn

CONVERTERS: tuple[Converter, ...] = ("onnxruntime", "onnxconverter-common", "onnxsim")


def silent(done: int, total: int, note: str) -> None:
    """Report to nobody."""


def converted(
    model: onnx.ModelProto, converter: Converter, folder: Path, keep: tuple[str, ...] = (), half_io: tuple[str, ...] = ()
) -> tuple[onnx.ModelProto, Converted]:
    """Prepare and convert a model; what preparing keeps in fp32 is kept."""
    (folder / "work").mkdir(exist_ok=True)
    path = save(model, folder / "model.onnx")
    found = prepare_in_child(PrepareRequest(str(path), str(folder / "work"), keep), silent)
    names = tuple(one.name for one in found.kept)
    output = folder / "half.onnx"
    made = convert_in_child(ConvertRequest(str(folder / "work"), converter, names, half_io, str(output)), silent)
    onnx.checker.check_model(str(output), full_check=True)
    return onnx.load(output), made


def constants(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for graph in all_graphs(model) for tensor in graph.initializer}


@pytest.mark.parametrize("converter", CONVERTERS)
@pytest.mark.parametrize("make", [ranges.large_constants, ranges.attention_mask, structure.empty_optionals])
def test_every_constant_is_the_original_rounded(
    make: Callable[[], AdversarialGraph], converter: Converter, tmp_path: Path
) -> None:
    model, _ = converted(make().model, converter, tmp_path)
    originals = constants(onnx.load(tmp_path / "work" / "prepared.onnx"))
    checked = 0
    for name, array in constants(model).items():
        if array.dtype == np.float16:
            assert np.array_equal(array, originals[name].astype(np.float16)), name
            checked += 1
    assert checked >= 2


@pytest.mark.parametrize("converter", CONVERTERS)
def test_inputs_and_outputs_stay_fp32(converter: Converter, tmp_path: Path) -> None:
    model, _ = converted(small_cnn(), converter, tmp_path)
    kinds = {value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)}
    assert kinds == {TensorProto.FLOAT}
    assert [one.name for one in (*model.graph.input, *model.graph.output)] == ["image", "scores"]


@pytest.mark.parametrize("converter", CONVERTERS)
def test_inputs_and_outputs_become_fp16_where_asked(converter: Converter, tmp_path: Path) -> None:
    model, made = converted(small_cnn(), converter, tmp_path, half_io=("image", "scores"))
    kinds = {value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)}
    assert kinds == {TensorProto.FLOAT16}
    assert made.casts == 0
    given = [{"image": np.ones((2, 3, 8, 8), np.float32)}]
    exact = outputs_of(small_cnn().SerializeToString(), given)
    assert problem_of(outputs_of(str(tmp_path / "half.onnx"), given), exact) == ""


@pytest.mark.parametrize("converter", CONVERTERS)
def test_kept_nodes_take_and_give_fp32(converter: Converter, tmp_path: Path) -> None:
    model, _ = converted(small_cnn(), converter, tmp_path, keep=("/pool/GlobalAveragePool", "#3"))
    kinds = element_types(model)
    for one in model.graph.node:
        if one.op_type in ("GlobalAveragePool", "Flatten"):
            assert {kinds[name] for name in (*one.input, *one.output)} == {TensorProto.FLOAT}
        if one.op_type in ("Conv", "Gemm"):
            assert {kinds[name] for name in one.input} == {TensorProto.FLOAT16}


@pytest.mark.parametrize("converter", CONVERTERS)
def test_no_value_goes_through_fp16_between_two_kept_nodes(converter: Converter, tmp_path: Path) -> None:
    model, _ = converted(ranges.too_large_constants().model, converter, tmp_path)
    makers = {name: one for one in model.graph.node for name in one.output}
    division = next(one for one in model.graph.node if one.op_type == "Div")
    assert makers[division.input[0]].op_type == "Mul"


@pytest.mark.parametrize("converter", CONVERTERS)
def test_a_shared_weight_is_there_in_both_types(converter: Converter, tmp_path: Path) -> None:
    model, _ = converted(interface.shared_weights().model, converter, tmp_path, keep=("MatMul_bigger",))
    kinds = sorted(str(array.dtype) for array in constants(model).values() if array.shape == (8, 8))
    assert kinds == ["float16", "float32"]


@pytest.mark.parametrize("converter", CONVERTERS)
def test_nothing_is_left_unused_and_names_are_unique(converter: Converter, tmp_path: Path) -> None:
    model, _ = converted(interface.used_outputs().model, converter, tmp_path)
    used = {name for one in all_nodes(model) for name in one.input} | {value.name for value in model.graph.output}
    assert {tensor.name for tensor in model.graph.initializer} <= used
    names = [one.name for one in all_nodes(model)]
    assert len(names) == len(set(names))
    assert all(used.intersection(one.output) for one in all_nodes(model))


def test_a_converter_that_cannot_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="owningGraph"):
        converted(structure.if_captures().model, "onnxsim", tmp_path)


def test_weights_only_computes_in_fp32(tmp_path: Path) -> None:
    graph = interface.stored_inputs()
    model, made = converted(graph.model, "weights only", tmp_path)
    kinds = element_types(model)
    assert made.casts == 1
    assert {kinds[name] for one in model.graph.node if one.op_type != "Cast" for name in one.output} == {TensorProto.FLOAT}
    given = feeds(graph, 5)
    assert problem_of(outputs_of(str(tmp_path / "half.onnx"), given), outputs_of(graph.model.SerializeToString(), given)) == ""


def test_weights_only_needs_weights(tmp_path: Path) -> None:
    with pytest.raises(OperationFailed, match="no weight is large enough"):
        converted(interface.long_chain().model, "weights only", tmp_path)


@pytest.mark.parametrize("converter", [*CONVERTERS, "weights only"])
def test_large_models_keep_their_weights_beside_them(
    converter: Converter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stubs_child, "LARGEST_FILE", 1000)
    graph = interface.stored_inputs()
    _, made = converted(graph.model, converter, tmp_path)
    assert (tmp_path / "half.onnx.data").stat().st_size == 32 * 32 * 2
    assert made.size_bytes == sum(one.stat().st_size for one in tmp_path.glob("half.onnx*"))
    given = feeds(graph, 5)
    assert problem_of(outputs_of(str(tmp_path / "half.onnx"), given), outputs_of(graph.model.SerializeToString(), given)) == ""
