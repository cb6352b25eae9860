"""Bytes of weights, read on demand, against numpy_helper."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from inspector.errors import OperationFailed
from inspector.formats.onnx.read import read
from inspector.formats.onnx.weight_bytes import iter_chunks, read_range, read_strings
from inspector.records.artifact import Computation
from inspector.records.tensor import Weight
from tests import builders


def named(computation: Computation, name: str) -> Weight:
    return next(weight for weight in computation.weights if weight.name == name)


def whole(computation: Computation, weight: Weight, chunk: int = 1 << 20) -> bytes:
    return b"".join(iter_chunks(computation, weight, chunk))


def dense_bytes(tensor: TensorProto) -> bytes:
    """Return what onnx would store as raw_data for the tensor."""
    return numpy_helper.from_array(numpy_helper.to_array(tensor)).raw_data


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("count", [1, 5, 8])
def test_every_dtype(raw: bool, count: int, tmp_path: Path) -> None:
    model = builders.every_dtype(raw, count)
    computation = read(builders.save(model, tmp_path / "m.onnx"))
    for tensor in model.graph.initializer:
        weight = named(computation, tensor.name)
        expected = dense_bytes(tensor)
        assert len(expected) == weight.byte_count, tensor.name
        assert whole(computation, weight) == expected, tensor.name
        assert read_range(computation, weight, 0, weight.byte_count) == expected, tensor.name


def test_exact_offsets_of_raw_values(tmp_path: Path) -> None:
    model = builders.every_carrier()
    path = builders.save(model, tmp_path / "m.onnx")
    stored = path.read_bytes()
    for weight in read(path).weights:
        if weight.storage.encoding == "raw":
            found = np.frombuffer(stored[weight.storage.offset :][: weight.storage.length], np.dtype(weight.dtype))
            assert found.size == weight.element_count
            assert bytes(stored[weight.storage.offset - 1 :][:1]) == bytes([weight.storage.length])


def test_negative_and_wide_integers_in_typed_fields(tmp_path: Path) -> None:
    tensors = [
        helper.make_tensor("int8", TensorProto.INT8, [4], [-128, -1, 0, 127]),
        helper.make_tensor("int16", TensorProto.INT16, [3], [-32768, -1, 32767]),
        helper.make_tensor("uint16", TensorProto.UINT16, [2], [0, 65535]),
        helper.make_tensor("int32", TensorProto.INT32, [3], [-(2**31), -1, 2**31 - 1]),
        helper.make_tensor("int64", TensorProto.INT64, [3], [-(2**63), -1, 2**63 - 1]),
        helper.make_tensor("uint32", TensorProto.UINT32, [2], [0, 2**32 - 1]),
        helper.make_tensor("uint64", TensorProto.UINT64, [2], [0, 2**64 - 1]),
        helper.make_tensor("int4", TensorProto.INT4, [3], [-8, 7, -1]),
        helper.make_tensor("float16", TensorProto.FLOAT16, [2], [-1.5, 65504.0]),
    ]
    computation = read(builders.save(builders.model_of([], initializers=tensors), tmp_path / "m.onnx"))
    assert computation.findings == ()
    for tensor in tensors:
        assert whole(computation, named(computation, tensor.name)) == dense_bytes(tensor), tensor.name


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1000])
def test_chunks_of_any_size_and_ranges(chunk: int, tmp_path: Path) -> None:
    values = np.arange(-300, 300, dtype=np.int64) * 12345
    tensors = [builders.weight("raw", values), helper.make_tensor("typed", TensorProto.INT64, [600], values)]
    computation = read(builders.save(builders.model_of([], initializers=tensors), tmp_path / "m.onnx"))
    for weight in computation.weights:
        chunks = list(iter_chunks(computation, weight, chunk))
        assert b"".join(chunks) == values.tobytes()
        assert {len(one) for one in chunks[:-1]} <= {chunk}
        assert read_range(computation, weight, 8 * 7, 24) == values[7:10].tobytes()
        assert read_range(computation, weight, 600 * 8 - 4, 100) == values.tobytes()[-4:]
        assert read_range(computation, weight, 600 * 8 + 1, 4) == b""


def test_fields_that_are_not_packed_or_come_in_parts(tmp_path: Path) -> None:
    packed = TensorProto(data_type=TensorProto.INT32, dims=[2], int32_data=[5, -6], name="x").SerializeToString()
    unpacked = b"\x08\x03\x10\x06" + b"\x28\x01\x28\x02" + builders.field(8, b"unpacked") + b"\x28\x03"
    parts = packed.replace(b"\x08\x02", b"\x08\x03") + b"\x28\x07"
    floats = (
        b"\x08\x02\x10\x01"
        + builders.field(8, b"floats")
        + b"\x25"
        + np.float32(1.5).tobytes()
        + b"\x25"
        + np.float32(-2).tobytes()
    )
    graph = b"".join(builders.field(5, one) for one in (unpacked, parts, floats))
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x0a" + builders.field(7, graph))
    expected = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
    computation = read(path)
    assert computation.findings == ()
    for name, array in expected.items():
        assert whole(computation, named(computation, name)) == array.tobytes(), name
    assert computation.small_values["", "x"] == (5, -6, 7)
    assert computation.small_values["", "unpacked"] == (1, 2, 3)


def test_constants_without_a_tensor(tmp_path: Path) -> None:
    computation = read(builders.save(builders.every_carrier(), tmp_path / "m.onnx"))
    expected = {
        "c_value_int": np.int64(-7).tobytes(),
        "c_value_ints": np.array([1, -2, 3]).tobytes(),
        "c_value_float": np.float32(0.5).tobytes(),
        "c_value_floats": np.array([1.0, 2.0], np.float32).tobytes(),
        "c_value_string": b"text",
        "c_value_strings": b"abcd",
    }
    for name, data in expected.items():
        assert whole(computation, named(computation, name)) == data, name
    assert read_strings(computation, named(computation, "c_value_string")) == [b"text"]
    assert read_strings(computation, named(computation, "c_value_strings")) == [b"a", b"bcd"]


def test_string_tensors(tmp_path: Path) -> None:
    texts = [b"one", b"", b"\xff\x1b", b"four"]
    tensor = TensorProto(name="texts", data_type=TensorProto.STRING, dims=[4], string_data=texts)
    computation = read(builders.save(builders.model_of([], initializers=[tensor]), tmp_path / "m.onnx"))
    (weight,) = computation.weights
    assert weight.byte_count == 9
    assert read_strings(computation, weight) == texts
    assert whole(computation, weight) == b"".join(texts)


def test_external_values(tmp_path: Path) -> None:
    model = builders.small_cnn()
    computation = read(builders.save_external(model, tmp_path, "data/weights.bin"))
    assert computation.findings == ()
    for tensor in model.graph.initializer:
        weight = named(computation, tensor.name)
        assert weight.storage.path == "data/weights.bin"
        assert whole(computation, weight) == tensor.raw_data
        assert read_range(computation, weight, 4, 8) == tensor.raw_data[4:12]


def refused(model: ModelProto, folder: Path) -> str:
    computation = read(builders.save(model, folder / "m.onnx"))
    with pytest.raises(OperationFailed) as caught:
        whole(computation, computation.weights[0])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_external_files_outside_are_never_read(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"s" * 64)
    (folder / "link.bin").symlink_to(tmp_path / "secret.bin")
    os.link(tmp_path / "secret.bin", folder / "hard.bin")
    os.mkfifo(folder / "pipe.bin")
    for location in ("../secret.bin", str(tmp_path / "secret.bin"), "link.bin", "hard.bin", "pipe.bin", "missing.bin", "."):
        assert refused(builders.external_model(location), folder)


def test_a_file_exchanged_for_a_link_after_reading_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(b"s" * 16)
    data = folder / "w.bin"
    data.write_bytes(b"w" * 16)
    computation = read(builders.save(builders.external_model("w.bin"), folder / "m.onnx"))
    assert whole(computation, computation.weights[0]) == b"w" * 16
    data.unlink()
    data.symlink_to(tmp_path / "secret.bin")
    with pytest.raises(OperationFailed, match="symbolic link"):
        whole(computation, computation.weights[0])


def test_a_file_that_shrank_or_an_artifact_that_changed(tmp_path: Path) -> None:
    path = builders.save(builders.small_cnn(), tmp_path / "m.onnx")
    computation = read(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(OperationFailed, match="changed"):
        whole(computation, computation.weights[0])
    path.unlink()
    with pytest.raises(OperationFailed, match="no such file"):
        whole(computation, computation.weights[0])


def test_truncated_external_data_fails_cleanly(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"w" * 10)
    assert "6 bytes" in refused(builders.external_model("w.bin"), tmp_path)


def test_values_in_a_field_their_dtype_does_not_use(tmp_path: Path) -> None:
    tensor = TensorProto(name="w", data_type=TensorProto.INT8, dims=[1], int64_data=[1])
    assert "field 7" in refused(builders.model_of([], initializers=[tensor]), tmp_path)
