"""Passes over layers as a child process makes them: to index, to read one content, to digest several."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.image.decompress import (
    Bounded,
    Decompressor,
    Digesting,
    Portion,
    StretchReader,
    decompressor,
    most_uncompressed,
)
from inspector.formats.image.layer_answer import (
    Allowance,
    ContentRequest,
    HashRequest,
    LayerPlace,
    PassRequest,
    RawLayer,
    RawNote,
    Stretch,
)
from inspector.formats.image.layer_stream import index_raw
from inspector.formats.image.layer_walk import walk_plain
from inspector.formats.image.tar_content import (
    Piece,
    content_pieces,
    counted,
    digest_content,
    sparse_map_at,
    write_piece,
)
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import CHUNK, Read, StreamSource
from inspector.formats.image.tar_walk import walk
from inspector.formats.onnx.open_file import open_regular

Report = Callable[[int, int, str], None]


def index_in_child(request: PassRequest, report: Report) -> list[RawLayer]:
    """Index every stretch of one file in a single pass; a layer that cannot be read has a problem."""
    gc.disable()
    with _opened(request.path) as descriptor:
        return _Pass(request, descriptor, report).layers()


class _Pass:
    """One pass over a file, from layer to layer."""

    def __init__(self, request: PassRequest, descriptor: int, report: Report) -> None:
        self._request = request
        self._report = report
        self._deadline = time.monotonic() + request.allowance.seconds
        self._file_size = os.fstat(descriptor).st_size
        self._descriptor = descriptor
        self._total = sum(stretch.length for stretch in request.stretches)
        self._done = 0
        self._position = 0
        self._outer = self._unwrapped()

    def layers(self) -> list[RawLayer]:
        """Return what indexing gave for each stretch."""
        found: list[RawLayer] = []
        left = self._request.allowance
        for stretch in self._request.stretches:
            is_plain = self._request.wrapping == stretch.compression == "none"
            raw = self._plain_layer(stretch, left) if is_plain else self._layer(stretch, left)
            left = _less(left, raw)
            found.append(raw)
            self._done += stretch.length
        return found

    def _unwrapped(self) -> Read:
        """Return what reads the file as a whole, decompressed where it is wrapped."""
        stream = decompressor(StretchReader(self._descriptor, 0, self._file_size).read, self._request.wrapping)
        allowance = self._request.allowance
        most = most_uncompressed(self._file_size, allowance.uncompressed_bytes, allowance.ratio)
        return Bounded(stream.read, most, self._deadline).read

    def uncompressed(self, stretch: Stretch) -> Read:
        """Return what reads one layer; raises LayerProblem where the file does not reach that far."""
        return self._bounded(decompressor(self._portion(stretch), stretch.compression), stretch, self._request.allowance)

    def _bounded(self, stream: Decompressor, stretch: Stretch, allowance: Allowance) -> Read:
        most = most_uncompressed(stretch.length, allowance.uncompressed_bytes, allowance.ratio)
        return Bounded(stream.read, most, self._deadline).read

    def _plain_layer(self, stretch: Stretch, allowance: Allowance) -> RawLayer:
        def tell(position: int) -> None:
            self._report(self._done + position, self._total, "bytes")
            if time.monotonic() > self._deadline:
                raise LayerProblem("takes too long to read")

        return walk_plain(self._descriptor, stretch, allowance, tell)

    def _layer(self, stretch: Stretch, allowance: Allowance) -> RawLayer:
        try:
            stored = Digesting(self._portion(stretch))
        except LayerProblem as problem:
            return RawLayer([], problem=str(problem))
        stream = decompressor(stored.read, stretch.compression)
        source = StreamSource(self._bounded(stream, stretch, allowance))
        raw = index_raw(source, allowance, lambda _: self._report(self._done + stored.count, self._total, "bytes"))
        notes = (*raw.notes, RawNote("layer-trailer", 1, ())) if stream.has_trailer else raw.notes
        blob = ""
        if not raw.problem or self._request.wrapping != "none":
            try:
                blob = stored.finish()
            except LayerProblem as problem:
                return _with(raw, notes, "", raw.problem or str(problem))
        return _with(raw, notes, blob, raw.problem)

    def _portion(self, stretch: Stretch) -> Read:
        if self._request.wrapping == "none":
            return StretchReader(self._descriptor, stretch.offset, stretch.length).read
        while self._position < stretch.offset:
            skipped = len(self._outer(min(CHUNK, stretch.offset - self._position)))
            if not skipped:
                raise LayerProblem(f"cut short: the archive ends at byte {self._position:,}")
            self._position += skipped
        self._position += stretch.length
        return Portion(self._outer, stretch.length).read


def _with(raw: RawLayer, notes: tuple[RawNote, ...], blob: str, problem: str) -> RawLayer:
    return RawLayer(raw.entries, raw.contents, raw.heads, notes, raw.size_bytes, raw.sha256, blob, problem)


def _less(allowance: Allowance, raw: RawLayer) -> Allowance:
    """Return what one layer leaves of an allowance to the next."""
    return replace(
        allowance,
        entries=max(0, allowance.entries - len(raw.entries)),
        text_bytes=max(0, allowance.text_bytes - sum(len(entry.path) + len(entry.link) for entry in raw.entries)),
        content_bytes=max(0, allowance.content_bytes - sum(len(data) for _, data in raw.contents)),
        heads=max(0, allowance.heads - len(raw.heads)),
        uncompressed_bytes=max(0, allowance.uncompressed_bytes - raw.size_bytes),
    )


def read_in_child(request: ContentRequest, report: Report) -> bytes:
    """Return a stretch of one content; raises OperationFailed where it cannot be read."""
    with _content(request) as pieces:
        parts = []
        for done, piece in pieces:
            parts.append(bytes(piece))
            report(done, request.length, "bytes")
        return b"".join(parts)


def copy_in_child(request: ContentRequest, report: Report) -> int:
    """Write a stretch of one content to the output and return its bytes; raises OperationFailed."""
    descriptor = os.open(request.output, os.O_WRONLY | os.O_CLOEXEC)
    if request.output_offset is not None:
        os.lseek(descriptor, request.output_offset, os.SEEK_SET)
    done = 0
    with _content(request) as pieces:
        for done, piece in pieces:
            write_piece(descriptor, piece)
            report(done, request.length, "bytes")
    return done


def hash_in_child(request: HashRequest, report: Report) -> dict[int, str]:
    """Return the sha256 in hexadecimal of every content asked for that could be read, by offset."""
    wanted = set(request.offsets)
    found: dict[int, str] = {}
    with _layer_source(request.place, request.seconds) as source, suppress(LayerProblem):
        for member in walk(source):
            if member.offset in wanted and member.stored:
                found[member.offset] = digest_content(source, member)
                report(len(found), len(wanted), "files")
                if len(found) == len(wanted):
                    break
    return found


@contextmanager
def _content(request: ContentRequest) -> Iterator[Iterator[tuple[int, Piece]]]:
    """Hold the pieces of what is asked for, each with the bytes done after it."""
    try:
        with _layer_source(request.place, request.seconds) as source:
            sparse = sparse_map_at(source, request.offset) if request.sparse else ((0, request.size),)
            pieces = content_pieces(source, request.offset, request.size, sparse, request.start, request.length)
            yield counted(pieces)
    except LayerProblem as problem:
        raise OperationFailed(f"the layer {problem}", "the layer is damaged: save the image again") from None
    except UnreadableArtifact as error:
        raise OperationFailed(error.message, error.hint) from None


@contextmanager
def _layer_source(place: LayerPlace, seconds: float) -> Iterator[StreamSource]:
    """Hold one uncompressed layer as a stream, bounded."""
    bounds = Allowance(seconds=seconds)
    with _opened(place.path) as descriptor:
        one = _Pass(PassRequest(place.path, place.wrapping, (place.stretch,), bounds), descriptor, _silent)
        yield StreamSource(one.uncompressed(place.stretch), digest=False)


@contextmanager
def _opened(path: bytes) -> Iterator[int]:
    descriptor = open_regular(Path(os.fsdecode(path)))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _silent(_done: int, _total: int, _note: str) -> None:
    return
