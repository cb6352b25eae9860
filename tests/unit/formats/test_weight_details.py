"""Weights read in real children, in every encoding and element type, against onnx.numpy_helper."""

from __future__ import annotations

import hashlib
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inspector.errors import OperationFailed
from inspector.formats.onnx.read import read
from inspector.formats.onnx.weight_answer import WeightAnswer, WeightRequest
from inspector.formats.onnx.weight_details import details
from inspector.formats.onnx.weight_details_child import read_in_child
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.artifact import Computation
from inspector.records.event import Finished, Progress
from inspector.records.weight_details import WeightDetails

RNG = np.random.default_rng(11)


def save(path: Path, tensor: TensorProto) -> Computation:
    """Write a model with one initializer and read it."""
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Constant", [], ["y"], value_float=1.0)
    graph = helper.make_graph([node], "g", [], [output], [tensor])
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString())
    return read(path)


def weight_details(computation: Computation, name: str = "w") -> WeightDetails:
    """Read one weight in a child."""
    weight = next(weight for weight in computation.weights if weight.name == name)
    *_, last = details(computation, weight)
    assert isinstance(last, Finished)
    return last.result


def in_this_process(computation: Computation) -> WeightDetails:
    """Read the first weight without a child, for tests of many types."""
    artifact = computation.artifact
    weight = next(weight for weight in computation.weights if weight.name == "w")
    request = WeightRequest(artifact.path.encode(), artifact.size_bytes, weight, computation.external_files)
    answer = read_in_child(request, lambda *_: None)
    return WeightDetails(weight, *(getattr(answer, name) for name in WeightAnswer.__slots__))


def test_statistics_preview_and_digest(tmp_path: Path) -> None:
    values = RNG.standard_normal((300, 70)).astype(np.float32)
    values[0, :4] = [0, np.nan, np.inf, -np.inf]
    found = weight_details(save(tmp_path / "m.onnx", numpy_helper.from_array(values, "w")))
    finite = values[np.isfinite(values)].astype(np.float64)
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean(), abs=1e-12)
    assert found.deviation == pytest.approx(finite.std(), rel=1e-12)
    assert (found.zero_count, found.nan_count, found.infinite_count) == (1, 1, 2)
    assert found.histogram is not None
    assert len(found.histogram.counts) == 32
    assert sum(found.histogram.counts) == finite.size
    assert found.preview[:5] == ("0", "nan", "inf", "-inf", f"{values[0, 4]:.6g}")
    assert len(found.preview) == 64
    assert found.sha256 == hashlib.sha256(values.tobytes()).hexdigest()


def test_a_weight_of_many_chunks(tmp_path: Path) -> None:
    values = RNG.integers(-128, 128, 7_000_001, dtype=np.int8)
    computation = save(tmp_path / "m.onnx", numpy_helper.from_array(values, "w"))
    events = list(details(computation, computation.weights[-1]))
    progress = [event for event in events if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total == 2 * values.size
    found = events[-1].result
    assert (found.minimum, found.maximum) == (-128, 127)
    assert found.mean == pytest.approx(values.mean())
    assert sum(found.histogram.counts) == values.size


ARRAYS = {
    "float16": RNG.standard_normal(99).astype(np.float16),
    "float64": RNG.standard_normal(99),
    "bfloat16": RNG.standard_normal(99).astype(ml_dtypes.bfloat16),
    "float8e4m3fn": RNG.standard_normal(99).astype(ml_dtypes.float8_e4m3fn),
    "float8e4m3fnuz": RNG.standard_normal(99).astype(ml_dtypes.float8_e4m3fnuz),
    "float8e5m2": RNG.standard_normal(99).astype(ml_dtypes.float8_e5m2),
    "float8e5m2fnuz": RNG.standard_normal(99).astype(ml_dtypes.float8_e5m2fnuz),
    "float8e8m0": np.abs(RNG.standard_normal(99)).astype(ml_dtypes.float8_e8m0fnu),
    "float4e2m1": RNG.standard_normal(99).astype(ml_dtypes.float4_e2m1fn),
    "int4": RNG.integers(-8, 8, 99).astype(ml_dtypes.int4),
    "uint4": RNG.integers(0, 16, 99).astype(ml_dtypes.uint4),
    "int2": RNG.integers(-2, 2, 99).astype(ml_dtypes.int2),
    "uint2": RNG.integers(0, 4, 99).astype(ml_dtypes.uint2),
    "int8": RNG.integers(-128, 128, 99, dtype=np.int8),
    "uint16": RNG.integers(0, 1 << 16, 99, dtype=np.uint16),
    "int32": RNG.integers(-(1 << 31), 1 << 31, 99, dtype=np.int32),
    "int64": RNG.integers(-(1 << 62), 1 << 62, 99, dtype=np.int64),
    "uint64": RNG.integers(0, 1 << 63, 99, dtype=np.uint64),
    "bool": RNG.integers(0, 2, 99).astype(bool),
}


@pytest.mark.parametrize("typed", [False, True], ids=["raw", "typed"])
@pytest.mark.parametrize("dtype", ARRAYS)
def test_every_element_type(tmp_path: Path, dtype: str, typed: bool) -> None:
    values = ARRAYS[dtype]
    tensor = numpy_helper.from_array(values, "w")
    if typed:
        tensor = as_typed(tensor)
    found = in_this_process(save(tmp_path / "m.onnx", tensor))
    exact = numpy_helper.to_array(tensor).astype(np.float64)
    finite = exact[np.isfinite(exact)]
    assert found.weight.dtype == dtype
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean(), rel=1e-12, abs=1e-12)
    assert found.deviation == pytest.approx(finite.std(), rel=1e-12)
    assert found.zero_count == (exact == 0).sum()
    assert found.histogram is not None
    assert sum(found.histogram.counts) == finite.size
    assert len(found.preview) == 64
    assert found.sha256 == hashlib.sha256(numpy_helper.from_array(values).raw_data).hexdigest()


