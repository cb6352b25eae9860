"""The models in an image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.image.file_system import merge
from inspector.analysis.image.models import NO_LAYER, find_models
from inspector.analysis.image.onnx_head import is_model, may_be_model
from inspector.records.image import Blob
from inspector.records.image_contents import InsideArtifact
from tests.builders import small_cnn
from tests.unit.analysis.image.content_making import Content, layer
from tests.unit.analysis.image.layer_making import hard_link, symlink, whiteout


def models_of(*layers: dict[str, Content], blobs: tuple[Blob, ...] = ()) -> tuple[InsideArtifact, ...]:
    indexed = tuple(layer(files, index) for index, files in enumerate(layers))
    return find_models(indexed, merge(indexed), blobs)


def test_onnx_files_by_name_and_by_head() -> None:
    model = small_cnn().SerializeToString()
    found = models_of({"srv/model.onnx": model, "srv/hidden": model, "srv/unread.onnx": 77, "srv/model.onnx_data": 900})
    assert {(one.path, one.format, one.bytes) for one in found} == {
        ("srv/model.onnx", "onnx", len(model)),
        ("srv/hidden", "onnx", len(model)),
        ("srv/unread.onnx", "onnx", 77),
    }


@pytest.mark.parametrize(
    "content", [b"version https://git-lfs.github.com/spec/v1\noid sha256:0", b"<!DOCTYPE html>", b"PK\x03\x04"]
)
def test_what_is_only_called_a_model(content: bytes) -> None:
    assert models_of({"srv/model.onnx": content}) == ()


def test_tensorflow_lite_files_by_name_and_identifier() -> None:
    model = b"\x1c\0\0\0TFL3" + bytes(56)
    found = models_of(
        {"srv/m.tflite": model, "srv/unread.tflite": 99, "srv/page.tflite": b"<!DOCTYPE html>", "srv/m.bin": model}
    )
    assert [(one.path, one.format, one.bytes) for one in found] == [
        ("srv/unread.tflite", "tflite", 99),
        ("srv/m.tflite", "tflite", 64),
    ]


def test_empty_deleted_and_linked_files() -> None:
    model = small_cnn().SerializeToString()
    below: dict[str, Content] = {"empty.onnx": b"", "gone.onnx": model, "kept.onnx": model}
    above: dict[str, Content] = {
        "gone.onnx": whiteout("gone.onnx"),
        "soft.onnx": symlink("soft.onnx", "kept.onnx"),
        "hard.onnx": hard_link("hard.onnx", "kept.onnx"),
    }
    found = models_of(below, above)
    assert [(one.path, one.layer) for one in found] == [("hard.onnx", 0), ("kept.onnx", 0)]


def test_saved_models_with_their_own_files() -> None:
    files: dict[str, Content] = {
        "models/m/1/saved_model.pb": 100,
        "models/m/1/variables/variables.index": 10,
        "models/m/1/variables/variables.data-00000-of-00001": 1000,
        "models/m/1/assets/vocabulary/words.txt": 7,
        "models/m/1/fingerprint.pb": 3,
        "models/m/1/notes.txt": 50_000,
        "models/text/saved_model.pbtxt": 20,
        "models/other/my_saved_model.pb": 5,
    }
    found = models_of(files)
    assert [(one.path, one.format, one.bytes) for one in found] == [
        ("models/m/1", "saved_model", 1120),
        ("models/text", "saved_model", 20),
    ]


def test_blobs_of_artifacts() -> None:
    blobs = (
        Blob("sha256:aa", "application/vnd.cncf.model.weight.v1.raw", 50, "net.onnx"),
        Blob("sha256:bb", "application/vnd.cncf.model.weight.v1.tar", 60, "net.onnx"),
        Blob("sha256:cc", "application/vnd.docker.ai.gguf.v3", 70, "model.gguf"),
        Blob("sha256:dd", "application/x-onnx", 80),
    )
    found = models_of({}, blobs=blobs)
    assert [(one.path, one.bytes, one.layer, one.digest) for one in found] == [
        ("sha256:dd", 80, NO_LAYER, "sha256:dd"),
        ("net.onnx", 50, NO_LAYER, "sha256:aa"),
    ]


def test_heads_of_a_real_model() -> None:
    model = small_cnn().SerializeToString()
    assert is_model(model[:64], len(model))
    assert may_be_model(model[:64], len(model))
    assert not is_model(model[:64], 20), "its fields do not fit into the file"


@pytest.mark.parametrize(
    "head",
    [
        b"\x08\x01\x12\x80\x01\x0a\x20" + bytes(60),
        b"\x08\x96\x01",
        b"\x08\x07",
        b"\x08\x07\x12\x05\x00\x01\x02\x03\x04",
        b"\x08\x07\xff\xff",
        b"",
    ],
)
def test_other_files_that_begin_alike(head: bytes) -> None:
    assert not is_model(head, 10_000)


@given(st.binary(max_size=64), st.integers(0, 1 << 40))
def test_any_head_is_told(head: bytes, size: int) -> None:
    assert is_model(head, size) <= may_be_model(head, size)
