"""The blobs of an OCI artifact that is no image: what each is called and what it is for."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from inspector.formats.image.digests import is_digest
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_documents import Descriptor, Documents, read_descriptor
from inspector.formats.image.manifest_layers import check_count, find_blob, layer_of
from inspector.formats.image.manifest_media import EMPTY, is_tar
from inspector.records.image import Blob, Layer

_TITLES: Final = (
    "org.cncf.model.filepath",
    "org.cnai.model.filepath",
    "org.opencontainers.image.title",
    "com.docker.model.filepath",
)
_ROLES: Final[tuple[tuple[str, str], ...]] = (
    ("application/vnd.cncf.model.weight.config.", "config"),
    ("application/vnd.cncf.model.weight.", "weights"),
    ("application/vnd.cncf.model.doc.", "docs"),
    ("application/vnd.cncf.model.code.", "code"),
    ("application/vnd.cncf.model.dataset.", "dataset"),
    ("application/vnd.cncf.model.config.", "config"),
    ("application/vnd.docker.ai.gguf", "weights"),
    ("application/vnd.docker.ai.safetensors", "weights"),
    ("application/vnd.docker.ai.dduf", "weights"),
    ("application/vnd.docker.ai.mmproj", "weights"),
    ("application/vnd.docker.ai.model.file", "weights"),
    ("application/vnd.docker.ai.license", "docs"),
    ("application/vnd.docker.ai.chat.template", "config"),
    ("application/vnd.docker.ai.vllm.config", "config"),
    ("application/vnd.docker.ai.model.config", "config"),
    ("application/vnd.kitops.modelkit.modelpart.", "weights"),
    ("application/vnd.kitops.modelkit.model.", "weights"),
    ("application/vnd.kitops.modelkit.dataset.", "dataset"),
    ("application/vnd.kitops.modelkit.code.", "code"),
    ("application/vnd.kitops.modelkit.docs.", "docs"),
    ("application/vnd.kitops.modelkit.config.", "config"),
    ("application/vnd.ollama.image.model", "weights"),
    ("application/vnd.ollama.image.adapter", "weights"),
    ("application/vnd.ollama.image.projector", "weights"),
    ("application/vnd.ollama.image.tensor", "weights"),
    ("application/vnd.ollama.image.license", "docs"),
    ("application/vnd.ollama.image.", "config"),
    ("application/onnx", "weights"),
    ("application/x-onnx", "weights"),
    ("application/vnd.onnx", "weights"),
)
"""What a blob is for by how its media type begins; the longer beginning first."""
_VERIFIED_BYTES: Final = 64 << 20
"""Blobs that are no tars are verified at once up to so many bytes in all; tars are when they are indexed."""
_CHUNK: Final = 1 << 20
_MOST_VALUES: Final = 100
_DEEPEST: Final = 4


def read_blobs(manifest: JsonObject, config: Descriptor | None, documents: Documents) -> tuple[Blob, ...]:
    """Return the blobs of an artifact in the order listed, its configuration, where it has one, last."""
    found = [_blob(descriptor, documents) for descriptor in _listed(manifest, documents)]
    _verify_small(found, documents)
    if config is not None and config.digest and config.media_type != EMPTY:
        found.append(_blob(config, documents, "config"))
    return tuple(found)


def read_tar_layers(manifest: JsonObject, documents: Documents) -> tuple[Layer, ...]:
    """Return the blobs that are tars, with files of the artifact in them, as layers."""
    tars = [descriptor for descriptor in _listed(manifest, documents) if is_tar(descriptor.media_type)]
    return tuple(
        replace(layer_of(descriptor, index, "", documents), created_by=title_of(descriptor.annotations))
        for index, descriptor in enumerate(tars)
    )


def title_of(annotations: Mapping[str, str]) -> str:
    """Return the file name or path that annotations give to a blob."""
    return next((annotations[key] for key in _TITLES if annotations.get(key)), "")


def role_of(media_type: str) -> str:
    """Return what a blob of that type is for; empty where the type does not say."""
    return next((role for beginning, role in _ROLES if media_type.startswith(beginning)), "")


def flattened(config: JsonObject) -> dict[str, str]:
    """Return the plain values of the configuration of an artifact by their path in it, such as descriptor.name."""
    found: dict[str, str] = {}
    waiting: deque[tuple[str, Mapping[str, object]]] = deque([("", config.values)])
    while waiting and len(found) < _MOST_VALUES:
        path, values = waiting.popleft()
        for key, value in values.items():
            name = f"{path}{key}"
            if isinstance(value, dict) and name.count(".") < _DEEPEST:
                waiting.append((f"{name}.", value))
            elif isinstance(value, str | int | float) and len(found) < _MOST_VALUES:
                found[config.cleaner.clean(name)] = config.cleaner.clean(str(value))
    return found


def _listed(manifest: JsonObject, documents: Documents) -> list[Descriptor]:
    key = "layers" if "layers" in manifest or "blobs" not in manifest else "blobs"
    check_count(manifest.length(key), documents)
    return [read_descriptor(one) for one in manifest.objects(key)]


def _verify_small(blobs: list[Blob], documents: Documents) -> None:
    """Take note of blobs that are not what their digest says, as far as they are small and not compressed away."""
    left = _VERIFIED_BYTES
    for blob in blobs:
        place = blob.place
        if place is None or is_tar(blob.media_type) or place.wrapping != "none" or not is_digest(blob.digest):
            continue
        left -= place.length
        if left < 0:
            return
        algorithm, _, encoded = blob.digest.partition(":")
        state = hashlib.new(algorithm)
        for start in range(0, place.length, _CHUNK):
            piece = replace(place, offset=place.offset + start, length=place.length - start)
            state.update(documents.store.read(piece, _CHUNK))
        if state.hexdigest() != encoded:
            label = f"blob {blob.title or blob.digest[:19]}"
            documents.notes.add("digest-mismatch", "high", f"{label} is not what its digest says: it was changed", label)


def _blob(descriptor: Descriptor, documents: Documents, role: str = "") -> Blob:
    found = find_blob(descriptor, documents)
    title = title_of(descriptor.annotations)
    label = f"blob {title or descriptor.short}"
    if found.place is None or found.problem:
        said = "is not there" if found.problem == "missing" else found.problem
        documents.notes.add("blob-missing", "high", f"{label} {said}", label)
    elif descriptor.size is not None and found.place.length != descriptor.size:
        message = f"{label} has {found.place.length:,} bytes where its descriptor says {descriptor.size:,}"
        documents.notes.add("size-mismatch", "high", message, label)
    size = found.place.length if found.place is not None else descriptor.size or 0
    media_type = documents.cleaner.clean(descriptor.media_type)
    return Blob(descriptor.digest, media_type, size, title, role or role_of(descriptor.media_type), found.place)
