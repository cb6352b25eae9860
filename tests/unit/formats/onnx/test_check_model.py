"""onnx.checker in a child: what it says in one line, whatever it is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import ModelProto, TensorProto, helper

from inspector.errors import UnreadableArtifact
from inspector.formats.onnx.check_model import check_model
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from tests import builders
from tests.builders import field, value, varint
from tests.unit.formats.onnx.saving import outcome, with_large_weights, write_external


def said(model: ModelProto, folder: Path, original: ModelProto | None = None) -> str:
    """Return what the checker says of a model."""
    path = builders.save(model, folder / "model.onnx")
    other = str(builders.save(original, folder / "original.onnx")) if original is not None else ""
    return outcome(check_model(str(path), Limits(1 << 30, 60), CancelToken(), other))


def test_sound_models_pass(tmp_path: Path) -> None:
    assert said(builders.small_cnn(), tmp_path) == ""
    custom = helper.make_node("Custom", ["x"], ["y"], domain="my.own")
    assert said(builders.model_of([custom], [value("x", [1])], [value("y", [1])], opsets={"": 20, "my.own": 3}), tmp_path) == ""


def test_external_data_is_found_beside_the_model(tmp_path: Path) -> None:
    path = write_external(with_large_weights(), tmp_path / "model.onnx")
    assert outcome(check_model(str(path))) == ""
    (tmp_path / "weights.bin").unlink()
    assert "weights.bin" in outcome(check_model(str(path)))


def unsorted() -> ModelProto:
    model = builders.chain(3)
    model.graph.node[0].input[0] = "no\x1b]52;such\n"
    return model


def contradictory() -> ModelProto:
    model = builders.small_cnn()
    for described in model.graph.value_info:
        described.type.tensor_type.shape.dim[1].dim_value = 77
    return model


def newer(field_name: str) -> ModelProto:
    model = builders.small_cnn()
    if field_name == "opset":
        model.opset_import[0].version = 999
    else:
        model.ir_version = 99
    return model


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (unsorted(), "topologically sorted"),
        (
            contradictory(),
            "strict shape inference: (op_type:Conv, node name: /conv/Conv): Inferred shape and existing",
        ),
        (newer("opset"), "it uses operator set 999 of ai.onnx; onnx "),
        (newer("ir"), "it is of IR version 99; onnx "),
    ],
)
def test_what_is_wrong_is_said_in_one_clean_line(model: ModelProto, reason: str, tmp_path: Path) -> None:
    found = said(model, tmp_path)
    assert reason in found
    assert found.isprintable()
    assert len(found) <= 300


def test_what_is_wrong_with_the_original_too_is_no_reason(tmp_path: Path) -> None:
    assert said(contradictory(), tmp_path, contradictory()) == ""
    assert said(newer("opset"), tmp_path, newer("opset")) == ""
    assert said(unsorted(), tmp_path, contradictory()) != ""
    assert said(contradictory(), tmp_path, builders.small_cnn()) != ""


def test_a_file_of_more_than_two_gigabytes_is_said(tmp_path: Path) -> None:
    size = (1 << 31) + 1024
    weight = TensorProto(name="w", data_type=TensorProto.INT8, dims=[size]).SerializeToString() + b"\x4a" + varint(size)
    model = builders.chain()
    graph = model.graph.SerializeToString() + b"\x2a" + varint(len(weight) + size) + weight
    model.ClearField("graph")
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString() + b"\x3a" + varint(len(graph) + size) + graph)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + size)
    found = outcome(check_model(str(path), Limits(1 << 30, 60)))
    assert found == f"{path.stat().st_size:,} bytes in one file: protobuf reads at most 2 GiB"


def test_limits_are_reasons_and_cancelling_is_none(tmp_path: Path) -> None:
    path = str(builders.save(builders.small_cnn(), tmp_path / "model.onnx"))
    assert "took longer than 0.01 s" in outcome(check_model(path, Limits(1 << 30, 0.01)))
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed, match="cancelled"):
        outcome(check_model(path, Limits(), token))


def test_a_deeply_nested_model_is_refused(tmp_path: Path) -> None:
    inner = b""
    for _ in range(60):
        inner = field(1, field(5, field(6, inner) + field(1, b"a") + b"\xa0\x01\x05"))
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x08" + field(8, b"\x10\x11") + field(7, inner))
    with pytest.raises(UnreadableArtifact, match="nested more than"):
        outcome(check_model(str(path), Limits(1 << 30, 60)))
