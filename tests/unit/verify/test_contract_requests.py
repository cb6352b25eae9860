"""The contract's inputs as requests that inference servers take."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.errors import InspectorError, UsageError
from inspector.records.contract import ConformanceTerms, Contract, TensorPromise, ValueRange
from inspector.records.optimization import InputSet
from inspector.records.slimming import SlimRequest
from inspector.runtimes.container.exercises import parse_exercise
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.verify.contract_requests import contract_requests, requests_for_contract, what_to_write
from inspector.verify.contract_requests_child import encode_in_child
from tests.images.starting import result

CONTRACT = Contract(
    inputs=(TensorPromise("x", "float32", ("batch", 2)), TensorPromise("ids", "int64", ("batch", 3), ValueRange(0, 9)))
)
INFER = "contract:http://localhost:8000/v2/models/m/infer"
PREDICT = "contract:http://localhost:8501/v1/models/m:predict"
PLAIN = "contract:http://localhost:8000/score?x=1"


def made(url: str, inputs: InputSet | None = None, **settings: Any) -> tuple[bytes, ...]:
    """Return the bodies as the child makes them."""
    exercise = parse_exercise(url)
    asked = what_to_write(exercise, SlimRequest(exercises=(exercise,), **settings), inputs)
    return encode_in_child(asked, lambda done, total, note: None).bodies


def documents(found: tuple[bytes, ...]) -> list[Any]:
    return [json.loads(one) for one in found]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return an .npz with three samples and labels."""
    arrays = {"x": np.arange(6, dtype=np.float32).reshape(3, 2) / 3, "ids": np.arange(9).reshape(3, 3)}
    np.savez(tmp_path / "data.npz", **arrays, label=np.zeros(3), other=np.zeros(1))
    return tmp_path / "data.npz"


def test_samples_of_a_file_in_the_words_of_each_server(data: Path) -> None:
    infer = made(INFER, data=str(data), contract=CONTRACT)
    assert documents(infer)[1] == {
        "inputs": [
            {"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [float(np.float32(2) / 3), 1.0]},
            {"name": "ids", "shape": [1, 3], "datatype": "INT64", "data": [3, 4, 5]},
        ]
    }
    plain = {"x": [[float(np.float32(2) / 3), 1.0]], "ids": [[3, 4, 5]]}
    assert documents(made(PLAIN, data=str(data), contract=CONTRACT))[1] == plain
    assert documents(made(PREDICT, data=str(data), contract=CONTRACT))[1] == {"inputs": plain}


def test_the_contracts_own_data_is_found_beside_it(data: Path) -> None:
    terms = ConformanceTerms(data=data.name)
    contract = Contract(inputs=CONTRACT.inputs, conformance=terms)
    assert len(made(PLAIN, contract=contract, contract_folder=str(data.parent))) == 3


def test_without_a_contract_all_arrays_but_the_labels_are_inputs(data: Path) -> None:
    np.savez(data, x=np.zeros((20, 2), np.float32), label=np.zeros(20))
    found = documents(made(PLAIN, data=str(data)))
    assert found == [{"x": [[0.0, 0.0]]}] * 8


def test_promises_alone_are_enough_for_seeded_samples() -> None:
    first, again = made(INFER, contract=CONTRACT), made(INFER, contract=CONTRACT)
    assert len(first) == 8
    assert first == again
    assert len(set(first)) == 8
    for document in documents(first):
        x, ids = document["inputs"]
        assert (x["shape"], x["datatype"]) == ([1, 2], "FP32")
        assert all(0 <= value <= 9 for value in ids["data"])
    assert made(INFER, contract=CONTRACT, seed=1)[0] != first[0]


def test_samples_that_are_made_already_and_text(tmp_path: Path) -> None:
    write_feed(str(tmp_path), 0, [np.array([["a", "Straße"]], dtype=object), np.array([True])])
    inputs = InputSet(str(tmp_path), ("words", "flag"), 1, "synthetic")
    (infer,) = documents(made(INFER, inputs))
    assert infer["inputs"] == [
        {"name": "words", "shape": [1, 2], "datatype": "BYTES", "data": ["a", "Straße"]},
        {"name": "flag", "shape": [1], "datatype": "BOOL", "data": [True]},
    ]
    (predict,) = documents(made(PREDICT, inputs))
    coded = predict["inputs"]["words"][0][1]["b64"]
    assert base64.b64decode(coded).decode() == "Straße"


def test_what_cannot_be_posted_is_one_line(tmp_path: Path, data: Path) -> None:
    def refused(**settings: Any) -> str:
        with pytest.raises(InspectorError) as caught:
            made(INFER, **settings)
        assert "\n" not in str(caught.value)
        return caught.value.message

    assert "no inputs are known" in refused()
    assert "no such file" in refused(data=str(tmp_path / "none.npz"))
    np.savez(data, x=np.zeros((3, 2), np.float32))
    assert 'has no array "ids"' in refused(data=str(data), contract=CONTRACT)
    np.savez(data, x=np.zeros((3, 2), np.float32), ids=np.zeros((4, 3), int))
    assert "differ in samples" in refused(data=str(data), contract=CONTRACT)
    np.savez(data, x=np.full((3, 2), np.nan))
    assert "NaN" in refused(data=str(data))
    np.savez(data, x=np.zeros((2, 20_000_000), np.uint8))
    assert "too long a request" in refused(data=str(data))
    (tmp_path / "bad.npz").write_bytes(b"no zip")
    assert "no .npz" in refused(data=str(tmp_path / "bad.npz"))
    odd = Contract(inputs=(TensorPromise("z", "complex64", (1,)),))
    assert "complex64" in refused(contract=odd)


def test_one_exercise_of_several(data: Path) -> None:
    exercises = (parse_exercise("true"), parse_exercise(PLAIN))
    request = SlimRequest(exercises=exercises, data=str(data), contract=CONTRACT)
    found = result(requests_for_contract(request, None))
    assert list(found) == [1]
    assert [(one.method, one.url.port, one.url.target) for one in found[1]] == [("POST", 8000, "/score?x=1")] * 3
    assert dict(found[1][0].headers)["Content-Type"] == "application/json"
    assert found[1][0].label == "POST /score?x=1 (sample 1)"
    with pytest.raises(UsageError):
        result(contract_requests(exercises[0], request, None))
