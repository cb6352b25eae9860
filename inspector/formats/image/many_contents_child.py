"""Contents of many files read in one pass over each layer, as a child process does it: each becomes a stream to seek in."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from inspector.errors import InspectorError
from inspector.formats.image.decompress import Bounded, Portion, StretchReader, decompressor, most_uncompressed
from inspector.formats.image.layer_answer import Allowance, LayerPlace
from inspector.formats.image.layer_places import is_plain
from inspector.formats.image.many_answer import FirstBytes, ManyRequest, WantedContent, WantedLayer
from inspector.formats.image.tar_content import Piece, content_pieces
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import FileStretch, Read, StreamSource, TarSource
from inspector.formats.image.tar_walk import Member, walk
from inspector.formats.onnx.open_file import open_regular
from inspector.records.image import Compression

Report = Callable[[int, int, str], None]

_IN_MEMORY: Final = 8 << 20
"""Bytes of a content from a compressed layer that are not put into a temporary file."""
_BUFFER: Final = 4096


def first_bytes_in_child(request: ManyRequest, report: Report) -> FirstBytes:
    """Return the first bytes of every file asked for, as many as it says."""
    answer = FirstBytes()
    for content, stream in each_content(request, report, answer.problems):
        answer.found.append((content.number, stream.read(content.most)))
    return answer


def each_content(request: ManyRequest, report: Report, problems: list[str]) -> Iterator[tuple[WantedContent, IO[bytes]]]:
    """Yield every content that can be read with a stream of it, good until the next; what cannot becomes a problem."""
    total = sum(len(layer.contents) for layer in request.layers)
    deadline = time.monotonic() + request.seconds
    done = 0
    for path, wrapping in dict.fromkeys((layer.place.path, layer.place.wrapping) for layer in request.layers):
        layers = [layer for layer in request.layers if (layer.place.path, layer.place.wrapping) == (path, wrapping)]
        layers.sort(key=lambda layer: layer.place.stretch.offset)
        try:
            with _opened(path) as descriptor:
                for found in _of_file(descriptor, wrapping, layers, deadline, problems):
                    yield found
                    done += 1
                    report(done, total, "files")
        except InspectorError as error:
            problems.append(error.message)


@contextmanager
def _opened(path: bytes) -> Iterator[int]:
    descriptor = open_regular(Path(os.fsdecode(path)))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _of_file(
    descriptor: int, wrapping: Compression, layers: Sequence[WantedLayer], deadline: float, problems: list[str]
) -> Iterator[tuple[WantedContent, IO[bytes]]]:
    """Yield what is wanted of the layers in one file, in the order they lie in it."""
    outer = _unwrapped(descriptor, wrapping, deadline) if wrapping != "none" else None
    for layer in layers:
        try:
            if is_plain(layer.place):
                yield from _where_they_lie(descriptor, layer, deadline)
            else:
                yield from _from_stream(_uncompressed(descriptor, outer, layer.place, deadline), layer)
        except LayerProblem as problem:
            problems.append(f"a layer {problem}")


def _where_they_lie(descriptor: int, layer: WantedLayer, deadline: float) -> Iterator[tuple[WantedContent, IO[bytes]]]:
    stretch = layer.place.stretch
    for content in layer.contents:
        if time.monotonic() > deadline:
            raise LayerProblem("was not read on: it took too long")
        room = stretch.length - content.offset
        if not content.sparse and 0 < content.size <= room:
            window = _Window(descriptor, stretch.offset + content.offset, content.size)
            yield content, io.BufferedReader(window, _BUFFER)
    if any(content.sparse for content in layer.contents):
        source = FileStretch(descriptor, stretch.offset, stretch.length)
        yield from _walked(source, [content for content in layer.contents if content.sparse])


def _from_stream(read: Read, layer: WantedLayer) -> Iterator[tuple[WantedContent, IO[bytes]]]:
    return _walked(StreamSource(read, digest=False), layer.contents)


def _walked(source: TarSource, contents: Sequence[WantedContent]) -> Iterator[tuple[WantedContent, IO[bytes]]]:
    """Yield contents that a walk passes by, each copied to a file of its own that is gone afterwards."""
    wanted: dict[int, list[WantedContent]] = {}
    for content in contents:
        wanted.setdefault(content.offset, []).append(content)
    for member in walk(source):
        here = wanted.pop(member.offset, None) if member.stored else None
        if here:
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
                most = max(content.most for content in here)
                _copy(_pieces(source, member, most), spool)
                for content in here:
                    spool.seek(0)
                    yield content, spool
        if not wanted:
            return


def _pieces(source: TarSource, member: Member, most: int) -> Iterator[Piece]:
    sparse = ((0, member.size),) if member.sparse is None else member.sparse
    return content_pieces(source, member.offset, member.size, sparse, 0, most)


def _copy(pieces: Iterator[Piece], spool: IO[bytes]) -> None:
    """Write pieces to a file; where there is no room for more, it ends there."""
    with suppress(OSError):
        for piece in pieces:
            if isinstance(piece, int):
                spool.seek(piece - 1, os.SEEK_CUR)
                spool.write(b"\0")
            else:
                spool.write(piece)


def _unwrapped(descriptor: int, wrapping: Compression, deadline: float) -> StreamSource:
    size = os.fstat(descriptor).st_size
    stream = decompressor(StretchReader(descriptor, 0, size).read, wrapping)
    return StreamSource(_bounded(stream.read, size, deadline), digest=False)


def _uncompressed(descriptor: int, outer: StreamSource | None, place: LayerPlace, deadline: float) -> Read:
    stretch = place.stretch
    if outer is None:
        stored: Read = StretchReader(descriptor, stretch.offset, stretch.length).read
    elif outer.position > stretch.offset or not outer.move_to(stretch.offset):
        raise LayerProblem("overlaps another one, or the archive ends before it")
    else:
        stored = Portion(outer.read, stretch.length).read
    return _bounded(decompressor(stored, stretch.compression).read, stretch.length, deadline)


def _bounded(read: Read, length: int, deadline: float) -> Read:
    bounds = Allowance()
    return Bounded(read, most_uncompressed(length, bounds.uncompressed_bytes, bounds.ratio), deadline).read


class _Window(io.RawIOBase):
    """A stretch of an open file as a file of its own; what lies outside cannot be reached."""

    def __init__(self, descriptor: int, offset: int, size: int) -> None:
        self._descriptor = descriptor
        self._offset = offset
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a position, which is kept between the first byte and the end."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = min(max(0, base + offset), self._size)
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill a buffer from the position on."""
        data = os.pread(self._descriptor, min(len(buffer), self._size - self._at), self._offset + self._at)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
