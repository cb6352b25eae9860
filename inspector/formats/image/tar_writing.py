"""One layer as a tar: PAX, with the same bytes for the same nodes."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.image.tar_header import BLOCK
from inspector.formats.image.tar_sparse import SparseMap
from inspector.formats.image.writing_headers import Attributes
from inspector.formats.image.writing_members import read_pieces
from inspector.formats.image.writing_tree import Node

_TYPES: Final = (
    tarfile.REGTYPE,
    tarfile.DIRTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
)
"""By kind, in the order of KINDS."""

_SPARSE_NAME: Final = "GNUSparseFile.0/sparse"
_NANOSECONDS: Final = 1_000_000_000
_END: Final = bytes(2 * BLOCK)


def tar_of(nodes: Iterable[Node]) -> Iterator[bytes]:
    """Yield the bytes of a tar that holds these nodes in this order; raises OperationFailed for what no tar can hold."""
    for node in nodes:
        try:
            yield from _member(node)
        except ValueError as error:
            name = one_line(node.attributes.path.decode("utf-8", "replace"))
            raise OperationFailed(f"{name}: cannot be written to a layer: {one_line(error)}") from None
    yield _END


def _member(node: Node) -> Iterator[bytes]:
    attributes = node.attributes
    info = _info(attributes)
    if node.content is None:
        yield _header(info)
        return
    pieces: Iterable[bytes] = (node.content,) if isinstance(node.content, bytes) else read_pieces(node.content)
    sparse = _stretches(attributes)
    if sparse is None:
        info.size = attributes.stored
    else:
        table = _sparse_table(sparse)
        info.size = len(table) + sum(length for _, length in sparse)
        info.name = _SPARSE_NAME
        info.pax_headers = {**info.pax_headers, **_sparse_records(attributes)}
        pieces = chain((table,), _first(pieces, info.size - len(table)))
    yield _header(info)
    yield from pieces
    yield bytes(-info.size % BLOCK)


def _info(attributes: Attributes) -> tarfile.TarInfo:
    """Return the header of a member, its content left out."""
    info = tarfile.TarInfo(_text(attributes.path) or ".")
    info.type = _TYPES[attributes.kind]
    info.mode = attributes.mode
    info.uid, info.gid = attributes.uid, attributes.gid
    info.uname, info.gname = _text(attributes.uname), _text(attributes.gname)
    info.linkname = _text(attributes.link)
    if attributes.device is not None:
        info.devmajor, info.devminor = attributes.device
    info.mtime = attributes.mtime_ns // _NANOSECONDS
    time = {"mtime": _seconds(attributes.mtime_ns)} if attributes.mtime_ns % _NANOSECONDS else {}
    info.pax_headers = {**{_text(key): _text(value) for key, value in attributes.records.items()}, **time}
    return info


def _header(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _seconds(nanoseconds: int) -> str:
    whole, fraction = divmod(abs(nanoseconds), _NANOSECONDS)
    return f"{'-' if nanoseconds < 0 else ''}{whole}.{fraction:09d}".rstrip("0")


def _stretches(attributes: Attributes) -> SparseMap | None:
    """Return the map of a sparse file with neighbors joined, and an empty stretch at the end of one that ends in a hole.

    None for a file that has no hole.
    """
    if attributes.sparse is None:
        return None
    joined: list[tuple[int, int]] = []
    for offset, length in attributes.sparse:
        if joined and sum(joined[-1]) == offset:
            joined[-1] = joined[-1][0], joined[-1][1] + length
        elif length:
            joined.append((offset, length))
    if joined == [(0, attributes.size)] or not attributes.size:
        return None
    if not joined or sum(joined[-1]) < attributes.size:
        joined.append((attributes.size, 0))
    return tuple(joined)


def _sparse_table(sparse: SparseMap) -> bytes:
    """Return the map as PAX 1.0 has it in front of the data: the number of stretches, offset and length of each, padded."""
    lines = [len(sparse), *(number for stretch in sparse for number in stretch)]
    table = b"".join(b"%d\n" % line for line in lines)
    return table + bytes(-len(table) % BLOCK)


def _sparse_records(attributes: Attributes) -> dict[str, str]:
    return {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": _text(attributes.path),
        "GNU.sparse.realsize": str(attributes.size),
    }


def _first(pieces: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Yield no more bytes than that: some archives store more of a sparse file than its map speaks of."""
    for piece in pieces:
        yield piece[:length]
        length -= min(length, len(piece))
