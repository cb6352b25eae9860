"""Inputs for signatures of SavedModels: made within what tables allow, tried until TensorFlow runs, or refused in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.errors import OperationFailed, UsageError
from inspector.formats.saved_model.read import read
from inspector.isolation.child import ChildFailed
from inspector.records.inspection import Inspection
from inspector.records.optimization import InputSet
from inspector.records.saved_model import SignatureFacts, SignatureTensor
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.tensorflow.served import ServedSignature, served_signature
from inspector.verify.data import read_data, read_signature_data
from inspector.verify.signature_inputs import make_signature_inputs, signature_rules
from inspector.workflows.analyse import analyse
from tests.saved_models.published import basic_pitch_folder
from tests.saved_models.session import SavedModels, run_tensorflow
from tests.unit.verify.stepping import SETTINGS, returned


def opened(path: Path) -> Inspection:
    return analyse(read(path))


def made(path: Path, folder: Path, count: int = 4, signature: str = "", **more: Any) -> InputSet:
    inspection = opened(path)
    served = served_signature(inspection, signature)
    return returned(
        make_signature_inputs(served, str(folder), count, 0, SETTINGS, None, computation=inspection.computation, **more)
    )


@pytest.fixture(scope="module")
def odd(saved_models: SavedModels, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of signature_models; skips where saved_models does."""
    folder = tmp_path_factory.mktemp("odd")
    run_tensorflow("tests.unit.verify.signature_models", str(folder))
    return folder


def test_ids_stay_within_the_table_they_index(saved_models: SavedModels, tmp_path: Path) -> None:
    inputs = made(saved_models.path("sharded"), tmp_path, 6, batch=3)
    feeds = [read_feed(inputs, index)["ids"] for index in range(inputs.count)]
    assert (inputs.names, inputs.count, inputs.source, inputs.seed) == (("ids",), 6, "synthetic", 0)
    assert {(feed.shape, feed.dtype.name) for feed in feeds} == {((3, 5), "int32")}
    assert min(feed.min() for feed in feeds) >= 0
    assert 100 < max(feed.max() for feed in feeds) < 300
    assert len({feed.tobytes() for feed in feeds}) == 6
    assert "ids: 0 to 299 (rows of its table)" in inputs.notes


def test_a_length_that_nothing_tells_is_tried_out(odd: Path, tmp_path: Path) -> None:
    inputs = made(odd / "wide", tmp_path, batch=2)
    assert inputs.lengths == {"batch": 2, "features[1]": 224}
    assert read_feed(inputs, 0)["features"].shape == (2, 224)
    assert "lengths tried out: batch = 2, features[1] = 224" in inputs.notes


def test_what_never_answers_is_stopped(odd: Path, tmp_path: Path) -> None:
    served = served_signature(opened(odd / "endless"))
    with pytest.raises(ChildFailed) as caught:
        returned(make_signature_inputs(served, str(tmp_path), 1, 0, replace(SETTINGS, step_seconds=5), None))
    assert caught.value.kind == "timed_out"
    assert caught.value.message.startswith("making inputs for endless was stopped")


def test_what_tensorflow_does_not_load_is_one_line(saved_models: SavedModels, tmp_path: Path) -> None:
    with pytest.raises(OperationFailed) as caught:
        made(saved_models.path("planted_custom_operator"), tmp_path)
    said = "TensorFlow cannot load it: Op type not registered 'AcmeFusedAttention'"
    assert caught.value.message == f"planted_custom_operator: {said}"


def rules_of(path: Path, signature: str = "") -> dict[str, tuple[str, int, int]]:
    inspection = opened(path)
    rules = signature_rules(served_signature(inspection, signature), inspection.computation)
    return {rule.name: (rule.kind, rule.low, rule.high) for rule in rules}


def test_tables_are_found_through_functions_and_graphs(saved_models: SavedModels) -> None:
    assert rules_of(saved_models.path("sliced")) == {"ids": ("ids", 0, 299)}
    assert rules_of(saved_models.path("warm_up"), "powers")["power"] == ("whole numbers", 0, 3)
    assert rules_of(saved_models.path("default_values"))["words"][0] == "words"
    assert rules_of(saved_models.path("digits_keras"))["image"][0] == "picture"


def facts(*tensors: SignatureTensor) -> ServedSignature:
    return ServedSignature("/nowhere", "m", SignatureFacts("serving_default", "", tensors, ()))


