"""What is in the files of layers, read when asked for: from plain layers where it lies, from compressed ones by a child."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Final

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.image.layer_answer import ContentRequest, LayerPlace
from inspector.formats.image.layer_hashes import hash_entries
from inspector.formats.image.layer_places import is_plain, limits_for, opened, place_of, seconds_for
from inspector.formats.image.tar_content import (
    Piece,
    content_pieces,
    counted,
    sparse_map_at,
    write_piece,
)
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import FileStretch
from inspector.isolation import failure
from inspector.isolation.child import run_child
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress, Started
from inspector.records.image import Entry, Image

__all__ = ["MOST_READ", "copy_entry", "hash_entries", "read_entry"]

MOST_READ: Final = 64 << 20
"""Bytes that read_entry gives at once."""

_CHILD: Final = "inspector.formats.image.layer_child"
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
    request = ContentRequest(place, entry.offset, entry.size, entry.sparse, start, length, seconds_for(place))
    title = f"reading {one_line(entry.path)}"
    for event in run_child(f"{_CHILD}:read_in_child", request, bytes, limits_for(place), cancel, title=title):
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
    request = ContentRequest(place, entry.offset, entry.size, entry.sparse, 0, entry.size, seconds_for(place), output, begin)
    title = f"copying {one_line(entry.path)}"
    for event in run_child(f"{_CHILD}:copy_in_child", request, int, limits_for(place), cancel, title=title):
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
