"""Images of built layers, and every way an image is stored: docker save archives old and new, OCI tars, OCI layouts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.images.entries import BuiltLayer, Compression, Entries, File, Folder, Symlink, build_tar, compress, digest_of

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"

_SUFFIXES: Mapping[Compression, str] = {"none": "", "gzip": "+gzip", "zstd": "+zstd"}
_DOCKER_SUFFIXES: Mapping[Compression, str] = {"none": "", "gzip": ".gzip", "zstd": ".zstd"}
_CREATED = "2026-01-02T03:04:05Z"


@dataclass(frozen=True)
class ImageSpec:
    """An image to be written; config is what goes under "config" (User, Env…), more what goes beside it.

    history: the steps as dicts, or None for one step a layer.
    """

    layers: Sequence[BuiltLayer] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ("sample:1",)
    platform: str = "linux/amd64"
    history: Sequence[Mapping[str, Any]] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def config_json(self) -> dict[str, Any]:
        """Return the configuration, which the image ID is the digest of."""
        os, architecture, *variant = self.platform.split("/")
        history = self.history
        if history is None:
            history = [
                {"created": _CREATED, "created_by": f"RUN build step {index} # buildkit"} for index in range(len(self.layers))
            ]
        return {
            "architecture": architecture,
            **({"variant": variant[0]} if variant else {}),
            "os": os,
            "created": _CREATED,
            "config": dict(self.config),
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in self.layers]},
            "history": list(history),
            **self.more,
        }

    def config_blob(self) -> bytes:
        """Return the configuration as stored."""
        return to_json(self.config_json())

    def manifest_json(self, docker: bool = False) -> dict[str, Any]:
        """Return the manifest, in OCI's media types or Docker's."""
        config = self.config_blob()
        layers = [
            descriptor(layer.blob, (DOCKER_LAYER + _DOCKER_SUFFIXES[layer.compression]) if docker else layer_type(layer))
            for layer in self.layers
        ]
        return {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
            "config": descriptor(config, DOCKER_CONFIG if docker else OCI_CONFIG),
            "layers": layers,
        }


class Blobs(dict[str, bytes]):
    """Blobs by digest, each added once."""

    def add(self, data: bytes) -> bytes:
        """Keep data and return it."""
        self[digest_of(data)] = data
        return data

    def add_image(self, spec: ImageSpec, docker: bool = False) -> bytes:
        """Add layers, configuration and manifest of an image and return the manifest."""
        for layer in spec.layers:
            self.add(layer.blob)
        self.add(spec.config_blob())
        return self.add(to_json(spec.manifest_json(docker)))

    def members(self) -> dict[str, bytes]:
        """Return the blobs by their path in a layout."""
        return {blob_path(digest): data for digest, data in sorted(self.items())}


def to_json(value: object) -> bytes:
    """Return value as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def descriptor(data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
    """Return a descriptor of data: media type, digest, size and whatever else is given."""
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **more}


def blob_path(digest: str) -> str:
    """Return where a layout keeps the blob with that digest."""
    return f"blobs/{digest.replace(':', '/')}"


def layer_type(layer: BuiltLayer) -> str:
    """Return OCI's media type of a layer."""
    return OCI_LAYER + _SUFFIXES[layer.compression]


def write_archive(path: Path, members: Entries, wrapping: Compression = "none") -> Path:
    """Write a tar that holds members in the order given, compressed as a whole where wrapping says so."""
    path.write_bytes(compress(build_tar(members), wrapping))
    return path


def write_folder(path: Path, members: Mapping[str, bytes]) -> Path:
    """Write members as files below a new folder."""
    for name, data in members.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return path


def docker_archive(path: Path, specs: Sequence[ImageSpec], wrapping: Compression = "none") -> Path:
    """Write what docker save writes since version 25: blobs, index.json and manifest.json side by side."""
    return write_archive(path, docker_members(specs), wrapping)


def docker_members(specs: Sequence[ImageSpec]) -> dict[str, bytes]:
    """Return the files of a docker archive by name."""
    blobs, entries, manifests = Blobs(), [], []
    for spec in specs:
        manifest = blobs.add_image(spec)
        entries += [descriptor(manifest, OCI_MANIFEST, annotations=_names(tag)) for tag in spec.tags or [""]]
        sources = {
            layer.diff_id: {"mediaType": layer_type(layer), "size": len(layer.blob), "digest": layer.digest}
            for layer in spec.layers
        }
        manifests.append(
            {
                "Config": blob_path(digest_of(spec.config_blob())),
                "RepoTags": list(spec.tags) or None,
                "Layers": [blob_path(layer.digest) for layer in spec.layers],
                "LayerSources": sources,
            }
        )
    return {
        **blobs.members(),
        "index.json": to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}),
        "manifest.json": to_json(manifests),
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
    }


def legacy_docker_archive(path: Path, specs: Sequence[ImageSpec], wrapping: Compression = "none") -> Path:
    """Write what docker save wrote before version 25: a folder a layer, a shared layer being a symlink to the first."""
    return write_archive(path, legacy_members(specs), wrapping)


