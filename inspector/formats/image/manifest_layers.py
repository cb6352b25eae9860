"""The layers of an image and where they lie, before anything in them was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.image.archive import HEAD, Found
from inspector.formats.image.digests import blob_name, digest_in_name
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.magic import compression_of
from inspector.formats.image.manifest_documents import Descriptor, Documents, note_repeated, read_descriptor
from inspector.formats.image.manifest_media import is_encrypted, is_foreign, said_compression
from inspector.records.image import BlobPlace, Compression, Layer

MOST_LAYERS: Final = 512
"""Layers an image may have; engines take 127."""

_HINT: Final = "the image is damaged: save or download it again"
_FOREIGN: Final = "may not be handed on: it is fetched from where it comes from"


def read_layers(manifest: JsonObject, diff_ids: Sequence[str], documents: Documents) -> tuple[Layer, ...]:
    """Return the layers that a manifest lists, base first."""
    check_count(manifest.length("layers"), documents)
    descriptors = list(manifest.objects("layers"))
    return tuple(
        layer_of(read_descriptor(one), index, _at(diff_ids, index, len(descriptors)), documents)
        for index, one in enumerate(descriptors)
    )


def read_docker_layers(entry: JsonObject, diff_ids: Sequence[str], documents: Documents) -> tuple[Layer, ...]:
    """Return the layers that an entry of manifest.json names, base first."""
    check_count(entry.length("Layers"), documents)
    names = entry.raw_texts("Layers")
    sources = entry.item("LayerSources")
    layers = []
    for index, name in enumerate(names):
        diff_id = _at(diff_ids, index, len(names))
        source = sources.item(diff_id) if diff_id in sources else None
        media_type = source.raw_text("mediaType") if source is not None else ""
        found = documents.store.find(name)
        label = f"layer {index} ({documents.cleaner.clean(name)})"
        layers.append(_layer(index, digest_in_name(name), diff_id, media_type, None, found, label, documents))
    return tuple(layers)


def layer_of(descriptor: Descriptor, index: int, diff_id: str, documents: Documents) -> Layer:
    """Return the layer that a descriptor points at."""
    found = find_blob(descriptor, documents)
    label = f"layer {index} ({descriptor.short})"
    return _layer(index, descriptor.digest, diff_id, descriptor.media_type, descriptor.size, found, label, documents)


def find_blob(descriptor: Descriptor, documents: Documents) -> Found:
    """Return where the blob lies that a descriptor points at."""
    if not descriptor.digest:
        return Found(problem="has no digest")
    return documents.store.find(blob_name(descriptor.digest))


def note_diff_ids(diff_ids: Sequence[str], layer_count: int, documents: Documents, place: str) -> None:
    """Take note of a configuration that tells of another number of layers than there are."""
    if len(diff_ids) != layer_count:
        message = (
            f"the configuration names {len(diff_ids):,} layers, the manifest {layer_count:,}: engines refuse such an image"
        )
        documents.notes.add("layer-count-mismatch", "high", message, place, _HINT)


def head_of(place: BlobPlace, documents: Documents) -> bytes:
    """Return the first bytes of a blob, none where they cannot be read."""
    try:
        return documents.store.read(place, HEAD)
    except UnreadableArtifact:
        return b""


def _layer(
    index: int,
    digest: str,
    diff_id: str,
    media_type: str,
    size: int | None,
    found: Found,
    label: str,
    documents: Documents,
) -> Layer:
    notes, place = documents.notes, found.place
    shown_type = documents.cleaner.clean(media_type)
    if place is None:
        problem = _note_absent(found, media_type, label, documents)
        said = said_compression(media_type) or "none"
        return Layer(index, digest, diff_id, shown_type, said, size, problem=problem)
    if found.repeated:
        note_repeated(label, documents)
    if found.problem:
        notes.add("layer-cut-short", "high", f"{label} is {found.problem}", label, _HINT)
    elif size is not None and size != place.length:
        message = f"{label} has {place.length:,} bytes where its descriptor says {size:,}"
        notes.add("size-mismatch", "high", message, label, _HINT)
    compression, problem = _compression(place, media_type, label, documents)
    return Layer(index, digest, diff_id, shown_type, compression, place.length, place=place, problem=found.problem or problem)


def _compression(place: BlobPlace, media_type: str, label: str, documents: Documents) -> tuple[Compression, str]:
    """Return how a blob is compressed, and what keeps it from being read."""
    if is_encrypted(media_type):
        documents.notes.add("layer-encrypted", "info", f"{label} is encrypted: its files cannot be seen", label)
        return "none", "encrypted"
    found = compression_of(head_of(place, documents))
    if found is None:
        problem = "compressed in a way that engines do not read"
        documents.notes.add("layer-unreadable", "high", f"{label} is {problem}", label, "compress it with gzip or zstd")
        return "none", problem
    said = said_compression(media_type)
    if said is not None and said != found and place.length:
        message = f"{label} is said to be {_named(said)} and is {_named(found)}"
        documents.notes.add("media-type-mismatch", "medium", message, label, "engines that trust the media type fail on it")
    return found, ""


def _note_absent(found: Found, media_type: str, label: str, documents: Documents) -> str:
    if found.escapes:
        message = f"{label} {found.problem}: it was not opened"
        documents.notes.add("layer-escapes", "high", message, label, "no tool writes such an image: do not trust it")
        return found.problem
    if is_foreign(media_type) and found.problem == "missing":
        documents.notes.add("layer-foreign", "info", f"{label} is not in the archive: it {_FOREIGN}", label)
        return f"not in the archive: it {_FOREIGN}"
    said = "is not there" if found.problem == "missing" else found.problem
    documents.notes.add("layer-missing", "high", f"{label} {said}", label, _HINT)
    return found.problem


def _named(compression: Compression) -> str:
    return "not compressed" if compression == "none" else f"{compression} data"


def _at(diff_ids: Sequence[str], index: int, count: int) -> str:
    """Return the diff ID of a layer; none where their number shows that they belong to other layers."""
    return diff_ids[index] if len(diff_ids) == count else ""


def check_count(count: int, documents: Documents) -> None:
    """Raise UnreadableArtifact for more layers than any image has."""
    if count > MOST_LAYERS:
        label = documents.store.label
        raise UnreadableArtifact(f"{label}: its manifest lists more than {MOST_LAYERS:,} layers", "engines take 127 at most")
