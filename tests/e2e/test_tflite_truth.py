"""What we say of converted .tflite files against what TensorFlow's interpreter says of them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inspector.formats.onnx.weight_bytes import iter_chunks
from inspector.records.artifact import Computation
from inspector.records.event import Finished
from inspector.records.graph import Graph
from inspector.records.inspection import Inspection
from inspector.workflows.inspect import inspect
from tests.saved_models.published import basic_pitch_folder

ROOT = Path(__file__).parents[2]
DIGITS = ("plain", "half", "dynamic", "integers")


@dataclass(frozen=True)
class Converted:
    """Converted files, and the truth about each."""

    folder: Path
    truth: dict[str, Any]

    def path(self, name: str) -> Path:
        """Return the path of a file; basic-pitch's own lies in its package."""
        return published() if name == "nmp" else self.folder / f"{name}.tflite"


def published() -> Path:
    return next(basic_pitch_folder().parent.rglob("nmp.tflite"))


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Converted:
    folder = tmp_path_factory.mktemp("converted")
    command = [sys.executable, "-m", "tests.tflite_models.truth", str(folder), str(published())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    return Converted(folder, json.loads((folder / "truth.json").read_text()))


def inspected(path: Path) -> Inspection:
    return next(event.result for event in inspect(path) if isinstance(event, Finished))


def graphs_of(found: Computation) -> list[Graph]:
    """Return the graphs in the order of the file: the default signature's is the first one in these."""
    return [found.graph, *(function.body for function in found.functions)]


@pytest.mark.parametrize("name", [*DIGITS, "several", "nmp"])
def test_tensors_operators_values_and_signatures(name: str, converted: Converted) -> None:
    path = converted.path(name)
    truth = converted.truth[path.name]
    found = inspected(path).computation
    for graph, tensors in zip(graphs_of(found), truth["tensors"], strict=False):
        assert_tensors(found, graph, tensors)
    assert_operators(found.graph, truth["operators"])
    assert_values(found, truth["values"])
    assert found.tflite is not None
    ours = {one.name: {"inputs": [*one.inputs], "outputs": [*one.outputs]} for one in found.tflite.signatures}
    theirs = {key: {end: sorted(names) for end, names in one.items()} for key, one in truth["signatures"].items()}
    assert {key: {end: sorted(names) for end, names in one.items()} for key, one in ours.items()} == theirs
    assert not found.findings


def assert_tensors(found: Computation, graph: Graph, tensors: list[dict[str, Any]]) -> None:
    ours = list(graph.values.values())
    known = found.tflite.quantization if found.tflite is not None else {}
    for theirs in tensors:
        spec = ours[theirs["index"]]
        assert spec.name == theirs["name"]
        assert spec.dtype == theirs["dtype"]
        assert [-1 if length is None else length for length in spec.shape or ()] == theirs["shape"]
        quantized = known.get((graph.path, spec.name))
        assert (quantized.count if quantized else 0) == len(theirs["scales"])
        if quantized is not None:
            assert quantized.scales == pytest.approx(theirs["scales"][:4])
            assert list(quantized.zero_points) == theirs["zero_points"][:4]
            assert quantized.axis == theirs["axis"]


def assert_operators(graph: Graph, operators: list[list[Any]]) -> None:
    names = ["", *graph.values]
    theirs = [(name, *(tuple(names[i + 1] for i in ends) for ends in (inputs, outputs))) for name, inputs, outputs in operators]
    assert [(node.operator, node.inputs, node.outputs) for node in graph.nodes] == theirs


def assert_values(found: Computation, values: dict[str, str]) -> None:
    names = list(found.graph.values)
    weights = {weight.name: weight for weight in found.weights if not weight.graph}
    compared = 0
    for index, sha256 in values.items():
        weight = weights.get(names[int(index)])
        if weight is not None and weight.element_count:
            assert hashlib.sha256(b"".join(iter_chunks(found, weight))).hexdigest() == sha256
            compared += 1
    assert compared == sum(1 for weight in weights.values() if weight.element_count)


def test_costs_are_those_of_the_same_model_in_other_formats(converted: Converted) -> None:
    digits = [inspected(converted.path(name)).cost for name in DIGITS]
    assert {cost.flops for cost in digits[:3]} == {digits[0].flops}
    assert all(cost.covered == 1.0 for cost in digits)
    onnx = next(basic_pitch_folder().parent.rglob("nmp.onnx"))
    assert inspected(published()).cost.flops == inspected(onnx).cost.flops
