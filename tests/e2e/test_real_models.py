"""The report's numbers against onnx's own for models that packages ship, and every weight's bytes where the reader says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import onnx
import pytest
from google.protobuf.message import Message
from onnx import TensorProto

from inspector.formats.onnx.weight_bytes import read_range
from inspector.records.event import Finished
from inspector.workflows.inspect import inspect
from inspector.workflows.review import review
from tests.onnx_facts import facts_by_onnx, facts_of_report

PACKAGES = {"basic_pitch": 1, "rapidocr_onnxruntime": 3, "silero_vad": 6}


def models_of(package: str) -> list[Path]:
    """Return the models a package ships, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return []
    return sorted(path for folder in spec.submodule_search_locations for path in Path(folder).rglob("*.onnx"))


def raw_payloads(message: Message) -> list[bytes]:
    found = [message.raw_data] if isinstance(message, TensorProto) and message.HasField("raw_data") else []
    for descriptor, value in message.ListFields():
        if descriptor.message_type is not None:
            for one in value if descriptor.is_repeated else [value]:
                found += raw_payloads(one)
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_reports_what_onnx_says(package: str) -> None:
    paths = models_of(package)
    if not paths:
        pytest.skip(f"{package} is not installed: make its .venv with `make test`")
    assert len(paths) == PACKAGES[package]
    for path in paths:
        inspection = next(event.result for event in inspect(path) if isinstance(event, Finished))
        summary = review(inspection).graph
        assert summary is not None
        assert facts_of_report(summary, inspection.computation) == facts_by_onnx(onnx.load(path)), path.name


@pytest.mark.parametrize("package", PACKAGES)
def test_every_raw_weight_lies_where_the_reader_says(package: str) -> None:
    paths = models_of(package)
    if not paths:
        pytest.skip(f"{package} is not installed: make its .venv with `make test`")
    for path in paths:
        computation = next(event.result for event in inspect(path) if isinstance(event, Finished)).computation
        raw = [weight for weight in computation.weights if weight.storage.encoding == "raw"]
        ours = sorted(read_range(computation, weight, 0, weight.byte_count) for weight in raw)
        assert ours == sorted(raw_payloads(onnx.load(path))), path.name