@pytest.mark.parametrize(
    ("tensor", "reason"),
    [
        (SignatureTensor("x", "float32", None), 'input "x" of m has no known rank: no inputs are made up for it'),
        (SignatureTensor("x", "resource", ()), 'input "x" of m is of element type resource: no such inputs are made'),
        (SignatureTensor("x", "float32", (None, 4), encoding="coo_sparse"), "is a sparse tensor"),
        (SignatureTensor("x", "float32", (None,), encoding="composite"), "is made of several tensors (ragged"),
    ],
)
def test_what_no_input_can_be_made_for_is_one_line_that_asks_for_data(tensor: SignatureTensor, reason: str) -> None:
    with pytest.raises(OperationFailed) as caught:
        signature_rules(facts(SignatureTensor("fine", "float32", (None, 4)), tensor))
    assert reason in caught.value.message
    assert caught.value.hint == "give real ones with --data inputs.npz"


def test_a_batch_that_is_fixed_cannot_be_another_one(saved_models: SavedModels, tmp_path: Path) -> None:
    steps = make_signature_inputs(facts(SignatureTensor("x", "float32", (1, 4))), str(tmp_path), 1, 0, SETTINGS, None, batch=8)
    with pytest.raises(OperationFailed) as caught:
        returned(steps)
    assert caught.value.message == "m takes no batch of 8: the first dimension of its inputs is fixed"


def test_a_served_signature_is_found_in_an_inspection(saved_models: SavedModels) -> None:
    keras = served_signature(opened(saved_models.path("keras_export")))
    assert (keras.signature.name, keras.tags, keras.loader, keras.label) == (
        "serving_default",
        ("serve",),
        "objects",
        "keras_export",
    )
    assert Path(keras.path) == saved_models.path("keras_export")
    classes = served_signature(opened(saved_models.path("two_tag_sets")), "classes")
    assert (classes.tags, classes.loader, classes.signature.outputs[0].name) == (("serve", "cpu"), "objects", "class")
    versions = served_signature(opened(saved_models.path("versions")))
    assert Path(versions.path) == saved_models.path("versions") / "10"
    assert [served_signature(opened(saved_models.path(name))).loader for name in ("optimizer_slots", "basic_pitch")] == [
        "session"
    ] * 2
    with pytest.raises(UsageError, match='has no signature "nope"; it has powers, serving_default'):
        served_signature(opened(saved_models.path("warm_up")), "nope")


def test_samples_of_a_user_are_checked_against_a_signature(saved_models: SavedModels, tmp_path: Path) -> None:
    inspection = opened(saved_models.path("warm_up"))
    values = np.arange(160, dtype=np.float64).reshape(40, 4)
    np.savez(tmp_path / "data.npz", values=values, power=np.int64(2), label=np.zeros(40, np.int64))
    target = str(tmp_path / "split")
    split = returned(read_data(tmp_path / "data.npz", inspection, target, SETTINGS, None, signature="powers"))
    assert (split.samples, split.evaluation.names, split.evaluation.source) == (40, ("power", "values"), "data")
    feed = read_feed(split.evaluation, 0)
    assert (feed["values"].shape, feed["values"].dtype.name, feed["power"].tolist()) == ((1, 4), "float32", 2)
    assert feed["values"][0].tolist() in values.tolist()
    assert split.labelled is not None
    assert "values: float64 in the file, float32 in the model" in split.evaluation.notes


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"features": np.ones((8, 7), np.float32)}, 'array "features" of data.npz has the shape 8 x 7, expected samples x 6'),
        ({"other": np.ones((8, 6), np.float32)}, 'data.npz has no array "features", which the model takes; it holds other'),
    ],
)
def test_samples_that_do_not_fit_are_one_line(
    saved_models: SavedModels, tmp_path: Path, arrays: dict[str, Any], said: str
) -> None:
    served = served_signature(opened(saved_models.path("optimizer_slots")))
    np.savez(tmp_path / "data.npz", **arrays)
    with pytest.raises(UsageError) as caught:
        returned(read_signature_data(tmp_path / "data.npz", served, str(tmp_path / "split"), SETTINGS, None))
    assert said in caught.value.message


def test_a_published_model_that_no_longer_loads_gets_inputs_by_a_session(saved_models: SavedModels, tmp_path: Path) -> None:
    inputs = made(basic_pitch_folder(), tmp_path, 2)
    assert inputs.names == ("input_2",)
    feeds = [read_feed(inputs, index)["input_2"] for index in range(2)]
    assert {feed.shape for feed in feeds} == {(1, 43844, 1)}
    assert all(0.01 < float(np.abs(feed).max()) <= 1.5 for feed in feeds)
