"""Artifacts are told apart by content."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from inspector.errors import UnreadableArtifact
from inspector.formats.detect import detect
from tests import builders
from tests.images.build import ImageSpec, build_layer, docker_archive, legacy_docker_archive, oci_archive, oci_layout
from tests.tflite_models import made


def archive_of(kind: str) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("data.pkl", b"x")
    else:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("model/config.json"))
    return buffer.getvalue()


def array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


OTHERS: dict[str, tuple[bytes, str, str]] = {
    "zip": (archive_of("zip"), "zip archive", "export"),
    "tar": (archive_of("tar"), "tar archive", "unpack"),
    "pickle": (pickle.dumps([1]), "pickle", "never open a pickle"),
    "old pickle": (pickle.dumps([1], protocol=2), "pickle", "export"),
    "gzip": (gzip.compress(b"x"), "gzip", "gunzip"),
    "bzip2": (bz2.compress(b"x"), "bzip2", "bunzip2"),
    "xz": (lzma.compress(b"x"), "xz", "unxz"),
    "safetensors": ((20).to_bytes(8, "little") + b'{"a":{"dtype":"F32"}}', "safetensors", "ONNX"),
    "GGUF": (b"GGUF\x03\0\0\0" + b"\0" * 32, "GGUF", "ONNX"),
    "ORT": (b"\x1c\0\0\0ORTM" + b"\0" * 32, ".ort", "ONNX model it was made from"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + b"\0" * 32, "HDF5", "tf2onnx"),
    "PNG": (b"\x89PNG\r\n\x1a\n", "PNG", "ONNX"),
    "NumPy": (array(), "NumPy", "ONNX"),
    "program": (b"\x7fELF\x02\x01", "program", "ONNX"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS", "git lfs pull"),
    "web page": (b"<!DOCTYPE html><html>", "web page", "download"),
    "JSON": (b'{\n "irVersion": "10"}', "JSON", "onnx.load"),
    "text format": (b"ir_version: 10\ngraph {\n}", "as text", "onnx.save"),
    "onnx text": (b"<\n  ir_version: 10,\n>\nmain (float x) => ()", "as text", "onnx.save"),
    "empty": (b"", "empty", "repeat"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_something_else_is_named_with_a_hint(name: str, tmp_path: Path) -> None:
    data, words, hint = OTHERS[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(UnreadableArtifact, match=words) as caught:
        detect(path)
    assert hint in caught.value.hint


@pytest.mark.parametrize("suffix", [".onnx", ".bin", "", ".zip"])
def test_onnx_under_any_suffix(suffix: str, tmp_path: Path) -> None:
    assert detect(builders.save(builders.small_cnn(), tmp_path / f"model{suffix}")) == "onnx"


@pytest.mark.parametrize("suffix", [".tflite", ".onnx", ".zip", ""])
def test_a_tensorflow_lite_model_under_any_suffix(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(made.dense())
    assert detect(path) == "tflite"


@pytest.mark.parametrize("name", ["saved_model.pb", "saved_model.pbtxt"])
def test_a_saved_model_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x08\x01")
    assert detect(tmp_path) == "saved_model"


def test_a_folder_with_models_in_it_names_them(tmp_path: Path) -> None:
    with pytest.raises(UnreadableArtifact, match="folder"):
        detect(tmp_path)
    (tmp_path / "a\x1b.onnx").touch()
    with pytest.raises(UnreadableArtifact) as caught:
        detect(tmp_path)
    assert caught.value.hint == "name a model in it: a\\x1b.onnx"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableArtifact, match="no such file"):
        detect(tmp_path / "gone.onnx")


IMAGES = ["plain", "gzip", "zstd", "legacy", "OCI", "layout", "layout without its mark"]


@pytest.mark.parametrize("kind", IMAGES)
def test_an_image(kind: str, tmp_path: Path) -> None:
    spec = ImageSpec([build_layer({"etc/passwd": b"root"})])
    path = tmp_path / "model.onnx"
    if kind == "legacy":
        legacy_docker_archive(path, [spec])
    elif kind == "OCI":
        oci_archive(path, [spec])
    elif kind.startswith("layout"):
        oci_layout(path, [spec])
        if "without" in kind:
            (path / "oci-layout").unlink()
    else:
        docker_archive(path, [spec], "none" if kind == "plain" else kind)  # type: ignore[arg-type]
    assert detect(path) == "image"


def test_a_tar_cut_short_before_its_manifest_says_so(tmp_path: Path) -> None:
    path = legacy_docker_archive(tmp_path / "image.tar", [ImageSpec([build_layer({"a": b"1" * 5000})])])
    path.write_bytes(path.read_bytes()[:6000])
    with pytest.raises(UnreadableArtifact, match="tar archive cut short at byte") as caught:
        detect(path)
    assert "docker save" in caught.value.hint


def test_a_layer_alone_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "layer.tar"
    path.write_bytes(build_layer({"app/manifest.json": b"{}", "app/index.json": b"{}"}).tar)
    with pytest.raises(UnreadableArtifact, match=r"without a manifest\.json or index\.json"):
        detect(path)


def test_gzip_with_a_long_file_name_in_its_header(tmp_path: Path) -> None:
    inner = docker_archive(tmp_path / "inner.tar", [ImageSpec([build_layer({"a": b"1"})])]).read_bytes()
    path = tmp_path / "image.tar.gz"
    with path.open("wb") as file, gzip.GzipFile("n" * 1000, "wb", fileobj=file) as wrapped:
        wrapped.write(inner)
    assert detect(path) == "image"


@pytest.mark.parametrize("data", [b"\x1f\x8b", b"\x1f\x8b\x08\xff\xff\xff", b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xff\xff\xff\xff"])
def test_damaged_gzip_is_no_image(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.tar.gz"
    path.write_bytes(data)
    with pytest.raises(UnreadableArtifact, match="gzip data"):
        detect(path)


def test_a_folder_of_a_web_page_is_no_layout(tmp_path: Path) -> None:
    (tmp_path / "index.json").write_text("{}")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UnreadableArtifact, match="folder"):
        detect(tmp_path)


def test_a_folder_that_skopeo_wrote_gets_a_hint(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("Directory Transport Version: 1.1\n")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(UnreadableArtifact, match="folder") as caught:
        detect(tmp_path)
    assert "skopeo copy" in caught.value.hint