def as_typed(tensor: TensorProto) -> TensorProto:
    """Return the tensor with its values in the typed field its element type uses."""
    typed = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
    raw = tensor.raw_data
    kind = TensorProto
    if tensor.data_type == kind.DOUBLE:
        typed.double_data.extend(np.frombuffer(raw, "<f8"))
    elif tensor.data_type == kind.INT64:
        typed.int64_data.extend(np.frombuffer(raw, "<i8"))
    elif tensor.data_type == kind.UINT64:
        typed.uint64_data.extend(np.frombuffer(raw, "<u8"))
    else:
        two = (kind.FLOAT16, kind.BFLOAT16, kind.UINT16)
        width = "<i4" if tensor.data_type == kind.INT32 else "<u2" if tensor.data_type in two else "u1"
        signed = np.frombuffer(raw, "i1") if tensor.data_type == kind.INT8 else np.frombuffer(raw, width)
        typed.int32_data.extend(int(value) for value in signed)
    return typed


def test_complex_values_are_counted_but_not_ordered(tmp_path: Path) -> None:
    values = np.array([0, 1 + 2j, complex(np.nan, 0), complex(0, np.inf)], np.complex64)
    found = in_this_process(save(tmp_path / "m.onnx", numpy_helper.from_array(values, "w")))
    assert (found.minimum, found.mean, found.histogram) == (None, None, None)
    assert (found.zero_count, found.nan_count, found.infinite_count) == (1, 1, 1)
    assert found.preview[1] == "1+2j"


def test_texts_are_shown_cleaned(tmp_path: Path) -> None:
    tensor = helper.make_tensor("w", TensorProto.STRING, [3], [b"plain", b"\x1b]52;c;aGk=\x07", b"x" * 5000])
    found = weight_details(save(tmp_path / "m.onnx", tensor))
    assert found.preview[0] == "plain"
    assert "\x1b" not in found.preview[1]
    assert len(found.preview[2]) <= 201
    assert found.minimum is None
    assert found.sha256 == hashlib.sha256(b"plain\x1b]52;c;aGk=\x07" + b"x" * 5000).hexdigest()


def test_nothing_finite(tmp_path: Path) -> None:
    found = weight_details(save(tmp_path / "m.onnx", numpy_helper.from_array(np.full(5, np.nan, np.float32), "w")))
    assert (found.minimum, found.mean, found.deviation, found.histogram, found.nan_count) == (None, None, None, None, 5)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0)])
def test_scalars_and_empty_weights(tmp_path: Path, shape: tuple[int, ...]) -> None:
    found = in_this_process(save(tmp_path / "m.onnx", numpy_helper.from_array(np.full(shape, 2.5, np.float32), "w")))
    expected = None if 0 in shape else 2.5
    assert (found.minimum, found.mean) == (expected, expected)
    assert found.preview == (() if 0 in shape else ("2.5",))


def test_external_data(tmp_path: Path) -> None:
    values = RNG.standard_normal((50, 50)).astype(np.float32)
    model = helper.make_model(helper.make_graph([], "g", [], [], [numpy_helper.from_array(values, "w")]))
    onnx.save(model, tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    found = weight_details(read(tmp_path / "m.onnx"))
    assert found.maximum == values.max()
    assert found.sha256 == hashlib.sha256(values.tobytes()).hexdigest()


def test_external_data_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.bin").write_bytes(bytes(400))
    (tmp_path / "inside").mkdir()
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[100], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../secret.bin")
    computation = save(tmp_path / "inside" / "m.onnx", tensor)
    with pytest.raises(OperationFailed):
        weight_details(computation)


def test_fewer_values_than_the_shape_asks_for(tmp_path: Path) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 40], raw_data=bytes(400))
    with pytest.raises(OperationFailed, match="holds 100 elements where its shape asks for 1,099,511,627,776"):
        weight_details(save(tmp_path / "m.onnx", tensor))


def test_no_values_at_all(tmp_path: Path) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[10])
    with pytest.raises(OperationFailed, match="no values"):
        weight_details(save(tmp_path / "m.onnx", tensor))


def test_a_file_that_changed_since_is_refused(tmp_path: Path) -> None:
    computation = save(tmp_path / "m.onnx", numpy_helper.from_array(np.zeros(1000, np.float32), "w"))
    (tmp_path / "m.onnx").write_bytes(b"\x08\x0a")
    with pytest.raises(OperationFailed):
        weight_details(computation)


def test_a_weight_larger_than_the_memory_it_may_take(tmp_path: Path) -> None:
    size = 512 << 20
    with (tmp_path / "w.bin").open("wb") as file:
        file.truncate(size)
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[size // 4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="w.bin")
    computation = save(tmp_path / "m.onnx", tensor)
    *_, last = details(computation, computation.weights[-1], Limits(memory_bytes=400 << 20))
    assert last.result.zero_count == size // 4


def test_cancel(tmp_path: Path) -> None:
    computation = save(tmp_path / "m.onnx", numpy_helper.from_array(np.zeros(1000, np.float32), "w"))
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed, match=r"reading weight w of m\.onnx was cancelled"):
        list(details(computation, computation.weights[-1], Limits(), token))
