"""What is in the files of layers, read when asked for: from plain layers where it lies, from compressed ones by a child."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.image.layer_answer import ContentRequest, HashRequest, LayerPlace, Stretch
from inspector.formats.image.tar_content import (
    Piece,
    content_pieces,
    counted,
    digest_content,
    sparse_map_at,
    write_piece,
)
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import FileStretch
from inspector.formats.image.tar_walk import walk
from inspector.formats.onnx.open_file import open_regular
from inspector.isolation import failure
from inspector.isolation.child import ChildFailed, run_child
from inspector.isolation.limits import GIB, CancelToken, Limits
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.image import Entry, Image, Layer

MOST_READ: Final = 64 << 20
"""Bytes that read_entry gives at once."""

_CHILD: Final = "inspector.formats.image.layer_child"
_THREADS: Final = 2
_SLOWEST: Final = 10_000_000
"""Compressed bytes a second that a child is given time for."""

_HASH_CHUNK: Final = 1 << 20
_TELL_EVERY: Final = 64
_RUN_BYTES: Final = 32 << 20
_DAMAGED: Final = "the layer is damaged: save the image again"


def read_entry(
    image: Image,
    layer_index: int,
    entry: Entry,
    start: int = 0,
    length: int = 65536,
    cancel: CancelToken | None = None,
) -> bytes:
    """Return bytes start to start + length of the content of a file, at most MOST_READ, fewer at its end.

    Holes of sparse files are zeros. Raises OperationFailed where the layer cannot be read, ChildFailed where its child failed.
    """
    length = min(length, entry.size - start, MOST_READ)
    if entry.kind != "file" or length <= 0 or start < 0:
        return b""
    place = _place(image, layer_index)
    if is_plain(place):
        with _plain_pieces(place, entry, start, length) as pieces:
            return b"".join(bytes(piece) for piece in pieces)
    request = ContentRequest(place, entry.offset, entry.size, entry.sparse, start, length, _seconds(place))
    title = f"reading {one_line(entry.path)}"
    for event in run_child(f"{_CHILD}:read_in_child", request, bytes, _limits(place), cancel, title=title):
        if isinstance(event, Finished):
            return event.result
    raise OperationFailed(f"{title} gave nothing", _DAMAGED)


def copy_entry(
    image: Image, layer_index: int, entry: Entry, descriptor: int, cancel: CancelToken | None = None
) -> Iterator[Event[int]]:
    """Write the whole content of a file to an open descriptor, from where that stands; yield progress and at last its bytes.

    Raises OperationFailed where either cannot be read or written, ChildFailed where a child failed or was cancelled.
    """
    yield Started(f"copying {one_line(entry.path)}")
    if entry.kind != "file" or not entry.size:
        yield Finished(0)
        return
    place = _place(image, layer_index)
    if is_plain(place):
        yield from _copy_plain(place, entry, descriptor, cancel)
    elif sys.platform.startswith("linux"):
        yield from _copy_by_child(place, entry, descriptor, cancel)
    else:
        yield from _copy_in_parts(image, layer_index, entry, descriptor, cancel)


def hash_entries(
    image: Image, wanted: Mapping[int, Sequence[Entry]], cancel: CancelToken | None = None
) -> Iterator[Event[Mapping[tuple[int, int], str]]]:
    """Digest the contents of files, by layer index; yield progress and at last sha256 by (layer index, offset).

    One pass a layer; digests that indexing computed are taken as they are. What cannot be read is left out. Raises
    ChildFailed when cancelled.
    """
    yield Started("comparing contents")
    found: dict[tuple[int, int], str] = {}
    total = sum(len(entries) for entries in wanted.values())
    for index, entries in wanted.items():
        found.update({(index, entry.offset): entry.sha256 for entry in entries if entry.sha256})
        missing = [entry for entry in entries if not entry.sha256 and entry.kind == "file" and entry.size]
        if missing and image.layers[index].place is not None:
            place = _place(image, index)
            steps = _hash_plain(place, missing, cancel) if is_plain(place) else _hash_by_child(place, missing, cancel)
            for offset, digest in steps:
                found[index, offset] = digest
                if len(found) % _TELL_EVERY == 0:
                    yield Progress(len(found), total, "files")
    yield Finished(found)


def place_of(layer: Layer) -> LayerPlace | None:
    """Return where a layer lies; None for one of an engine, or whose blob is missing."""
    if layer.place is None:
        return None
    path = os.fsencode(Path(layer.place.path).absolute())
    stretch = Stretch(layer.place.offset, layer.place.length, layer.compression)
    return LayerPlace(path, layer.place.wrapping, stretch)


def is_plain(place: LayerPlace) -> bool:
    """Return whether the layer lies uncompressed in its file."""
    return place.wrapping == "none" and place.stretch.compression == "none"


@contextlib.contextmanager
def opened(place: LayerPlace) -> Iterator[int]:
    """Hold the file that a layer lies in; raises UnreadableArtifact."""
    descriptor = open_regular(Path(os.fsdecode(place.path)))
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _place(image: Image, layer_index: int) -> LayerPlace:
    place = place_of(image.layers[layer_index])
    if place is None:
        label = one_line(image.artifact.path)
        raise OperationFailed(f"layer {layer_index} of {label} cannot be read: its bytes are not there", "save the image again")
    return place


@contextlib.contextmanager
def _plain_pieces(place: LayerPlace, entry: Entry, start: int, length: int) -> Iterator[Iterator[Piece]]:
    """Hold the pieces of a content in a plain layer; raises OperationFailed."""
    try:
        with opened(place) as descriptor:
            stretch = place.stretch
            source = FileStretch(descriptor, stretch.offset, stretch.length)
            sparse = sparse_map_at(source, entry.offset) if entry.sparse else ((0, entry.size),)
            yield content_pieces(source, entry.offset, entry.size, sparse, start, length)
    except LayerProblem as problem:
        raise OperationFailed(f"the layer of {one_line(entry.path)} {problem}", _DAMAGED) from None
    except UnreadableArtifact as error:
        raise OperationFailed(error.message, error.hint) from None


def _copy_plain(place: LayerPlace, entry: Entry, descriptor: int, cancel: CancelToken | None) -> Iterator[Event[int]]:
    done = 0
    with _plain_pieces(place, entry, 0, entry.size) as pieces:
        for done, piece in counted(pieces):
            if cancel is not None and cancel.cancelled:
                raise failure.cancelled(f"copying {one_line(entry.path)}")
            _write(descriptor, piece, entry)
            yield Progress(done, entry.size, "bytes")
    yield Finished(done)


def _copy_by_child(place: LayerPlace, entry: Entry, descriptor: int, cancel: CancelToken | None) -> Iterator[Event[int]]:
    """Have a child write to the descriptor itself, which it reaches through the process file system."""
    output = f"/proc/{os.getpid()}/fd/{descriptor}".encode()
    try:
        begin: int | None = os.lseek(descriptor, 0, os.SEEK_CUR)
    except OSError:
        begin = None
    request = ContentRequest(place, entry.offset, entry.size, entry.sparse, 0, entry.size, _seconds(place), output, begin)
    title = f"copying {one_line(entry.path)}"
    for event in run_child(f"{_CHILD}:copy_in_child", request, int, _limits(place), cancel, title=title):
        if isinstance(event, Finished) and begin is not None:
            os.lseek(descriptor, begin + event.result, os.SEEK_SET)
        yield event


def _copy_in_parts(
    image: Image, layer_index: int, entry: Entry, descriptor: int, cancel: CancelToken | None
) -> Iterator[Event[int]]:
    done = 0
    while done < entry.size:
        part = read_entry(image, layer_index, entry, done, MOST_READ, cancel)
        _write(descriptor, part, entry)
        done += len(part)
        yield Progress(done, entry.size, "bytes")
    yield Finished(done)


def _write(descriptor: int, piece: Piece, entry: Entry) -> None:
    try:
        write_piece(descriptor, piece)
    except OSError as error:
        raise OperationFailed(f"{one_line(entry.path)} cannot be copied: {error.strerror}", "check the space left") from None


def _hash_plain(place: LayerPlace, entries: Sequence[Entry], cancel: CancelToken | None) -> Iterator[tuple[int, str]]:
    """Digest contents where they lie, in threads: hashing leaves the interpreter to others."""
    try:
        with opened(place) as descriptor:
            simple = sorted({entry.offset: entry for entry in entries if not entry.sparse}.values(), key=lambda e: e.offset)
            yield from _hash_in_threads(descriptor, place, simple, cancel)
            sparse = {entry.offset for entry in entries if entry.sparse}
            if sparse:
                yield from _hash_sparse(descriptor, place, sparse)
    except UnreadableArtifact:
        return


def _hash_in_threads(
    descriptor: int, place: LayerPlace, entries: Sequence[Entry], cancel: CancelToken | None
) -> Iterator[tuple[int, str]]:
    """Yield digests in the order they are ready; each thread takes a run of neighbors at a time."""
    abandoned = CancelToken()

    def is_over() -> bool:
        return abandoned.cancelled or (cancel is not None and cancel.cancelled)

    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="digest")
    try:
        for ready in as_completed([pool.submit(_hash_run, descriptor, place.stretch, run, is_over) for run in _runs(entries)]):
            if is_over():
                raise failure.cancelled("comparing contents")
            yield from ready.result()
    finally:
        abandoned.cancel()
        pool.shutdown(cancel_futures=True)


def _runs(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield neighbors together, as many as are quickly digested."""
    run: list[Entry] = []
    size = 0
    for entry in entries:
        run.append(entry)
        size += entry.size
        if len(run) == _TELL_EVERY or size > _RUN_BYTES:
            yield run
            run, size = [], 0
    if run:
        yield run


