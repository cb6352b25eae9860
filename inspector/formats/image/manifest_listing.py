"""Which of the lists of an archive to go by: OCI's index.json, or docker save's manifest.json."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from inspector.errors import UnreadableArtifact
from inspector.formats.image.archive import Store
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_docker import NAME as MANIFEST
from inspector.formats.image.manifest_docker import candidates_of, read_entries, with_tags
from inspector.formats.image.manifest_documents import Documents
from inspector.formats.image.manifest_index import Candidate, walk_index
from inspector.records.image import ImageSource

Result = TypeVar("Result")

INDEX: Final = "index.json"
_NO_IMAGE: Final = (
    "an archive of docker save or podman save, or an OCI layout, is read; docker import makes an image of a plain tar"
)
_OLD: Final = "Docker wrote it before version 1.10: load it and save it again"


@dataclass(frozen=True, slots=True)
class Listed:
    """All that an archive holds, and what kind of archive it is."""

    source: ImageSource
    candidates: tuple[Candidate, ...]


def list_candidates(store: Store, documents: Documents) -> Listed:
    """Return what is in the archive, from index.json where there is one that leads to images, otherwise from manifest.json.

    What cannot be read is a finding as long as the other list can; otherwise raises UnreadableArtifact.
    """
    listed, docker_problem = _attempt(lambda: read_entries(documents))
    entries = listed or []
    found, index_problem = _attempt(lambda: _from_index(documents))
    if found is not None and any(one.is_readable and one.kind in ("image", "artifact") for one in found):
        if docker_problem is not None:
            _note_unusable(docker_problem, MANIFEST, INDEX, documents)
        source: ImageSource = "OCI layout" if store.is_folder else "docker archive" if entries else "OCI archive"
        return Listed(source, with_tags(found, entries, documents) if entries else found)
    if entries:
        if found is not None or index_problem is not None:
            _note_unusable(index_problem, INDEX, MANIFEST, documents)
            return Listed("docker archive", candidates_of(entries, documents))
        return Listed("legacy docker archive", candidates_of(entries, documents))
    for problem in (docker_problem, index_problem):
        if problem is not None:
            raise problem
    if found is None:
        hint = _OLD if store.find("repositories").place else _NO_IMAGE
        raise UnreadableArtifact(f"{store.label}: {_what_is_missing(store)}", hint)
    return Listed("OCI layout" if store.is_folder else "OCI archive", found)


def _attempt(work: Callable[[], Result]) -> tuple[Result | None, UnreadableArtifact | None]:
    """Return what the work gives, or what kept it from giving anything."""
    try:
        return work(), None
    except UnreadableArtifact as error:
        return None, error


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
