"""The archive that `docker save` makes, read once and forward only: layers and documents, in whatever order they come."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

from inspector.engines import failures as engine_failures
from inspector.engines.connection import Engine, streamed
from inspector.engines.stream import ByteSource, StoppableSource
from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.image.decompress import Portion
from inspector.formats.image.engine_blob import Prefixed, uncompressed
from inspector.formats.image.engine_body import Body
from inspector.formats.image.json_text import LARGEST_JSON
from inspector.formats.image.layer_answer import Allowance
from inspector.formats.image.layer_records import IndexedLayer, note_odd_names
from inspector.formats.image.layer_stream import LayerIndexer
from inspector.formats.image.magic import compression_of
from inspector.formats.image.tar_header import BLOCK, LayerProblem
from inspector.formats.image.tar_sources import StreamSource
from inspector.formats.image.tar_walk import walk
from inspector.records.finding import Finding
from inspector.records.image import Compression

_REGULAR: Final = frozenset({b"0", b"\0", b"7"})
_MOST_MEMBERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class ExportedLayer:
    """One layer of the archive, indexed: its name there, and digest, compression and bytes of the blob as stored."""

    name: str
    indexed: IndexedLayer
    digest: str
    compression: Compression
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class ExportedDocument:
    """One JSON document of the archive: a configuration, a manifest or anything else."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class ExportedBlob:
    """A blob that may be a layer, to be read before the next is asked for."""

    name: str
    source: ByteSource
    length: int
    compression: Compression


class Export:
    """One export of an image; received counts the bytes that have come, from whatever thread one looks."""

    def __init__(self, engine: Engine, name: str, label: str) -> None:
        self._engine = engine
        self._name = name
        self._label = label
        self._source: StoppableSource | None = None
        self._cleaner = TextCleaner(label)

    @property
    def received(self) -> int:
        """Bytes that have come so far."""
        return 0 if self._source is None else self._source.count

    def notes(self) -> Sequence[Finding]:
        """Return what was noticed of the names in all layers; to be asked for at the end."""
        return note_odd_names(self._cleaner)

    def items(self, stop: threading.Event) -> Iterator[ExportedLayer | ExportedDocument]:
        """Yield layers and documents; raises UnreadableArtifact if the engine refuses, LayerProblem where it breaks off."""
        allowance = Allowance()
        for item in self.blobs(stop):
            if isinstance(item, ExportedDocument):
                yield item
            else:
                layer = _indexed(item, allowance, self._cleaner)
                allowance = _less(allowance, layer.indexed)
                yield layer

    def blobs(self, stop: threading.Event) -> Iterator[ExportedBlob | ExportedDocument]:
        """Yield blobs unread, and documents; raises as items() does."""
        with self._response(stop) as source:
            outer = StreamSource(source.read, digest=False)
            for count, member in enumerate(walk(outer)):
                if count > _MOST_MEMBERS:
                    raise LayerProblem(f"the engine sent more than {_MOST_MEMBERS:,} files")
                if member.flag in _REGULAR and member.stored and member.sparse is None:
                    found = _told_apart(
                        member.name.decode("ascii", "replace"), Portion(outer.read, member.stored), member.stored
                    )
                    if found is not None:
                        yield found

    @contextmanager
    def _response(self, stop: threading.Event) -> Iterator[StoppableSource]:
        import requests

        try:
            with streamed(self._engine, f"images/{quote(self._name, safe='/:@')}/get") as response:
                if response.status_code != requests.codes.ok:
                    raise _refusal(self._label, self._engine, response)
                self._source = StoppableSource(Body(response), stop)
                yield self._source
        except (requests.RequestException, OSError) as error:
            raise engine_failures.broken(self._label, self._engine, error) from None


def _refusal(label: str, engine: Engine, response: Any) -> UnreadableArtifact:
    body: bytes = response.raw.read(1 << 16)
    return engine_failures.refused(label, engine, body.decode("utf-8", "replace"))


def _told_apart(name: str, portion: Portion, length: int) -> ExportedBlob | ExportedDocument | None:
    """Return what a file of the archive is, by its first bytes; None for what is neither a document nor large enough a tar."""
    head = _exactly(portion, min(BLOCK, length))
    if head[:1] in (b"{", b"["):
        return ExportedDocument(name, head + _exactly(portion, length - len(head))) if length <= LARGEST_JSON else None
    compression = compression_of(head)
    if compression is None or (compression == "none" and length < BLOCK):
        return None
    return ExportedBlob(name, Prefixed(head, portion), length, compression)


def _exactly(source: ByteSource, length: int) -> bytes:
    parts = []
    while length and (data := source.read(length)):
        parts.append(data)
        length -= len(data)
    return b"".join(parts)


def _indexed(blob: ExportedBlob, allowance: Allowance, cleaner: TextCleaner) -> ExportedLayer:
    with uncompressed(blob.source, blob.length, blob.compression) as plain:
        indexed = LayerIndexer(plain, allowance).index(cleaner, f"layer {blob.name}")
        digest = plain.stored_sha256() or indexed.sha256
    return ExportedLayer(blob.name, indexed, f"sha256:{digest}" if digest else "", blob.compression, blob.length)


def _less(allowance: Allowance, layer: IndexedLayer) -> Allowance:
    """Return what one layer leaves of an allowance to the next."""
    return replace(
        allowance,
        entries=max(0, allowance.entries - len(layer.entries)),
        content_bytes=max(0, allowance.content_bytes - sum(map(len, layer.contents.values()))),
        heads=max(0, allowance.heads - len(layer.heads)),
    )
