"""Findings about TensorFlow Lite models, on models written by hand and read by our reader."""

from __future__ import annotations

from pathlib import Path

from inspector.formats.tflite.read import read
from inspector.records.finding import Finding
from inspector.workflows.analyse import analyse
from tests.tflite_models import made
from tests.tflite_models import parts as p


def found(data: bytes, folder: Path) -> dict[str, Finding]:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return {finding.rule: finding for finding in analyse(read(path)).findings}


def test_a_plain_model_lacks_a_contract_and_has_an_open_batch(tmp_path: Path) -> None:
    findings = found(made.dense(), tmp_path)
    assert set(findings) == {"no-contract", "resizable-input"}
    assert findings["resizable-input"].message == "1 dimension of 1 input is open"


def test_described_models_have_no_such_finding(tmp_path: Path) -> None:
    data = made.dense(buffers=[p.buffer(b"x")], metadata=[("TFLITE_METADATA", 3)])
    assert set(found(data, tmp_path)) == {"resizable-input"}


def test_operators_that_an_interpreter_does_not_have(tmp_path: Path) -> None:
    findings = found(made.custom("FlexErf", "Mfcc", "Mine", "Yours"), tmp_path)
    assert findings["custom-operator"].severity == "high"
    assert findings["custom-operator"].message == "2 nodes use Mine, Yours, which no stock interpreter registers"
    assert findings["select-tf-operator"].severity == "medium"
    assert "FlexErf" in findings["select-tf-operator"].message
    assert findings["interpreter-extension"].severity == "info"
    assert "no-signature" in findings


def test_a_quantized_model_with_float_edges(tmp_path: Path) -> None:
    finding = found(made.quantized(), tmp_path)["float-interface"]
    assert finding.message == "1 input and 1 output are float32 at the edge of integer arithmetic"


def test_half_precision_weights_make_no_float_interface(tmp_path: Path) -> None:
    tensors = [p.tensor("x", (1, 4)), p.tensor("h", (1, 4), p.FLOAT16, 1), p.tensor("y", (1, 4))]
    graph = p.subgraph(tensors, (0,), (2,), [p.operator(0, (1,), (2,))])
    data = p.model([p.code(p.DEQUANTIZE)], [graph], [p.buffer(bytes(8))])
    assert "float-interface" not in found(data, tmp_path)


def test_what_is_left_over_or_made_by_nothing(tmp_path: Path) -> None:
    tensors = [p.tensor("x", (2,)), p.tensor("ghost", (2,)), p.tensor("y", (2,)), p.tensor("z", (2,))]
    nodes = [p.operator(0, (3, 1), (2,)), p.operator(0, (0, 0), (3,))]
    findings = found(p.model([p.code(p.ADD)], [p.subgraph(tensors, (0,), (2,), nodes)], [p.buffer(b"unused")]), tmp_path)
    assert findings["unused-buffer"].message == "nothing refers to 1 buffer (6 B)"
    assert findings["undefined-tensor"].tensor == "ghost"
    early = findings["not-topologically-sorted"]
    assert early.severity == "high"
    assert "ONNX" not in early.hint


def test_shapes_that_nothing_tells(tmp_path: Path) -> None:
    tensors = [p.tensor("x", None), p.tensor("t", None), p.tensor("y", (2,)), p.tensor("s", (2,), p.STRING)]
    nodes = [p.operator(0, (0, 3), (1,)), p.operator(0, (1, 1), (2,))]
    findings = found(p.model([p.code(p.ADD)], [p.subgraph(tensors, (0, 3), (2,), nodes)], []), tmp_path)
    assert findings["input-without-shape"].tensor == "x"
    assert findings["missing-shape"].message == "1 of 2 nodes gives tensors of unknown shape"
    assert findings["string-tensors"].tensor == "s"