def _hash_run(
    descriptor: int, stretch: Stretch, entries: Sequence[Entry], is_over: Callable[[], bool]
) -> list[tuple[int, str]]:
    buffer = bytearray(_HASH_CHUNK)
    view = memoryview(buffer)
    found: list[tuple[int, str]] = []
    for entry in entries:
        sha256 = hashlib.sha256()
        done = 0
        left = min(entry.size, stretch.length - entry.offset)
        while done < left and not is_over():
            count = os.preadv(descriptor, [view[: min(_HASH_CHUNK, left - done)]], stretch.offset + entry.offset + done)
            if count <= 0:
                break
            sha256.update(view[:count])
            done += count
        if done == entry.size:
            found.append((entry.offset, sha256.hexdigest()))
    return found


def _hash_sparse(descriptor: int, place: LayerPlace, offsets: set[int]) -> Iterator[tuple[int, str]]:
    source = FileStretch(descriptor, place.stretch.offset, place.stretch.length)
    with contextlib.suppress(LayerProblem):
        for member in walk(source):
            if member.offset in offsets and (digest := digest_content(source, member)):
                yield member.offset, digest


def _hash_by_child(place: LayerPlace, entries: Sequence[Entry], cancel: CancelToken | None) -> Iterator[tuple[int, str]]:
    request = HashRequest(place, tuple(sorted({entry.offset for entry in entries})), _seconds(place))
    answer = run_child(f"{_CHILD}:hash_in_child", request, dict[int, str], _limits(place), cancel, title="comparing contents")
    try:
        for event in answer:
            if isinstance(event, Finished):
                yield from ((offset, digest) for offset, digest in event.result.items() if digest)
    except (ChildFailed, UnreadableArtifact) as error:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise


def _seconds(place: LayerPlace) -> float:
    """Return how long reading a layer may take; a wrapped one comes after all that lies before it."""
    before = place.stretch.offset if place.wrapping != "none" else 0
    return 60 + (before + place.stretch.length) / _SLOWEST


def _limits(place: LayerPlace) -> Limits:
    """Return the bounds of a child, which stops by itself a little before."""
    return Limits(memory_bytes=2 * GIB, wall_seconds=_seconds(place) + 10)
