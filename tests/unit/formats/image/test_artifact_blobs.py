"""OCI artifacts that hold models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.formats.image.artifact_blobs import role_of
from inspector.formats.image.layer_index import index_layers
from inspector.formats.image.read import read
from inspector.records.event import Finished
from inspector.records.image import Blob, Image
from tests.images.build import (
    ArtifactSpec,
    BlobSpec,
    ImageSpec,
    artifact_members,
    build_layer,
    descriptor,
    docker_model,
    model_kit,
    model_pack,
    oci_members,
    oras,
    to_json,
    write_archive,
    write_folder,
)

MODEL = b"\x08\x0a" + b"m" * 2000


def opened(spec: ArtifactSpec, folder: Path) -> Image:
    return read(write_archive(folder / "model.tar", artifact_members(spec)))


def content(blob: Blob) -> bytes:
    assert blob.place is not None
    with Path(blob.place.path).open("rb") as file:
        file.seek(blob.place.offset)
        return file.read(blob.place.length)


def listed(image: Image) -> list[tuple[str, str, int]]:
    return [(blob.title, blob.role, blob.size_bytes) for blob in image.blobs]


def test_model_pack(tmp_path: Path) -> None:
    image = opened(model_pack({"weights/model.onnx": MODEL, "config.json": b"{}", "README.md": b"# hi"}), tmp_path)
    assert image.artifact_type == "application/vnd.cncf.model.manifest.v1+json"
    assert listed(image)[:4] == [
        ("weights/model.onnx", "weights", len(MODEL)),
        ("config.json", "config", 2),
        ("README.md", "docs", 4),
        ("code", "code", 10240),
    ]
    assert image.blobs[4].media_type == "application/vnd.cncf.model.config.v1+json"
    assert content(image.blobs[0]) == MODEL
    assert image.artifact.metadata["config.format"] == "onnx"
    assert image.references == ("model:1",)
    assert image.manifests[0].kind == "artifact"
    assert not image.findings


def test_the_files_in_a_tar_of_an_artifact_are_those_of_a_layer(tmp_path: Path) -> None:
    for spec, paths in (
        (model_pack({"model.onnx": MODEL}), ["code/serve.py"]),
        (model_kit({"model.onnx": MODEL, "notes": b""}), ["model.onnx", "notes"]),
    ):
        last = list(index_layers(opened(spec, tmp_path)))[-1]
        assert isinstance(last, Finished)
        assert [entry.path for entry in last.result.layers[0].entries] == paths
        assert last.result.layers[0].verification == "verified"


def test_docker_model_runner(tmp_path: Path) -> None:
    image = opened(docker_model(b"GGUF" + MODEL), tmp_path)
    assert image.artifact_type == "application/vnd.docker.ai.model.config.v0.1+json"
    assert listed(image)[:2] == [("model.gguf", "weights", len(MODEL) + 4), ("LICENSE", "docs", 11)]
    assert image.artifact.metadata["config.format"] == "gguf"
    assert image.layers == ()


def test_kit_ops(tmp_path: Path) -> None:
    image = opened(model_kit({"model.onnx": MODEL}), tmp_path)
    assert image.artifact_type == "application/vnd.kitops.modelkit.manifest.v1+json"
    assert [blob.role for blob in image.blobs] == ["weights", "config"]
    assert [layer.compression for layer in image.layers] == ["gzip"]


def test_what_oras_pushes(tmp_path: Path) -> None:
    image = opened(oras({"digits.onnx": MODEL, "data.csv": b"1,2"}), tmp_path)
    assert image.artifact_type == "application/vnd.example.model.v1"
    assert listed(image) == [("digits.onnx", "", len(MODEL)), ("data.csv", "", 3)]


def test_what_ollama_stores_has_the_configuration_of_an_image(tmp_path: Path) -> None:
    blobs = [BlobSpec(MODEL, "application/vnd.ollama.image.model"), BlobSpec(b"{}", "application/vnd.ollama.image.params")]
    image = opened(ArtifactSpec(blobs, "", "application/vnd.docker.container.image.v1+json"), tmp_path)
    assert image.manifests[0].kind == "artifact"
    assert [blob.role for blob in image.blobs] == ["weights", "config", "config"]


def test_an_image_comes_before_an_artifact(tmp_path: Path) -> None:
    artifact = artifact_members(oras({"digits.onnx": MODEL}))
    image = oci_members([ImageSpec([build_layer({"a": b"1"})])])
    entries = [*json.loads(artifact["index.json"])["manifests"], *json.loads(image["index.json"])["manifests"]]
    members = {**artifact, **image, "index.json": to_json({"schemaVersion": 2, "manifests": entries})}
    found = read(write_folder(tmp_path / "layout", members))
    assert not found.artifact_type
    assert [(one.kind, one.chosen) for one in found.manifests] == [("artifact", False), ("image", True)]


def test_a_signature_is_about_what_it_signs(tmp_path: Path) -> None:
    members = oci_members([ImageSpec([build_layer({"a": b"1"})])])
    index = json.loads(members["index.json"])
    subject = index["manifests"][0]
    signature = {
        **oras({"sig": b"s"}, "application/vnd.dev.sigstore.bundle.v0.3+json").manifest_json(),
        "subject": {key: subject[key] for key in ("mediaType", "digest", "size")},
    }
    entry = descriptor(to_json(signature), subject["mediaType"])
    members[f"blobs/{entry['digest'].replace(':', '/')}"] = to_json(signature)
    members["index.json"] = to_json({**index, "manifests": [entry, subject]})
    found = read(write_folder(tmp_path / "layout", members))
    assert [(one.kind, one.about) for one in found.manifests] == [("attestation", subject["digest"]), ("image", "")]
    assert found.manifests[1].chosen


def test_missing_and_damaged_blobs(tmp_path: Path) -> None:
    spec = oras({"digits.onnx": MODEL})
    members = artifact_members(spec)
    name = next(one for one, data in members.items() if data == MODEL)
    image = read(write_folder(tmp_path / "short", {**members, name: MODEL[:100]}))
    assert [finding.rule for finding in image.findings] == ["size-mismatch", "digest-mismatch"]
    image = read(write_archive(tmp_path / "changed.tar", {**members, name: MODEL[:-1] + b"x"}))
    assert [finding.rule for finding in image.findings] == ["digest-mismatch"]
    del members[name]
    image = read(write_folder(tmp_path / "missing", members))
    assert [finding.rule for finding in image.findings] == ["blob-missing"]
    assert image.blobs[0].place is None
    assert image.blobs[0].size_bytes == len(MODEL)


@pytest.mark.parametrize(
    ("media_type", "role"),
    [
        ("application/vnd.cncf.model.weight.v1.raw", "weights"),
        ("application/vnd.cncf.model.weight.v1.tar+zstd", "weights"),
        ("application/vnd.cncf.model.weight.v1.safetensors", "weights"),
        ("application/vnd.cncf.model.weight.config.v1.raw", "config"),
        ("application/vnd.cncf.model.doc.v1.tar", "docs"),
        ("application/vnd.cncf.model.code.v1.raw", "code"),
        ("application/vnd.cncf.model.dataset.v1.tar+gzip", "dataset"),
        ("application/vnd.docker.ai.safetensors", "weights"),
        ("application/vnd.docker.ai.mmproj", "weights"),
        ("application/vnd.docker.ai.chat.template.jinja", "config"),
        ("application/vnd.kitops.modelkit.modelpart.v1.tar", "weights"),
        ("application/vnd.kitops.modelkit.docs.v1.tar+gzip", "docs"),
        ("application/octet-stream", ""),
    ],
)
def test_roles(media_type: str, role: str) -> None:
    assert role_of(media_type) == role
