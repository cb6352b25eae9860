"""From an archive or layout to an image: its structure only, no layer is read."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.image.archive import Store, open_store
from inspector.formats.image.artifact_blobs import flattened, read_blobs, read_tar_layers
from inspector.formats.image.config import read_config, read_diff_ids, read_platform
from inspector.formats.image.history import read_history, with_history
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_choice import choose
from inspector.formats.image.manifest_docker import read_docker_config
from inspector.formats.image.manifest_documents import Documents, read_descriptor
from inspector.formats.image.manifest_index import Candidate
from inspector.formats.image.manifest_kinds import artifact_type_of
from inspector.formats.image.manifest_layers import note_diff_ids, read_docker_layers, read_layers
from inspector.formats.image.manifest_listing import Listed, list_candidates
from inspector.formats.image.manifest_media import EMPTY
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.formats.image.platforms import Platform
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import Artifact
from inspector.records.image import Image, ImageConfig, Layer, Manifest


def read(path: Path, platform: str | None = None, cancel: CancelToken | None = None) -> Image:
    """Return the structure of the image at path: manifests, configuration, history, and layers without their entries.

    platform: os/architecture[/variant]; None for this machine's, or the first. Raises UnreadableArtifact, and UsageError if
    the platform is not there.
    """
    store = open_store(path, cancel)
    try:
        notes = ImageNotes()
        documents = Documents(store, TextCleaner(store.label), notes)
        if store.problem:
            hint = "the archive is damaged or was not copied whole: save or download it again"
            notes.add("archive-cut-short", "high", f"the archive is {store.problem}", one_line(path.name), hint)
        return _read(path, platform, store, documents)
    finally:
        store.close()


def _read(path: Path, platform: str | None, store: Store, documents: Documents) -> Image:
    listed = list_candidates(store, documents)
    chosen = choose(listed.candidates, platform, store.label, documents.notes)
    artifact = Artifact(os.fspath(path), "image", store.size_bytes, metadata=_metadata(chosen))
    if chosen.kind == "artifact" and chosen.manifest is not None:
        return _artifact(artifact, listed, chosen, chosen.manifest, documents)
    document, digest = _config_of(chosen, documents)
    diff_ids = read_diff_ids(document)
    layers = _layers_of(chosen, diff_ids, documents)
    note_diff_ids(diff_ids, len(layers), documents, document.place)
    history = read_history(document, len(layers), documents.notes)
    return Image(
        artifact,
        listed.source,
        read_config(document, digest),
        with_history(layers, history),
        history,
        chosen.references,
        str(_platform(chosen, document, documents)),
        chosen.descriptor.digest,
        _records(listed, chosen, documents),
        findings=documents.notes.findings(),
    )


def _artifact(artifact: Artifact, listed: Listed, chosen: Candidate, manifest: JsonObject, documents: Documents) -> Image:
    """Return an OCI artifact that is no image."""
    config = read_descriptor(manifest.item("config")) if "config" in manifest else None
    kind = documents.cleaner.clean(artifact_type_of(manifest, config))
    layers = read_tar_layers(manifest, documents)
    blobs = read_blobs(manifest, config, documents)
    if config is not None and config.media_type.endswith("json") and config.media_type != EMPTY:
        described = documents.fetch(config, "configuration")
        if described is not None:
            artifact = replace(artifact, metadata={**artifact.metadata, **flattened(described)})
    return Image(
        artifact,
        listed.source,
        ImageConfig(digest=config.digest if config is not None else ""),
        layers,
        references=chosen.references,
        digest=chosen.descriptor.digest,
        manifests=_records(listed, chosen, documents),
        artifact_type=kind or "unknown",
        blobs=blobs,
        findings=documents.notes.findings(),
    )


def _records(listed: Listed, chosen: Candidate, documents: Documents) -> tuple[Manifest, ...]:
    return tuple(one.record(one is chosen, documents.cleaner) for one in listed.candidates)


def _config_of(chosen: Candidate, documents: Documents) -> tuple[JsonObject, str]:
    """Return the configuration and its digest; raises UnreadableArtifact where it cannot be read."""
    found: tuple[JsonObject, str] | None = None
    if chosen.docker is not None:
        found = read_docker_config(chosen.docker, documents)
    elif chosen.manifest is not None:
        config = read_descriptor(chosen.manifest.item("config"))
        document = documents.fetch(config, "configuration")
        found = None if document is None else (document, config.digest)
    if found is None:
        high = [finding.message for finding in documents.notes.findings() if finding.severity == "high"]
        reason = high[-1] if high else "the manifest names no configuration"
        raise UnreadableArtifact(f"{documents.store.label}: {reason}", "the image is damaged: save or download it again")
    return found


def _layers_of(chosen: Candidate, diff_ids: tuple[str, ...], documents: Documents) -> tuple[Layer, ...]:
    if chosen.docker is not None:
        return read_docker_layers(chosen.docker, diff_ids, documents)
    return read_layers(chosen.manifest, diff_ids, documents) if chosen.manifest is not None else ()


def _platform(chosen: Candidate, document: JsonObject, documents: Documents) -> Platform:
    """Return the platform that the configuration names, which is what runs; the index may say another."""
    own = read_platform(document)
    listed = chosen.platform
    if own.os and own.architecture and str(listed) and not own.serves(Platform(listed.os, listed.architecture)):
        message = f"the index says {listed}, the configuration {own}"
        documents.notes.add(
            "platform-mismatch", "high", message, document.place, "it runs on the wrong machines: build it again"
        )
    return own if own.architecture else listed


def _metadata(chosen: Candidate) -> dict[str, str]:
    """Return the annotations of the manifest."""
    return chosen.manifest.mapping("annotations") if chosen.manifest is not None else {}