def legacy_members(specs: Sequence[ImageSpec]) -> dict[str, File | Folder | Symlink]:
    """Return the entries of a legacy docker archive by name; layers are stored uncompressed whatever they were built as."""
    members: dict[str, File | Folder | Symlink] = {}
    stored: dict[str, str] = {}
    manifests, repositories = [], {}
    for spec in specs:
        folders = _legacy_folders(spec)
        for folder, layer in zip(folders, spec.layers, strict=True):
            first = stored.setdefault(layer.diff_id, folder)
            members[folder] = Folder()
            members[f"{folder}/VERSION"] = File(b"1.0")
            members[f"{folder}/json"] = File(to_json({"id": folder, "os": "linux", "created": _CREATED}))
            shared = Symlink(f"../{first}/layer.tar")
            members[f"{folder}/layer.tar"] = File(layer.tar) if first == folder else shared
        config = spec.config_blob()
        name = f"{hashlib.sha256(config).hexdigest()}.json"
        members[name] = File(config)
        layers = [f"{folder}/layer.tar" for folder in folders]
        manifests.append({"Config": name, "RepoTags": list(spec.tags) or None, "Layers": layers})
        for tag in spec.tags:
            repository, _, label = tag.rpartition(":")
            repositories.setdefault(repository, {})[label] = folders[-1] if folders else ""
    members["manifest.json"] = File(to_json(manifests))
    members["repositories"] = File(to_json(repositories))
    return members


def _legacy_folders(spec: ImageSpec) -> list[str]:
    """Return the identifier of each layer of version 1 of the format, which depends on the image and what lies below."""
    chain, found = spec.config_blob(), []
    for layer in spec.layers:
        chain = hashlib.sha256(chain + layer.diff_id.encode()).digest()
        found.append(chain.hex())
    return found


def oci_members(specs: Sequence[ImageSpec], docker_types: bool = False) -> dict[str, bytes]:
    """Return the files of an OCI layout that holds each image once a tag."""
    blobs, entries = Blobs(), []
    for spec in specs:
        manifest = blobs.add_image(spec, docker_types)
        media_type = DOCKER_MANIFEST if docker_types else OCI_MANIFEST
        for tag in spec.tags or [""]:
            entries.append(descriptor(manifest, media_type, **({"annotations": _names(tag)} if tag else {})))
    return layout_members(blobs, entries)


def layout_members(blobs: Blobs, manifests: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """Return the files of an OCI layout of blobs whose index.json lists manifests."""
    return {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests)}),
        **blobs.members(),
    }


def oci_archive(path: Path, specs: Sequence[ImageSpec], wrapping: Compression = "none", docker_types: bool = False) -> Path:
    """Write an OCI layout as a tar, without a manifest.json."""
    return write_archive(path, oci_members(specs, docker_types), wrapping)


def oci_layout(path: Path, specs: Sequence[ImageSpec], docker_types: bool = False) -> Path:
    """Write an OCI layout as a folder."""
    return write_folder(path, oci_members(specs, docker_types))


def platforms_members(specs: Sequence[ImageSpec], attestations: bool = True, name: str = "sample:1") -> dict[str, bytes]:
    """Return the files of an OCI layout whose one index lists an image for each platform, and BuildKit's attestations."""
    blobs, entries = Blobs(), []
    for spec in specs:
        manifest = blobs.add_image(spec)
        entries.append(descriptor(manifest, OCI_MANIFEST, platform=_platform(spec.platform)))
    if attestations:
        entries += [_attestation(blobs, entry["digest"]) for entry in tuple(entries)]
    index = blobs.add(to_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}))
    return layout_members(blobs, [descriptor(index, OCI_INDEX, annotations=_names(name))])


def platforms_archive(
    path: Path, specs: Sequence[ImageSpec], attestations: bool = True, wrapping: Compression = "none", name: str = "sample:1"
) -> Path:
    """Write an image for several platforms as an OCI tar."""
    return write_archive(path, platforms_members(specs, attestations, name), wrapping)


def platforms_layout(path: Path, specs: Sequence[ImageSpec], attestations: bool = True, name: str = "sample:1") -> Path:
    """Write an image for several platforms as an OCI layout."""
    return write_folder(path, platforms_members(specs, attestations, name))


def _attestation(blobs: Blobs, digest: str) -> dict[str, Any]:
    """Add a provenance statement about the image with that digest and return its descriptor."""
    statement = blobs.add(to_json({"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"digest": digest}]}))
    config = blobs.add(to_json({"architecture": "unknown", "os": "unknown", "config": {}, "rootfs": {"type": "layers"}}))
    layer = descriptor(
        statement,
        "application/vnd.in-toto+json",
        annotations={"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"},
    )
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(config, OCI_CONFIG), "layers": [layer]}
    about = {"vnd.docker.reference.digest": digest, "vnd.docker.reference.type": "attestation-manifest"}
    return descriptor(blobs.add(to_json(manifest)), OCI_MANIFEST, annotations=about, platform=_platform("unknown/unknown"))


def _platform(text: str) -> dict[str, str]:
    os, architecture, *variant = text.split("/")
    return {"architecture": architecture, "os": os, **({"variant": variant[0]} if variant else {})}


def _names(tag: str) -> dict[str, str]:
    """Return what containerd and the OCI layout call an image."""
    full = tag if "/" in tag else f"docker.io/library/{tag}"
    return {"io.containerd.image.name": full, "org.opencontainers.image.ref.name": tag.rpartition(":")[2]} if tag else {}
