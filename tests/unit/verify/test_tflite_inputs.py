"""Inputs for signatures of .tflite files: within quantized types and tables, tried until LiteRT runs, or refused in a line."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.errors import InspectorError, OperationFailed, UsageError
from inspector.formats.tflite.read import read
from inspector.isolation.child import ChildFailed
from inspector.records.inspection import Inspection
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.verify.data import read_data
from inspector.verify.tflite_inputs import make_tflite_inputs, tflite_rules, tflite_signature
from inspector.workflows.analyse import analyse
from tests.saved_models.published import basic_pitch_folder
from tests.tflite_models import parts as p
from tests.unit.runtimes.litert.odd_models import in_int8, write
from tests.unit.verify.stepping import SETTINGS, returned


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("ai_edge_litert") is None:
        pytest.skip("LiteRT has no wheel for this Python or platform")
    return write(tmp_path_factory.mktemp("tflite"))


def opened(path: Path) -> Inspection:
    return analyse(read(path))


def made(path: Path, target: Path, count: int = 4, signature: str = "", **more: Any) -> InputSet:
    return returned(make_tflite_inputs(opened(path), signature, str(target), count, 0, SETTINGS, None, **more))


def feeds(inputs: InputSet) -> list[dict[str, Any]]:
    return [read_feed(inputs, index) for index in range(inputs.count)]


def test_quantized_inputs_stand_for_real_values_within_their_type(folder: Path, tmp_path: Path) -> None:
    inputs = made(folder / "in_int8.tflite", tmp_path, 6, batch=2)
    images = [feed["image"] for feed in feeds(inputs)]
    assert (inputs.names, inputs.count, inputs.source, inputs.seed) == (("image",), 6, "synthetic", 0)
    assert {(image.shape, image.dtype.name) for image in images} == {((2, 8, 8, 1), "int8")}
    assert min(image.min() for image in images) < -90
    assert max(image.max() for image in images) > 90
    assert all(len(np.unique(image)) > 20 for image in images[:3])
    assert len({image.tobytes() for image in images}) == 6
    assert any("as int8, for 0 to 1" in note for note in inputs.notes)
    again = made(folder / "in_int8.tflite", tmp_path / "again", 6, batch=2)
    assert [feed["image"].tobytes() for feed in feeds(again)] == [image.tobytes() for image in images]


def test_ids_stay_within_the_table_they_index(folder: Path, tmp_path: Path) -> None:
    inputs = made(folder / "embedding.tflite", tmp_path, 6, batch=3)
    ids = np.stack([feed["ids"] for feed in feeds(inputs)])
    assert ids.shape == (6, 3, 2)
    assert (ids.min(), ids.max()) == (0, 6)
    assert "ids: 0 to 6 (rows of its table)" in inputs.notes


def test_a_length_that_nothing_tells_is_tried_out(folder: Path, tmp_path: Path) -> None:
    inputs = made(folder / "wide.tflite", tmp_path, 2, batch=2)
    assert inputs.lengths == {"batch": 2, "x[1]": 224}
    assert feeds(inputs)[0]["x"].shape == (2, 224)


def test_every_signature_has_its_own_inputs(folder: Path, tmp_path: Path) -> None:
    assert made(folder / "loop.tflite", tmp_path / "a", 2).names == ("a",)
    assert made(folder / "loop.tflite", tmp_path / "b", 2, "aaa").names == ("n", "v")
    words = feeds(made(folder / "words.tflite", tmp_path / "c", 2))
    assert all(isinstance(word, str) for feed in words for word in feed["w"])
    assert made(folder / "quantized.tflite", tmp_path / "d", 2).names == ("x",)
    with pytest.raises(UsageError, match=r'loop\.tflite has no signature "nope"; it has serving_default, aaa'):
        tflite_signature(opened(folder / "loop.tflite").computation, "nope")


def test_a_published_model_gets_waveforms(folder: Path, tmp_path: Path) -> None:
    real = next(basic_pitch_folder().parent.glob("*.tflite"))
    inputs = made(real, tmp_path, 2)
    arrays = [feed["input_2"] for feed in feeds(inputs)]
    assert {array.shape for array in arrays} == {(1, 43844, 1)}
    assert all(0.01 < float(np.abs(array).max()) <= 1.5 for array in arrays)


@pytest.mark.parametrize("kind", [p.INT8, p.UINT8])
def test_the_real_range_of_a_quantized_input_is_that_of_its_type(tmp_path: Path, kind: int) -> None:
    (tmp_path / "m.tflite").write_bytes(in_int8(kind))
    computation = opened(tmp_path / "m.tflite").computation
    rule = tflite_rules(computation, computation.signatures[0])[0]
    assert rule.bounds is not None
    assert (rule.kind, rule.zero_point, rule.scale) == ("picture", -128, pytest.approx(1 / 255))
    low, high = (0, 1) if kind == p.INT8 else (128 / 255, 383 / 255)
    assert (rule.bounds.low, rule.bounds.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("name", "more", "error", "said"),
    [
        ("custom", {}, OperationFailed, "custom.tflite: LiteRT cannot load it: it has the custom operator Svd"),
        ("quantized", {"batch": 8}, OperationFailed, "quantized.tflite takes no batch of 8: the first dimension of its inputs"),
        ("nested_without_end", {}, ChildFailed, "making inputs for nested_without_end.tflite crashed: segmentation fault"),
    ],
)
def test_what_cannot_be_fed_is_one_line(
    folder: Path, tmp_path: Path, name: str, more: dict[str, Any], error: type[InspectorError], said: str
) -> None:
    with pytest.raises(error) as caught:
        made(folder / f"{name}.tflite", tmp_path, **more)
    assert caught.value.message.startswith(said)
    assert "\n" not in str(caught.value)


def test_what_never_answers_is_stopped(folder: Path, tmp_path: Path) -> None:
    steps = make_tflite_inputs(
        opened(folder / "endless.tflite"), "", str(tmp_path), 1, 0, replace(SETTINGS, step_seconds=3), None
    )
    with pytest.raises(ChildFailed) as caught:
        returned(steps)
    assert caught.value.kind == "timed_out"


def test_samples_of_a_user_are_checked_against_a_signature(folder: Path, tmp_path: Path) -> None:
    inspection = opened(folder / "dense.tflite")
    values = np.arange(160, dtype=np.float64).reshape(40, 4)
    np.savez(tmp_path / "data.npz", x=values, label=np.zeros(40, np.int64))
    split = returned(read_data(tmp_path / "data.npz", inspection, str(tmp_path / "split"), SETTINGS, None))
    assert (split.samples, split.evaluation.names, split.evaluation.source) == (40, ("x",), "data")
    feed = read_feed(split.evaluation, 0)["x"]
    assert (feed.shape, feed.dtype.name) == ((1, 4), "float32")
    assert feed[0].tolist() in values.tolist()
    assert split.labelled is not None
    assert "x: float64 in the file, float32 in the model" in split.evaluation.notes


@pytest.mark.parametrize(
    ("name", "arrays", "said"),
    [
        ("dense", {"x": np.ones((8, 7), np.float32)}, 'array "x" of data.npz has the shape 8 x 7, expected samples x 4'),
        ("dense", {"other": np.ones((8, 4), np.float32)}, 'data.npz has no array "x", which the model takes; it holds other'),
        ("in_int8", {"image": np.ones((8, 8, 8, 1), np.float32)}, 'array "image" of data.npz holds float32, expected int8'),
        ("embedding", {"ids": np.full((8, 2), 9, np.int32)}, "the model refuses the samples of data.npz: LiteRT cannot run it"),
    ],
)
def test_samples_that_do_not_fit_are_one_line(
    folder: Path, tmp_path: Path, name: str, arrays: dict[str, Any], said: str
) -> None:
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(UsageError) as caught:
        returned(read_data(tmp_path / "data.npz", opened(folder / f"{name}.tflite"), str(tmp_path / "split"), SETTINGS, None))
    assert caught.value.message.startswith(said)
