"""The content of one file of an image on an engine, by way of a container that is never started, or of another export."""

from __future__ import annotations

import atexit
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Final

from inspector.engines.connection import Engine, engines, streamed
from inspector.engines.stream import Listener, StoppableSource
from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.image.engine_blob import uncompressed
from inspector.formats.image.engine_body import Body
from inspector.formats.image.engine_export import Export, ExportedBlob
from inspector.formats.image.tar_content import Piece, content_pieces, write_piece
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import StreamSource
from inspector.formats.image.tar_walk import Member, walk
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.image import Entry, Image, Layer

MOST_READ: Final = 64 << 20
"""Bytes that read_engine_entry gives at once."""

_held: Final[dict[str, Engine]] = {}
"""Containers that exist just now."""

_REGULAR: Final = frozenset({b"0", b"\0", b"7"})
_NEVER_STARTED: Final = ["modelpack-tui reads a file of this image"]
_HINT: Final = "save the image and open the file: docker save"


def read_engine_entry(
    image: Image, layer_index: int, entry: Entry, start: int = 0, length: int = 65536, cancel: CancelToken | None = None
) -> bytes:
    """Return bytes start to start + length of the content of a file, at most MOST_READ, fewer at its end.

    Raises OperationFailed where the engine does not give the file, UnreadableArtifact where none answers, ChildFailed when
    cancelled.
    """
    length = min(length, entry.size - start, MOST_READ)
    if entry.kind != "file" or length <= 0 or start < 0:
        return b""
    parts: list[bytes] = []
    for piece in _content(image, layer_index, entry, (start, length), cancel):
        if piece is None:
            parts.clear()
        else:
            parts.append(bytes(piece))
    return b"".join(parts)


def copy_engine_entry(
    image: Image, layer_index: int, entry: Entry, descriptor: int, cancel: CancelToken | None = None
) -> Iterator[Event[int]]:
    """Write the whole content of a file to an open descriptor, from where that stands; yield progress and at last its bytes.

    The descriptor must be one that can be cut off again: what the first way brought may turn out to be another file's.
    Raises as read_engine_entry() does, and OperationFailed where the descriptor cannot be written.
    """
    yield Started(f"copying {one_line(entry.path)}")
    done, begin = 0, os.lseek(descriptor, 0, os.SEEK_CUR)
    pieces = _content(image, layer_index, entry, (0, entry.size), cancel) if entry.kind == "file" and entry.size else ()
    for piece in pieces:
        if piece is None:
            done = 0
            os.lseek(descriptor, begin, os.SEEK_SET)
            os.ftruncate(descriptor, begin)
            continue
        _write(descriptor, piece, entry)
        done += piece if isinstance(piece, int) else len(piece)
        yield Progress(done, entry.size, "bytes")
    yield Finished(done)


def _write(descriptor: int, piece: Piece, entry: Entry) -> None:
    try:
        write_piece(descriptor, piece)
    except OSError as error:
        raise OperationFailed(f"{one_line(entry.path)} cannot be copied: {error.strerror}", "check the space left") from None


def _content(
    image: Image, layer_index: int, entry: Entry, stretch: tuple[int, int], cancel: CancelToken | None
) -> Iterator[Piece | None]:
    """Yield the pieces of a stretch of a content; None says that what came so far was another's and is to be forgotten.

    A container gives a file of the final file system at once, whatever the size of the image. What lies under it, only the
    export has, for which engines first put the whole archive together.
    """
    label, title = f"{one_line(image.artifact.path)}: ", f"reading {one_line(entry.path)}"
    with engines(label, image.artifact.metadata.get("engine address", "")) as found:
        attempt = _Attempt(found[0], image, image.layers[layer_index], entry, stretch, label)
        ways = (
            (attempt.from_container, attempt.from_export) if _is_on_top(image, layer_index, entry) else (attempt.from_export,)
        )
        for way in ways:
            check = _Check(entry, stretch)
            with closing(Listener(way).listen(cancel or CancelToken(), title)) as pieces:
                for piece in pieces:
                    if isinstance(piece, _Candidate):
                        check = _Check(entry, stretch)
                        yield None
                    elif piece is not None:
                        check.add(piece)
                        yield piece
                    if check.passed:
                        return
            yield None
    raise OperationFailed(f"{label}the engine does not give {one_line(entry.path)} any more", _HINT)


def _is_on_top(image: Image, layer_index: int, entry: Entry) -> bool:
    """Tell whether no layer above touches the path or hides a folder it lies in: then a container has this very file."""
    parts = entry.path.split("/")
    folders = {"/".join(parts[:count]) for count in range(len(parts))}
    return not any(
        above.path == entry.path or (above.path in folders and (above.kind != "directory" or above.whiteout))
        for layer in image.layers[layer_index + 1 :]
        for above in layer.entries or ()
    )


class _Candidate:
    """Says that the pieces that follow begin anew."""


