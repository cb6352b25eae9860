"""The manifest.json of docker save: the images of an archive, by the names of their files."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.config import read_platform
from inspector.formats.image.digests import digest_in_name, is_digest, sha256_of
from inspector.formats.image.json_text import JsonObject, parse_json
from inspector.formats.image.manifest_documents import Descriptor, Documents, short_digest
from inspector.formats.image.manifest_index import Candidate
from inspector.formats.image.platforms import Platform

NAME: Final = "manifest.json"
_MOST_IMAGES: Final = 2000
_FOLDER: Final = "it looks like a folder that skopeo or podman wrote: copy it to an oci-archive"
_HINT: Final = "the archive is damaged, or no docker archive: save the image again"


def read_entries(documents: Documents) -> list[JsonObject]:
    """Return the entries of manifest.json, none if it is not there; raises UnreadableArtifact if it makes no sense."""
    value = documents.named(NAME)
    if value is None:
        return []
    label = documents.store.label
    if not isinstance(value, list):
        is_single = isinstance(value, dict) and "layers" in value
        raise UnreadableArtifact(f"{label}: {NAME} holds no list of images", _FOLDER if is_single else _HINT)
    if len(value) > _MOST_IMAGES:
        raise UnreadableArtifact(f"{label}: {NAME} lists more than {_MOST_IMAGES:,} images", _HINT)
    return [JsonObject.of(one, f"{NAME}: [{index}]", documents.cleaner, documents.notes) for index, one in enumerate(value)]


def candidates_of(entries: list[JsonObject], documents: Documents) -> tuple[Candidate, ...]:
    """Return the images that manifest.json lists, with the platform that each configuration names."""
    found = []
    for entry in entries:
        read = read_docker_config(entry, documents)
        platform = read_platform(read[0]) if read is not None else Platform()
        digest = read[1] if read is not None else ""
        found.append(Candidate(Descriptor(""), "image", platform, entry.texts("RepoTags"), config_digest=digest, docker=entry))
    return tuple(found)


def read_docker_config(entry: JsonObject, documents: Documents) -> tuple[JsonObject, str] | None:
    """Return the configuration that an entry names, and its digest; None, with a finding, where it cannot be read.

    A name that holds a digest is checked against it.
    """
    name = entry.raw_text("Config")
    place = f"configuration {documents.cleaner.clean(name)}"
    try:
        raw = documents.raw(name)
        if raw is None:
            documents.notes.add("blob-missing", "high", f"the {place} is not there", place, _HINT)
            return None
        document = JsonObject.of(parse_json(raw, place), place, documents.cleaner, documents.notes)
    except UnreadableArtifact as error:
        message = error.message.removeprefix(f"{documents.store.label}: ")
        documents.notes.add("metadata-unreadable", "high", message, place, _HINT)
        return None
    digest = sha256_of(raw)
    said = digest_in_name(name) or f"sha256:{name.removesuffix('.json')}"
    if is_digest(said) and said.startswith("sha256:") and said != digest:
        documents.notes.add("digest-mismatch", "high", f"the {place} is not what its name says: it was changed", place, _HINT)
    return document, digest


def with_tags(candidates: tuple[Candidate, ...], entries: list[JsonObject], documents: Documents) -> tuple[Candidate, ...]:
    """Return the images of an index with the tags that manifest.json has for the same configuration besides.

    An image that only manifest.json knows is a finding: engines differ in which of the two files they read.
    """
    tags: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        digest = digest_in_name(entry.raw_text("Config"))
        tags[digest] = (*tags.get(digest, ()), *entry.texts("RepoTags"))
    for digest in tags.keys() - {one.config_digest for one in candidates}:
        message = f"{NAME} lists an image that index.json does not ({short_digest(digest)}): engines differ in which they read"
        documents.notes.add("index-disagrees", "high", message, NAME, "do not trust the archive unless you know who wrote it")
    return tuple(
        replace(one, references=tuple(dict.fromkeys((*tags.get(one.config_digest, ()), *one.references)))) for one in candidates
    )
