"""Warm-up requests that are written: read back by our reader, and by TensorFlow's own readers of records and tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.containment import Locator
from inspector.formats.saved_model import warm_up_writing
from inspector.formats.saved_model.warm_up_writing import WarmUpFile, prediction_log, tensor_proto, tf_record, warm_up_file
from inspector.formats.saved_model.warmup import MOST_REQUESTS, WARM_UP, read_warm_up
from inspector.records.publishing import WarmUpInputs, WarmUpPlan
from inspector.records.saved_model import WarmUp
from tests.unit.formats.saved_model.publishing import samples, warm_up

ARRAYS: list[NDArray[Any]] = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
    np.array([1.5, -2.0], np.float16),
    *(np.array([[0, 1, 127]], dtype) for dtype in (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64)),
    np.array([2**64 - 1], np.uint64),
    np.array([[True, False]]),
    np.array([1 + 2j], np.complex64),
    np.array([1 - 2j], np.complex128),
    np.array(3.25, np.float32),
    np.zeros((0, 4), np.float32),
    np.array([1, 2], ">i4"),
]


def read_back(folder: Path, file: WarmUpFile) -> WarmUp:
    path = folder / WARM_UP
    path.parent.mkdir(parents=True)
    path.write_bytes(file.content)
    found = read_warm_up(Locator(folder / "saved_model.pb"), folder, TextCleaner())
    assert found is not None
    return found


def test_each_signature_gets_its_requests_in_turn(tmp_path: Path) -> None:
    few = samples(tmp_path / "few", [{"text": np.array(["a", "é"])}])
    many = samples(tmp_path / "many", [{"x": np.full((1, 2), at, np.int64), "y": np.array([True])} for at in range(5)])
    plan = WarmUpPlan("model", (WarmUpInputs("embed", few), WarmUpInputs("serving_default", many)), most=3)
    file = warm_up_file(plan)
    found = read_back(tmp_path / "m", file)
    assert (found.problem, found.request_count, found.kinds) == ("", 4, {"predict": 4})
    assert found.signatures == ("embed", "serving_default")
    assert (file.requests, file.notes) == (4, ())


def test_no_more_than_servers_take_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_up_writing, "MOST_REQUESTS", 5)
    file = warm_up_file(warm_up(tmp_path / "s", 8))
    assert file.requests == 5
    assert file.notes[0].startswith("3 warm-up requests left out")
    monkeypatch.setattr(warm_up_writing, "MOST_REQUESTS", MOST_REQUESTS)
    monkeypatch.setattr(warm_up_writing, "MOST_BYTES", 200)
    file = warm_up_file(warm_up(tmp_path / "t", 8))
    assert 0 < file.requests < 5
    found = read_back(tmp_path / "m", file)
    assert (found.problem, found.request_count) == ("", file.requests)


def test_samples_that_do_not_fit_the_signature_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OperationFailed, match='input "x" is float16, and its samples hold float32'):
        tensor_proto(np.zeros(2, np.float32), "float16", "x")
    with pytest.raises(OperationFailed, match='input "an input" is variant, and its samples hold int32'):
        tensor_proto(np.zeros(2, np.int32), "variant")
    plan = warm_up(tmp_path / "s", 2)
    (tmp_path / "s" / "00001.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(OperationFailed, match="sample 1 for warm-up requests is missing or damaged"):
        warm_up_file(plan)


@pytest.fixture(scope="module")
def tensorflow() -> Any:
    return pytest.importorskip("tensorflow")


def test_tensorflow_reads_every_element_type_as_it_was(tensorflow: Any) -> None:
    for array in ARRAYS:
        read = _parsed(tensorflow, tensor_proto(array))
        assert read.dtype == array.dtype.newbyteorder("=")
        assert read.shape == array.shape
        np.testing.assert_array_equal(read, array)
    halves = np.array([1.0, -2.5], tensorflow.bfloat16.as_numpy_dtype)
    np.testing.assert_array_equal(_parsed(tensorflow, tensor_proto(halves.view("V2"), "bfloat16")), halves)


def test_tensorflow_reads_text_as_it_was(tensorflow: Any) -> None:
    for array in (
        np.array([["a", "é"], ["", "\n"]]),
        np.array([b"\xff\x01", b"b"]),
        np.array(["x", b"y"], object),
        np.array("s"),
    ):
        read = _parsed(tensorflow, tensor_proto(array, "string"))
        expected = [one if isinstance(one, bytes) else one.encode() for one in array.ravel().tolist()]
        assert (read.shape, read.ravel().tolist()) == (array.shape, expected)


def test_tensorflow_reads_the_records(tensorflow: Any, tmp_path: Path) -> None:
    inputs = samples(tmp_path / "s", [{"x": np.zeros((1, 2), np.float32)}])
    logs = [prediction_log("m", WarmUpInputs("serving_default", inputs), [np.full((1, 2), at, np.float32)]) for at in range(3)]
    (tmp_path / "records").write_bytes(b"".join(map(tf_record, logs)))
    assert [bytes(one.numpy()) for one in tensorflow.data.TFRecordDataset(str(tmp_path / "records"))] == logs


def _parsed(tensorflow: Any, message: bytes) -> NDArray[Any]:
    proto = tensorflow.make_tensor_proto(0)
    proto.ParseFromString(message)
    return np.asarray(tensorflow.make_ndarray(proto))