class _Check:
    """Whether pieces are what was asked for: as many bytes and, of a whole file whose digest is known, with that digest."""

    def __init__(self, entry: Entry, stretch: tuple[int, int]) -> None:
        start, self._length = stretch
        self._wanted = entry.sha256 if start == 0 and self._length == entry.size and not entry.sparse else ""
        self._count = 0
        self._sha256 = hashlib.sha256()

    def add(self, piece: Piece) -> None:
        """Take note of one piece."""
        self._count += piece if isinstance(piece, int) else len(piece)
        if self._wanted and not isinstance(piece, int):
            self._sha256.update(piece)

    @property
    def passed(self) -> bool:
        """Whether all has come and is right."""
        return self._count == self._length and (not self._wanted or self._sha256.hexdigest() == self._wanted)


class _Attempt:
    """Two ways to one content; each is a generator for a Listener."""

    def __init__(self, engine: Engine, image: Image, layer: Layer, entry: Entry, stretch: tuple[int, int], label: str) -> None:
        self._engine = engine
        self._identity = image.artifact.metadata.get("image ID", "")
        self._layer = layer
        self._entry = entry
        self._stretch = stretch
        self._label = label

    def from_container(self, stop: threading.Event) -> Iterator[Piece | _Candidate]:
        """Yield the content from the file system of a container; nothing where that has another file at the path, or none."""
        if "\\" in self._entry.path or "…" in self._entry.path:
            return  # possibly cleaned: not what the engine calls it
        import docker
        import requests

        failures = (LayerProblem, docker.errors.DockerException, requests.RequestException, OSError)
        with suppress(*failures), _container(self._engine, self._identity) as container:
            where = f"containers/{container}/archive"
            with streamed(self._engine, where, path=f"/{self._entry.path}") as response:
                if response.status_code != requests.codes.ok:
                    return
                source = StreamSource(StoppableSource(Body(response), stop).read, digest=False)
                member = next(walk(source), None)
                if member is not None and self._is_same(member):
                    yield from self._pieces(source, member)

    def from_export(self, stop: threading.Event) -> Iterator[Piece | _Candidate]:
        """Yield the content from the layer it is in, or from layers that may be it, each a candidate."""
        export = Export(self._engine, self._identity, self._label)
        with suppress(LayerProblem):
            for blob in export.blobs(stop):
                if isinstance(blob, ExportedBlob) and self._may_be(blob):
                    yield from self._from_blob(blob)

    def _from_blob(self, blob: ExportedBlob) -> Iterator[Piece | _Candidate]:
        with suppress(LayerProblem), uncompressed(blob.source, blob.length, blob.compression) as plain:
            source = StreamSource(plain.read, digest=False)
            for member in walk(source):
                if member.offset == self._entry.offset and self._is_same(member):
                    yield from self._candidate(source, member)
                if member.offset > self._entry.offset:
                    return

    def _candidate(self, source: StreamSource, member: Member) -> Iterator[Piece | _Candidate]:
        """Yield a content that may be the one; a stretch of it only once the whole has turned out to have the right digest."""
        start, length = self._stretch
        if not self._entry.sha256 or member.sparse is not None or length == member.size:
            yield _Candidate()
            yield from self._pieces(source, member)
            return
        sha256, kept, position = hashlib.sha256(), bytearray(), 0
        for piece in source.pieces(member.size):
            sha256.update(piece)
            kept += piece[max(start - position, 0) : max(start + length - position, 0)]
            position += len(piece)
        if sha256.hexdigest() == self._entry.sha256:
            yield _Candidate()
            yield bytes(kept)

    def _pieces(self, source: StreamSource, member: Member) -> Iterator[Piece]:
        sparse = ((0, member.size),) if member.sparse is None else member.sparse
        for piece in content_pieces(source, member.offset, member.size, sparse, *self._stretch):
            yield piece if isinstance(piece, int) else bytes(piece)

    def _is_same(self, member: Member) -> bool:
        """Tell whether a member can be the entry; a digest of the content, where one is known, decides in the end."""
        entry = self._entry
        return member.flag in _REGULAR | {b"S"} and (member.size, member.mtime) == (entry.size, entry.mtime)

    def _may_be(self, blob: ExportedBlob) -> bool:
        """Tell whether a blob can be the layer, by its name where that is a digest."""
        names = {digest.rpartition(":")[2] for digest in (self._layer.digest, self._layer.diff_id) if digest}
        stem = blob.name.rpartition("/")[2].removesuffix(".tar")
        return stem in names or len(stem) != 64


@contextmanager
def _container(engine: Engine, identity: str) -> Iterator[str]:
    """Hold a container of the image, which is never started and always removed; raises DockerException where none is made."""
    made = engine.client.create_container(identity, command=_NEVER_STARTED, network_disabled=True)
    container = str(made["Id"])
    _held[container] = engine
    try:
        yield container
    finally:
        _remove(container)


def _remove(container: str) -> None:
    import docker
    import requests

    engine = _held.pop(container, None)
    if engine is not None:
        with suppress(docker.errors.DockerException, requests.RequestException, OSError):
            engine.client.remove_container(container, force=True, v=True)


@atexit.register
def _remove_all() -> None:
    """Remove containers that threads hold which nobody waits for."""
    for container in tuple(_held):
        _remove(container)
