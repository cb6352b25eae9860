"""OCI artifacts that hold models: CNCF ModelPack, Docker Model Runner, KitOps, and what ORAS pushes.

Media types as in ModelPack's model-spec, Docker Model Runner's distribution types and KitOps' ModelKit specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.images.archives import OCI_MANIFEST, Blobs, descriptor, layout_members, to_json
from tests.images.entries import build_layer, digest_of

MODEL_PACK = "application/vnd.cncf.model.manifest.v1+json"
MODEL_PACK_CONFIG = "application/vnd.cncf.model.config.v1+json"
MODEL_PACK_RAW = "application/vnd.cncf.model.weight.v1.raw"
DOCKER_MODEL_CONFIG = "application/vnd.docker.ai.model.config.v0.1+json"
DOCKER_GGUF = "application/vnd.docker.ai.gguf.v3"
KIT = "application/vnd.kitops.modelkit.manifest.v1+json"
KIT_CONFIG = "application/vnd.kitops.modelkit.config.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"

_FILE_PATH = "org.cncf.model.filepath"
_TITLE = "org.opencontainers.image.title"


@dataclass(frozen=True)
class BlobSpec:
    """One blob of an artifact."""

    content: bytes
    media_type: str
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ArtifactSpec:
    """An artifact to be written; artifact_type is left out of the manifest where it is empty."""

    blobs: Sequence[BlobSpec]
    artifact_type: str = ""
    config_type: str = EMPTY
    config: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    name: str = "model:1"

    def manifest_json(self) -> dict[str, Any]:
        """Return the manifest."""
        return {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            **({"artifactType": self.artifact_type} if self.artifact_type else {}),
            "config": descriptor(to_json(dict(self.config)), self.config_type),
            "layers": [descriptor(blob.content, blob.media_type, annotations=dict(blob.annotations)) for blob in self.blobs],
            **({"annotations": dict(self.annotations)} if self.annotations else {}),
        }


def artifact_members(spec: ArtifactSpec) -> dict[str, bytes]:
    """Return the files of an OCI layout that holds one artifact."""
    blobs = Blobs()
    for blob in spec.blobs:
        blobs.add(blob.content)
    blobs.add(to_json(dict(spec.config)))
    manifest = blobs.add(to_json(spec.manifest_json()))
    name = {"org.opencontainers.image.ref.name": spec.name}
    return layout_members(blobs, [descriptor(manifest, OCI_MANIFEST, annotations=name)])


def model_pack(files: Mapping[str, bytes]) -> ArtifactSpec:
    """Return a CNCF ModelPack artifact: each file a raw blob, README.md as its documentation, a tar of code beside them."""
    blobs = []
    for path, content in files.items():
        kind = "doc" if path.endswith(".md") else "weight.config" if path.endswith(".json") else "weight"
        blobs.append(BlobSpec(content, f"application/vnd.cncf.model.{kind}.v1.raw", {_FILE_PATH: path}))
    code = build_layer({"code/serve.py": b"print(1)\n"})
    blobs.append(BlobSpec(code.blob, "application/vnd.cncf.model.code.v1.tar", {_FILE_PATH: "code"}))
    config = {
        "descriptor": {"name": "digits", "version": "1.0", "family": "cnn"},
        "modelfs": {"type": "layers", "diffIds": [digest_of(blob.content) for blob in blobs]},
        "config": {"architecture": "cnn", "format": "onnx", "paramSize": "0.1b", "precision": "float32"},
    }
    return ArtifactSpec(blobs, MODEL_PACK, MODEL_PACK_CONFIG, config)


def docker_model(gguf: bytes, license_text: bytes = b"Apache-2.0\n") -> ArtifactSpec:
    """Return what docker model package pushes: a GGUF file and a license, told by the type of the configuration alone."""
    blobs = [
        BlobSpec(gguf, DOCKER_GGUF, {_FILE_PATH: "model.gguf"}),
        BlobSpec(license_text, "application/vnd.docker.ai.license", {_FILE_PATH: "LICENSE"}),
    ]
    config = {"config": {"format": "gguf", "parameters": "0.1 B"}, "descriptor": {}, "rootfs": {"type": "rootfs"}}
    return ArtifactSpec(blobs, "", DOCKER_MODEL_CONFIG, config)


def model_kit(files: Mapping[str, bytes]) -> ArtifactSpec:
    """Return a KitOps ModelKit: the model in a gzipped tar, the Kitfile as configuration."""
    layer = build_layer(files, "gzip")
    blobs = [BlobSpec(layer.blob, "application/vnd.kitops.modelkit.model.v1.tar+gzip")]
    config = {"manifestVersion": "1.0.0", "package": {"name": "digits"}, "model": {"path": "model.onnx"}}
    return ArtifactSpec(blobs, KIT, KIT_CONFIG, config)


def oras(files: Mapping[str, bytes], artifact_type: str = "application/vnd.example.model.v1") -> ArtifactSpec:
    """Return what oras push makes of files: an empty configuration, a title for each blob."""
    blobs = [BlobSpec(content, "application/octet-stream", {_TITLE: path}) for path, content in files.items()]
    return ArtifactSpec(blobs, artifact_type)
