"""Publishing as front ends get it: with a contract, requests that were tried, and what is said where there are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from inspector.errors import OperationFailed, UsageError
from inspector.formats.saved_model.publish_child import CONTRACT_FILE
from inspector.formats.saved_model.read import read
from inspector.formats.saved_model.signature_drift import SignatureDrift
from inspector.formats.saved_model.warmup import WARM_UP
from inspector.isolation.limits import CancelToken
from inspector.records.contract import Contract, TensorPromise, ValueRange
from inspector.records.event import Event, Finished, Started, Warned
from inspector.records.inspection import Inspection
from inspector.records.publishing import PublishedVersion, PublishRequest
from inspector.records.saved_model import SavedModelFacts
from inspector.runtimes.tensorflow import availability
from inspector.workflows.inspect import inspect
from inspector.workflows.publishing import check_publishing, publish_saved_model
from tests.unit.formats.saved_model.publishing import PREDICT, contents, named_signature, saved_model

SAMPLES = Path(__file__).parents[3] / "sample_models"
DIGITS = SAMPLES / "digits_keras"

IMAGE = TensorPromise("image", "float32", range=ValueRange(2.0, 3.0))


def inspected(path: Path) -> Inspection:
    return next(cast("Inspection", event.result) for event in inspect(path) if isinstance(event, Finished))


def followed(events: Iterator[Event[PublishedVersion]]) -> tuple[PublishedVersion, list[str]]:
    """Return what was published and what was warned of."""
    warnings: list[str] = []
    for event in events:
        if isinstance(event, Warned):
            warnings.append(event.message)
        if isinstance(event, Finished):
            return event.result, warnings
    raise AssertionError


def published(source: Path, serving: Path, **more: Any) -> tuple[PublishedVersion, list[str]]:
    return followed(publish_saved_model(inspected(source), PublishRequest(str(serving), **more), CancelToken()))


def facts_of(path: Path) -> SavedModelFacts:
    facts = read(path).saved_model
    assert facts is not None
    return facts


def without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "_is_there", lambda: False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return images of the sample with labels."""
    path = tmp_path / "data.npz"
    images = np.random.default_rng(5).random((40, 8, 8, 1), np.float32)
    np.savez(path, image=images, label=np.arange(40) % 10)
    return path


def requests_of(version: Path) -> list[Any]:
    """Return the inputs of every request, as TensorFlow reads them."""
    tensorflow = pytest.importorskip("tensorflow")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="requests.proto", package="read", syntax="proto3")
    for name, fields in {
        "Entry": [(1, "key", "", 9), (2, "value", "", 12)],
        "Spec": [(1, "name", "", 9), (3, "signature_name", "", 9)],
        "Request": [(1, "spec", "Spec", 11), (2, "inputs", "Entry", 11)],
        "Log": [(1, "request", "Request", 11)],
        "PredictionLog": [(6, "log", "Log", 11)],
    }.items():
        message = file.message_type.add(name=name)
        for number, field_name, kind, type_ in fields:
            label = 3 if field_name == "inputs" else 1
            type_name = f".read.{kind}" if kind else None
            message.field.add(number=number, name=field_name, type=type_, label=label, type_name=type_name)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    parse: Any = message_factory.GetMessageClass(pool.FindMessageTypeByName("read.PredictionLog"))
    found = []
    for record in tensorflow.data.TFRecordDataset(str(version / WARM_UP)):
        request = parse.FromString(record.numpy()).log.request
        feed = {}
        for entry in request.inputs:
            tensor = tensorflow.make_tensor_proto(0)
            tensor.ParseFromString(entry.value)
            feed[entry.key] = tensorflow.make_ndarray(tensor)
        found.append((request.spec.name, request.spec.signature_name, feed))
    return found


def test_a_version_is_loaded_and_warmed_up_as_servers_do(tmp_path: Path, data: Path) -> None:
    tensorflow = pytest.importorskip("tensorflow")
    serving = tmp_path / "digits"
    made, warnings = published(DIGITS, serving, version=4, data=str(data), warm_up=5)
    assert (made.warm_up_requests, warnings) == (5, [])
    loaded = tensorflow.saved_model.load(str(serving / "4"))
    original = tensorflow.saved_model.load(str(DIGITS))
    requests = requests_of(serving / "4")
    assert len(requests) == 5
    given = np.load(data)["image"]
    for model, signature, feed in requests:
        assert (model, signature) == ("digits", "serving_default")
        assert any(np.array_equal(feed["image"][0], image) for image in given)
        answers = [one.signatures[signature](image=tensorflow.constant(feed["image"]))["logits"] for one in (loaded, original)]
        np.testing.assert_array_equal(*(answer.numpy() for answer in answers))
    facts = facts_of(serving)
    assert [one.version for one in facts.versions] == [4]
    assert facts.warm_up is not None
    assert (facts.warm_up.problem, facts.warm_up.request_count) == ("", 5)


