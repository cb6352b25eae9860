"""All manifests that an index leads to, through nested indexes and with what each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.config import read_platform
from inspector.formats.image.json_text import JsonObject
from inspector.formats.image.manifest_documents import Descriptor, Documents, read_descriptor
from inspector.formats.image.manifest_kinds import kind_of, subject_of
from inspector.formats.image.manifest_media import CONFIGS, part_of
from inspector.formats.image.platforms import Platform
from inspector.records.image import Manifest, ManifestKind

_DEEPEST: Final = 8
_MOST_MANIFESTS: Final = 2000
_ABOUT_TYPE: Final = "vnd.docker.reference.type"
_ABOUT: Final = "vnd.docker.reference.digest"
_NAME: Final = "io.containerd.image.name"
_REFERENCE: Final = "org.opencontainers.image.ref.name"
_HUB: Final = ("docker.io/library/", "docker.io/")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One manifest of an index, or one image of a docker archive, and what can be told of it without its layers."""

    descriptor: Descriptor
    kind: ManifestKind
    platform: Platform = Platform()  # noqa: RUF009 - frozen
    references: tuple[str, ...] = ()
    about: str = ""
    manifest: JsonObject | None = None
    """None where it is missing or unreadable, and for docker archives."""
    config_digest: str = ""
    docker: JsonObject | None = None
    """The entry of manifest.json."""
    size_bytes: int = 0

    @property
    def is_readable(self) -> bool:
        """Whether there is something to open."""
        return self.manifest is not None or self.docker is not None

    def record(self, chosen: bool, cleaner: TextCleaner) -> Manifest:
        """Return what is listed of it."""
        shown = Platform() if self.platform.is_unknown else self.platform
        return Manifest(
            self.descriptor.digest,
            cleaner.clean(self.descriptor.media_type),
            self.size_bytes,
            self.kind,
            str(shown),
            self.references,
            chosen,
            self.about,
        )


@dataclass(slots=True)
class _Walk:
    documents: Documents
    found: dict[str, Candidate] = field(default_factory=dict)
    count: int = 0


def walk_index(document: JsonObject, documents: Documents) -> tuple[Candidate, ...]:
    """Return the manifests that an index.json leads to, each once with all names that lead to it.

    What cannot be read is a finding, and so is what exceeds the number that is listed.
    """
    walk = _Walk(documents)
    _enter(walk, document, (), ())
    return tuple(walk.found.values())


def _enter(walk: _Walk, index: JsonObject, names: tuple[str, ...], above: tuple[str, ...]) -> None:
    for entry in index.objects("manifests"):
        walk.count += 1
        if walk.count > _MOST_MANIFESTS:
            message = f"the index leads to more than {_MOST_MANIFESTS:,} manifests: the first are listed"
            walk.documents.notes.add("index-too-long", "medium", message, "index.json")
            return
        descriptor = read_descriptor(entry)
        references = tuple(dict.fromkeys((*names, *_references(descriptor))))
        _take(walk, descriptor, references, above)


def _take(walk: _Walk, descriptor: Descriptor, names: tuple[str, ...], above: tuple[str, ...]) -> None:
    notes, place = walk.documents.notes, f"index {descriptor.short}"
    if descriptor.digest in above:
        notes.add(
            "index-cycle", "high", f"the {place} leads back to itself", place, "no tool writes such an index: do not trust it"
        )
        return
    if (known := walk.found.get(descriptor.digest)) is not None:
        merged = tuple(dict.fromkeys((*known.references, *names)))
        walk.found[descriptor.digest] = replace(known, references=merged)
        return
    part = part_of(descriptor.media_type)
    document = walk.documents.fetch(descriptor, part or "manifest", may_be_absent=bool(above))
    if part != "manifest" and document is not None and "manifests" in document:
        if len(above) >= _DEEPEST:
            notes.add("index-too-deep", "high", f"the {place} lies more than {_DEEPEST} indexes deep: not followed", place)
        else:
            _enter(walk, document, names, (*above, descriptor.digest))
        return
    if part == "index":
        return
    key = descriptor.digest or f"{len(walk.found)}"
    walk.found[key] = _candidate(walk.documents, descriptor, document, names)


def _candidate(documents: Documents, descriptor: Descriptor, document: JsonObject | None, names: tuple[str, ...]) -> Candidate:
    config = read_descriptor(document.item("config")) if document is not None and "config" in document else None
    platform = descriptor.platform
    kind = kind_of(descriptor, document, config)
    if platform is None and kind == "image" and config is not None and config.media_type in CONFIGS:
        written = documents.fetch(config, "configuration")
        platform = read_platform(written) if written is not None else None
    about = descriptor.annotations.get(_ABOUT, "") if _ABOUT_TYPE in descriptor.annotations else subject_of(document)
    return Candidate(
        descriptor,
        kind,
        platform or Platform(),
        names,
        about,
        document,
        config.digest if config is not None else "",
        size_bytes=documents.size_of(descriptor),
    )


def _references(descriptor: Descriptor) -> Iterator[str]:
    full = descriptor.annotations.get(_NAME, "")
    short = descriptor.annotations.get(_REFERENCE, "")
    if full:
        yield familiar(full)
    elif short:
        yield familiar(short)


def familiar(name: str) -> str:
    """Return the name of an image as docker shows it, without the parts that its own registry stands for."""
    for prefix in _HUB:
        if name.startswith(prefix) and name != prefix:
            return name.removeprefix(prefix)
    return name
