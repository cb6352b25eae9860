"""From an archive or layout to an image: its structure only, no layer is read."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.image.archive import Store, open_store
from inspector.formats.image.artifact_blobs import flattened, read_blobs, read_tar_layers
from inspector.formats.image.config import read_config, read_diff_ids, read_platform
from inspector.formats.image.history import read_history, with_history
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_choice import choose
from inspector.formats.image.manifest_docker import NAME as MANIFEST
from inspector.formats.image.manifest_docker import candidates_of, read_docker_config, read_entries, with_tags
from inspector.formats.image.manifest_documents import Documents, read_descriptor
from inspector.formats.image.manifest_index import Candidate, walk_index
from inspector.formats.image.manifest_kinds import artifact_type_of
from inspector.formats.image.manifest_layers import note_diff_ids, read_docker_layers, read_layers
from inspector.formats.image.manifest_media import EMPTY
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.formats.image.platforms import Platform
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import Artifact
from inspector.records.image import Image, ImageConfig, ImageSource, Layer, Manifest

Result = TypeVar("Result")

INDEX: Final = "index.json"
_NO_IMAGE: Final = (
    "an archive of docker save or podman save, or an OCI layout, is read; docker import makes an image of a plain tar"
)
_OLD: Final = "Docker wrote it before version 1.10: load it and save it again"


@dataclass(frozen=True, slots=True)
class _Listed:
    """All that an archive holds, and what kind of archive it is."""

    source: ImageSource
    candidates: tuple[Candidate, ...]


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
    listed = _listed(store, documents)
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


def _listed(store: Store, documents: Documents) -> _Listed:
    """Return what is in the archive, from index.json where there is one that leads to images, otherwise from manifest.json."""
    entries, docker_problem = _attempt(lambda: read_entries(documents), [])
    found, index_problem = _attempt(lambda: _from_index(documents), None)
    if found is not None and any(one.is_readable and one.kind in ("image", "artifact") for one in found):
        if docker_problem is not None:
            _note_unusable(docker_problem, MANIFEST, INDEX, documents)
        source: ImageSource = "OCI layout" if store.is_folder else "docker archive" if entries else "OCI archive"
        return _Listed(source, with_tags(found, entries, documents) if entries else found)
    if entries:
        if found is not None or index_problem is not None:
            _note_unusable(index_problem, INDEX, MANIFEST, documents)
            return _Listed("docker archive", candidates_of(entries, documents))
        return _Listed("legacy docker archive", candidates_of(entries, documents))
    for problem in (docker_problem, index_problem):
        if problem is not None:
            raise problem
    if found is None:
        hint = _OLD if store.find("repositories").place else _NO_IMAGE
        raise UnreadableArtifact(f"{store.label}: {_what_is_missing(store)}", hint)
    return _Listed("OCI layout" if store.is_folder else "OCI archive", found)


def _attempt(work: Callable[[], Result], otherwise: Result) -> tuple[Result, UnreadableArtifact | None]:
    """Return what the work gives, or what kept it from giving anything."""
    try:
        return work(), None
    except UnreadableArtifact as error:
        return otherwise, error


def _from_index(documents: Documents) -> tuple[Candidate, ...] | None:
    """Return what index.json leads to; None if it is not there."""
    value = documents.named(INDEX)
    return None if value is None else walk_index(JsonObject.of(value, INDEX, documents.cleaner, documents.notes), documents)


def _note_unusable(problem: UnreadableArtifact | None, name: str, instead: str, documents: Documents) -> None:
    said = f"{name} leads to no image"
    if problem is not None:
        said = problem.message.removeprefix(f"{documents.store.label}: ")
    documents.notes.add("index-unusable", "medium", f"{said}: {instead} was read instead", name)


def _what_is_missing(store: Store) -> str:
    why = f": the archive is {store.problem}" if store.problem else ""
    return f"holds neither manifest.json nor index.json{why}"


def _artifact(artifact: Artifact, listed: _Listed, chosen: Candidate, manifest: JsonObject, documents: Documents) -> Image:
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


def _records(listed: _Listed, chosen: Candidate, documents: Documents) -> tuple[Manifest, ...]:
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