def test_requests_are_made_within_the_ranges_of_the_contract(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    contract = Contract("digits", (IMAGE,))
    made, warnings = published(DIGITS, tmp_path / "serving", contract=contract, warm_up=3)
    assert (made.version, made.warm_up_requests, warnings) == (1, 3, [])
    requests = requests_of(tmp_path / "serving" / "1")
    assert all(2.0 <= feed["image"].min() <= feed["image"].max() <= 3.0 for _, _, feed in requests)
    written = json.loads((tmp_path / "serving" / "1" / CONTRACT_FILE).read_text())
    assert (written["name"], written["provenance"]["version"]) == ("digits", "1")


def test_without_a_contract_the_one_that_it_keeps_goes_along(tmp_path: Path) -> None:
    published(DIGITS, tmp_path / "serving", version=3, warm_up=0)
    written = json.loads((tmp_path / "serving" / "3" / CONTRACT_FILE).read_text())
    assert [one["name"] for one in written["inputs"]] == ["image"]
    assert written["provenance"]["version"] == "3"
    assert len(written["provenance"]["source_sha256"]) == 64
    assert not (tmp_path / "serving" / "3" / WARM_UP).exists()


def test_without_tensorflow_data_becomes_requests_that_were_not_tried(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_tensorflow(monkeypatch)
    made, warnings = published(DIGITS, tmp_path / "serving", version=1, data=str(data))
    assert made.warm_up_requests == 8
    assert warnings == ["the warm-up requests were not tried: TensorFlow is not installed, and SavedModels run on it"]
    warm_up = facts_of(tmp_path / "serving" / "1").warm_up
    assert warm_up is not None
    assert (warm_up.problem, warm_up.signatures) == ("", ("serving_default",))


def test_without_tensorflow_and_data_there_are_no_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_tensorflow(monkeypatch)
    source = saved_model(tmp_path / "source", serving_default=PREDICT, embed=PREDICT)
    made, warnings = published(source, tmp_path / "serving")
    assert (made.version, made.warm_up_requests) == (1, 0)
    assert warnings == [
        "no warm-up requests are made of serving_default, embed: TensorFlow is not installed, and SavedModels run on it"
    ]


def test_a_signature_that_no_inputs_can_be_made_for_goes_without(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    source = saved_model(tmp_path / "source", serving_default=named_signature({b"x": None}, {b"y": None}))
    made, warnings = published(source, tmp_path / "serving")
    assert (made.version, made.warm_up_requests) == (1, 0)
    assert [line.partition(": ")[0] for line in warnings] == ["signature serving_default gets no warm-up requests"]
    assert "\n" not in warnings[0]


def test_data_that_does_not_fit_stops_it(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_tensorflow(monkeypatch)
    np.savez(data, image=np.zeros((4, 9, 9, 1), np.float32))
    with pytest.raises(UsageError, match=r'array "image" of data\.npz has the shape'):
        published(DIGITS, tmp_path / "serving", data=str(data))
    with pytest.raises(UsageError, match="no such file"):
        published(DIGITS, tmp_path / "serving", data=str(tmp_path / "nowhere.npz"))
    assert not (tmp_path / "serving").exists()


def test_drift_is_found_before_any_work(tmp_path: Path) -> None:
    serving = tmp_path / "serving"
    saved_model(serving / "1")
    events = publish_saved_model(inspected(DIGITS), PublishRequest(str(serving)), CancelToken())
    with pytest.raises(SignatureDrift):
        next(events)
    request = PublishRequest(str(serving))
    assert check_publishing(request) == 2
    with pytest.raises(SignatureDrift):
        check_publishing(request, DIGITS)
    assert check_publishing(PublishRequest(str(serving), allow_drift=True), DIGITS) == 2


def test_only_saved_models_are_published(tmp_path: Path) -> None:
    model = inspected(SAMPLES / "digits_cnn.onnx")
    with pytest.raises(UsageError, match="is no SavedModel: only those are published as versions"):
        next(publish_saved_model(model, PublishRequest(str(tmp_path / "serving")), CancelToken()))


def test_cancelled_while_samples_are_made_it_leaves_nothing(tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    token = CancelToken()
    events = publish_saved_model(inspected(DIGITS), PublishRequest(str(tmp_path / "serving")), token)
    for event in events:
        if isinstance(event, Started) and "warm-up" in event.title:
            break
    token.cancel()
    with pytest.raises(OperationFailed, match="cancelled"):
        list(events)
    assert contents(tmp_path) == {}
