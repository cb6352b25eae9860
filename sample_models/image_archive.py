"""Writes a container image as one tar that Docker and readers of the OCI layout both take; same input, same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CREATED = "2026-09-01T08:00:00Z"
BUILT = 1_788_249_600
"""The same in seconds since 1970: the time of every file that says no other."""

_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
_BLOBS = "blobs/sha256/"


@dataclass(frozen=True)
class Item:
    """One entry of a layer: a file, unless it is a folder, has a target or hides something of the layers below."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    owner: int = 0
    target: str = ""
    folder: bool = False


@dataclass(frozen=True)
class Step:
    """One instruction of the build, and what its layer holds; None for one that makes no layer."""

    instruction: str
    items: Sequence[Item] | None = None
    compressed: bool = False


@dataclass(frozen=True)
class ImagePlan:
    """What goes into an archive."""

    name: str
    steps: Sequence[Step]
    config: Mapping[str, Any] = field(default_factory=dict)


def whiteout(path: str) -> Item:
    """Return the entry that hides a path of the layers below."""
    folder, _, name = path.rpartition("/")
    return Item(f"{folder}/.wh.{name}", mode=0o600)


def opaque(path: str) -> Item:
    """Return the entry that hides all that the layers below have in a folder."""
    return Item(f"{path}/.wh..wh..opq", mode=0o600)


def write(path: Path, plan: ImagePlan) -> None:
    """Write an image for linux/amd64 with manifest.json, as docker save does, and index.json, as the OCI layout has it."""
    blobs: dict[str, bytes] = {}
    layers = [_store_layer(blobs, step) for step in plan.steps if step.items is not None]
    config = _store(blobs, _json(_config(plan, [diff_id for _, diff_id in layers])))
    descriptors = [descriptor for descriptor, _ in layers]
    manifest = _manifest(_descriptor(blobs, config, "application/vnd.oci.image.config.v1+json"), descriptors)
    top = _descriptor(blobs, _store(blobs, _json(manifest)), manifest["mediaType"])
    top["annotations"] = {"org.opencontainers.image.ref.name": plan.name}
    docker = {"Config": _place(config), "RepoTags": [plan.name], "Layers": [_place(one["digest"]) for one in descriptors]}
    members = {_place(digest): data for digest, data in blobs.items()}
    members["index.json"] = _json({"schemaVersion": 2, "manifests": [top]})
    members["manifest.json"] = _json([docker])
    members["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    path.write_bytes(_tar(_with_folders(Item(name, data) for name, data in members.items()), times=0))


def _store_layer(blobs: dict[str, bytes], step: Step) -> tuple[dict[str, Any], str]:
    """Keep the layer of a step as a blob; return its descriptor and diff ID."""
    tar = _tar(_with_folders(step.items or ()), BUILT)
    digest = _store(blobs, gzip.compress(tar, 9, mtime=0) if step.compressed else tar)
    return _descriptor(blobs, digest, _LAYER_TYPE + ("+gzip" if step.compressed else "")), _digest(tar)


def _config(plan: ImagePlan, diff_ids: Sequence[str]) -> dict[str, Any]:
    history = [
        {"created": CREATED, "created_by": step.instruction, "comment": "buildkit.dockerfile.v0"}
        | ({"empty_layer": True} if step.items is None else {})
        for step in plan.steps
    ]
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": dict(plan.config),
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        "history": history,
    }


def _manifest(config: dict[str, Any], layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config,
        "layers": list(layers),
    }


def _with_folders(items: Iterable[Item]) -> list[Item]:
    """Return the items with the folders they lie in before them, sorted as builders sort them."""
    found: dict[str, Item] = {}
    for item in items:
        parts = item.path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            folder = "/".join(parts[:depth])
            found.setdefault(folder, Item(folder, mode=0o755, folder=True))
        found[item.path] = item
    return [found[path] for path in sorted(found)]


def _tar(items: Iterable[Item], times: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for item in items:
            info = tarfile.TarInfo(f"{item.path}/" if item.folder else item.path)
            info.mode, info.uid, info.gid, info.mtime = item.mode, item.owner, item.owner, times
            info.type = tarfile.DIRTYPE if item.folder else tarfile.SYMTYPE if item.target else tarfile.REGTYPE
            info.linkname, info.size = item.target, len(item.content)
            archive.addfile(info, io.BytesIO(item.content))
    return buffer.getvalue()


def _store(blobs: dict[str, bytes], data: bytes) -> str:
    digest = _digest(data)
    blobs[digest] = data
    return digest


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _descriptor(blobs: Mapping[str, bytes], digest: str, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": len(blobs[digest])}


def _place(digest: str) -> str:
    return _BLOBS + digest.removeprefix("sha256:")


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
