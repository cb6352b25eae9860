"""Equal weights, found in real files: inline, external, shared, doubtful, unreadable."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from inspector.formats.onnx.equality import find_equal_weights
from inspector.formats.onnx.read import read
from inspector.records.artifact import Computation
from inspector.records.equal_weights import EqualWeights

PLENTY = 1 << 40


def save(path: Path, weights: dict[str, np.ndarray | TensorProto]) -> Computation:
    """Write a model that only holds weights, and read it."""
    tensors = []
    for name, values in weights.items():
        tensor = values if isinstance(values, TensorProto) else numpy_helper.from_array(values)
        tensor.name = name
        tensors.append(tensor)
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Constant", [], ["y"], value_float=1.0)
    graph = helper.make_graph([node], "weights", [], [output], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), path)
    return read(path)


def external(location: str, offset: int, length: int, shape: list[int]) -> TensorProto:
    """Return a float tensor whose values lie in another file."""
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=shape, data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def names(groups: tuple[EqualWeights, ...]) -> list[tuple[str, ...]]:
    """Return the names in each group."""
    return [tuple(weight.name for weight in group.weights) for group in groups]


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(3).standard_normal((64, 64)).astype(np.float32)


def test_duplicates_are_confirmed(tmp_path: Path, values: np.ndarray) -> None:
    other = values + 1
    computation = save(
        tmp_path / "m.onnx", {"a": values, "b": other, "c": values.copy(), "d": values.reshape(4096), "e": values}
    )
    (group,) = find_equal_weights(computation, PLENTY)
    assert names((group,)) == [("a", "c", "e")]
    assert group.confirmed
    assert not group.tied
    assert (group.byte_count, group.unread_bytes) == (values.nbytes, 0)


def test_a_difference_outside_the_samples_is_found(tmp_path: Path, values: np.ndarray) -> None:
    changed = values.copy()
    changed[20, 20] += 1
    computation = save(tmp_path / "m.onnx", {"a": values, "b": changed})
    assert find_equal_weights(computation, PLENTY) == ()
    (doubtful,) = find_equal_weights(computation, 0)
    assert not doubtful.confirmed
    assert doubtful.unread_bytes == 2 * values.nbytes


def test_the_budget_goes_to_small_groups_first(tmp_path: Path, values: np.ndarray) -> None:
    small = values[:16]
    computation = save(tmp_path / "m.onnx", {"a": values, "b": values, "c": small, "d": small})
    groups = find_equal_weights(computation, 2 * small.nbytes)
    assert [(group.weights[0].name, group.confirmed) for group in groups] == [("a", False), ("c", True)]


def test_element_types_are_not_confused(tmp_path: Path, values: np.ndarray) -> None:
    computation = save(tmp_path / "m.onnx", {"a": values, "b": values.view(np.int32)})
    assert find_equal_weights(computation, PLENTY) == ()


def test_tiny_weights_are_left_out(tmp_path: Path) -> None:
    ones = np.ones(255, np.float32)
    computation = save(tmp_path / "m.onnx", {"a": ones, "b": ones})
    assert find_equal_weights(computation, PLENTY) == ()


def test_shared_storage_is_tied_and_not_a_duplicate(tmp_path: Path, values: np.ndarray) -> None:
    size = values.nbytes
    (tmp_path / "w.bin").write_bytes(values.tobytes() * 2)
    tensors = {
        "a": external("w.bin", 0, size, [64, 64]),
        "b": external("w.bin", 0, size, [64, 64]),
        "c": external("w.bin", size, size, [64, 64]),
        "d": values,
    }
    computation = save(tmp_path / "m.onnx", tensors)
    tied, duplicate = find_equal_weights(computation, PLENTY)
    assert (names((tied,)), tied.tied) == ([("a", "b")], True)
    assert (names((duplicate,)), duplicate.tied) == ([("a", "c", "d")], False)


def test_typed_fields_are_compared_as_they_are_stored(tmp_path: Path) -> None:
    def typed() -> TensorProto:
        return helper.make_tensor("", TensorProto.INT64, [2000], list(range(2000)))

    computation = save(tmp_path / "m.onnx", {"a": typed(), "b": typed()})
    assert names(find_equal_weights(computation, PLENTY)) == [("a", "b")]


def test_unreadable_and_truncated_files_are_left_out(tmp_path: Path, values: np.ndarray) -> None:
    size = values.nbytes
    (tmp_path / "short.bin").write_bytes(values.tobytes()[:-1])
    tensors = {
        name: external(where, 0, size, [64, 64]) for name, where in (("a", "gone.bin"), ("b", "short.bin"), ("c", "../x"))
    }
    computation = save(tmp_path / "m.onnx", tensors | {"d": values})
    assert find_equal_weights(computation, PLENTY) == ()


def test_a_weight_of_unique_size_is_never_touched(tmp_path: Path, values: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    computation = save(tmp_path / "m.onnx", {"a": values, "b": values[:63], "c": values[:62]})
    reads: list[int] = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: reads.append(size) or pread(fd, size, at))
    assert find_equal_weights(computation, PLENTY) == ()
    assert reads == []


def test_descriptors_are_closed(tmp_path: Path, values: np.ndarray) -> None:
    (tmp_path / "w.bin").write_bytes(values.tobytes() * 2)
    tensors = {
        "a": external("w.bin", 0, values.nbytes, [64, 64]),
        "b": external("w.bin", values.nbytes, values.nbytes, [64, 64]),
    }
    computation = save(tmp_path / "m.onnx", tensors)
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert len(find_equal_weights(computation, PLENTY)) == 1
    assert len(list(Path("/proc/self/fd").iterdir())) == before
