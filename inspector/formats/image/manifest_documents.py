"""Manifests, indexes and configurations fetched by digest: bounded, verified, each parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.archive import Store
from inspector.formats.image.config import read_platform
from inspector.formats.image.digests import blob_name, is_digest, matches
from inspector.formats.image.json_text import LARGEST_JSON, JsonObject, most_values, parse_json
from inspector.formats.image.manifest_notes import ImageNotes
from inspector.formats.image.platforms import Platform

_MOST_BYTES: Final = 64 << 20
"""Bytes of all documents together."""
_MOST_VALUES: Final = 1_500_000
_HINT: Final = "the image is damaged: save or download it again"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer to a blob (image-spec, descriptor.md); digest is empty where it is none, texts are as they stand."""

    digest: str
    media_type: str = ""
    size: int | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Cleaned."""
    platform: Platform | None = None
    artifact_type: str = ""
    place: str = ""
    """Where it stands, for findings."""
    urls: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The digest as messages name it."""
        return short_digest(self.digest)


def short_digest(digest: str) -> str:
    """Return a digest as messages name it."""
    algorithm, _, encoded = digest.partition(":")
    return f"{algorithm}:{encoded[:12]}" if encoded else "without a digest"


def read_descriptor(document: JsonObject) -> Descriptor:
    """Return the descriptor that an object holds; a malformed digest is a finding."""
    digest = document.raw_text("digest")
    if not is_digest(digest):
        message = f"{document.place}: {document.text('digest') or 'nothing'} is given as a digest"
        document.notes.add("digest-malformed", "high", message, document.place)
        digest = ""
    platform = read_platform(document.item("platform")) if "platform" in document else None
    return Descriptor(
        digest,
        document.raw_text("mediaType"),
        document.number("size"),
        document.mapping("annotations"),
        platform,
        document.raw_text("artifactType"),
        document.place,
        document.texts("urls"),
    )


def note_repeated(name: str, documents: Documents) -> None:
    """Take note that an archive holds several files of one name."""
    message = f"{documents.cleaner.clean(name)} is there more than once: the last one was read, as engines do"
    documents.notes.add("member-repeated", "medium", message, documents.cleaner.clean(name))


class Documents:
    """The documents of one archive or layout."""

    def __init__(self, store: Store, cleaner: TextCleaner, notes: ImageNotes) -> None:
        self.store = store
        self.cleaner = cleaner
        self.notes = notes
        self._bytes = self._values = 0
        self._parsed: dict[str, JsonObject | None] = {}
        self._sizes: dict[str, int] = {}

    def named(self, name: str) -> object:
        """Return the JSON of a file; None, with a finding, if there is none. Raises UnreadableArtifact for a bad one."""
        raw = self.raw(name)
        return None if raw is None else parse_json(raw, f"{self.store.label}: {self.cleaner.clean(name)}")

    def raw(self, name: str) -> bytes | None:
        """Return the bytes of a small file; None if there is none. Raises UnreadableArtifact for what cannot be read."""
        found = self.store.find(name)
        label = f"{self.store.label}: {self.cleaner.clean(name)}"
        if found.problem or found.place is None:
            if found.problem == "missing":
                return None
            raise UnreadableArtifact(f"{label}: {found.problem}", _HINT)
        if found.place.length > LARGEST_JSON:
            raise UnreadableArtifact(f"{label}: is larger than {LARGEST_JSON >> 20} MiB", _HINT)
        self._bytes += found.place.length
        if self._bytes > _MOST_BYTES:
            raise UnreadableArtifact(f"{self.store.label}: its manifests are larger than {_MOST_BYTES >> 20} MiB", _HINT)
        if found.repeated:
            note_repeated(name, self)
        raw = self.store.read(found.place, found.place.length)
        self._values += most_values(raw)
        if self._values > _MOST_VALUES:
            raise UnreadableArtifact(f"{self.store.label}: its manifests hold more than {_MOST_VALUES:,} values", _HINT)
        return raw

    def fetch(self, descriptor: Descriptor, what: str, may_be_absent: bool = False) -> JsonObject | None:
        """Return the document that a descriptor points at, as an object; None, with a finding, where it cannot be read.

        what names it in findings; engines leave out manifests for platforms that they have not pulled.
        """
        if not descriptor.digest:
            return None
        if descriptor.digest not in self._parsed:
            self._parsed[descriptor.digest] = self._fetch(descriptor, what, may_be_absent)
        return self._parsed[descriptor.digest]

    def size_of(self, descriptor: Descriptor) -> int:
        """Return the bytes of a document that was fetched, otherwise what its descriptor claims."""
        return self._sizes.get(descriptor.digest, descriptor.size or 0)

    def _fetch(self, descriptor: Descriptor, what: str, may_be_absent: bool) -> JsonObject | None:
        place = f"{what} {descriptor.short}"
        try:
            raw = self.raw(blob_name(descriptor.digest))
            if raw is None and may_be_absent:
                platform = f" for {descriptor.platform}" if descriptor.platform else ""
                self.notes.add("manifest-absent", "info", f"the {place}{platform} is listed and not in the archive", place)
                return None
            if raw is None:
                self.notes.add("blob-missing", "high", f"the {place} is not there", place, _HINT)
                return None
            self._verify(raw, descriptor, place)
            return JsonObject.of(parse_json(raw, place), place, self.cleaner, self.notes)
        except UnreadableArtifact as error:
            self.notes.add(
                "metadata-unreadable", "high", f"the {error.message.removeprefix(f'{self.store.label}: ')}", place, _HINT
            )
            return None

    def _verify(self, raw: bytes, descriptor: Descriptor, place: str) -> None:
        self._sizes[descriptor.digest] = len(raw)
        if not matches(raw, descriptor.digest):
            self.notes.add("digest-mismatch", "high", f"the {place} is not what its digest says: it was changed", place, _HINT)
        if descriptor.size is not None and descriptor.size != len(raw):
            message = f"the {place} has {len(raw):,} bytes where its descriptor says {descriptor.size:,}"
            self.notes.add("size-mismatch", "high", message, place, _HINT)
