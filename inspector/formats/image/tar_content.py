"""The content of one member as a reader of the file sees it: holes of sparse files included."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Final

from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import TarSource
from inspector.formats.image.tar_sparse import SparseMap
from inspector.formats.image.tar_walk import Member, walk

Piece = bytes | memoryview | int
"""Bytes, or the length of a hole."""

_ZEROS: Final = bytes(1 << 16)
_MOST_SPARSE: Final = 1 << 32
"""Bytes of the largest sparse file that is digested: its holes cost time, too."""


def content_pieces(source: TarSource, offset: int, size: int, sparse: SparseMap, start: int, length: int) -> Iterator[Piece]:
    """Yield bytes start to start + length of a content of size bytes, stored from offset on as the map says.

    Raises LayerProblem where the layer ends before.
    """
    at, end = start, min(size, start + length)
    stored_at = offset
    for data_start, data_length in sparse:
        data_end = data_start + data_length
        if data_start < end and data_end > at:
            if data_start > at:
                yield data_start - at
                at = data_start
            taken = min(data_end, end) - at
            yield from _stored(source, stored_at + at - data_start, taken)
            at += taken
        stored_at += data_length
    if at < end:
        yield end - at


def counted(pieces: Iterator[Piece]) -> Iterator[tuple[int, Piece]]:
    """Yield each piece with the bytes so far, itself included."""
    done = 0
    for piece in pieces:
        done += piece if isinstance(piece, int) else len(piece)
        yield done, piece


def sparse_map_at(source: TarSource, offset: int) -> SparseMap:
    """Return where the data lies of the sparse file whose content begins at offset, found by walking there.

    Raises LayerProblem where there is none.
    """
    for member in walk(source):
        if member.offset == offset and member.sparse is not None:
            return member.sparse
        if member.offset > offset:
            break
    raise LayerProblem("no longer holds the sparse file that was indexed")


def digest_content(source: TarSource, member: Member) -> str:
    """Return the sha256 in hexadecimal of a member that the walk has just yielded; empty for huge sparse files.

    Raises LayerProblem where it is cut short.
    """
    if member.sparse is not None and member.size > _MOST_SPARSE:
        return ""
    sparse = ((0, member.size),) if member.sparse is None else member.sparse
    sha256 = hashlib.sha256()
    for piece in content_pieces(source, member.offset, member.size, sparse, 0, member.size):
        for part in _filled(piece) if isinstance(piece, int) else (piece,):
            sha256.update(part)
    return sha256.hexdigest()


def write_piece(descriptor: int, piece: Piece) -> None:
    """Write a piece to an open file; raises OSError. Holes are zeros that the file system may leave out."""
    for part in _filled(piece) if isinstance(piece, int) else (piece,):
        view = memoryview(part)
        while view:
            view = view[os.write(descriptor, view) :]


def _filled(length: int) -> Iterator[bytes]:
    while length > 0:
        yield _ZEROS[:length]
        length -= len(_ZEROS)


def _stored(source: TarSource, position: int, length: int) -> Iterator[bytes | memoryview]:
    left = length
    if source.move_to(position):
        for piece in source.pieces(length):
            left -= len(piece)
            yield piece
    if left:
        raise LayerProblem(f"is cut short: {left:,} bytes of this file are missing")
