"""The walk from header to header of a tar: v7, ustar, star, GNU and PAX, with every extension bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from inspector.formats.image.tar_extensions import MOST_BYTES, Extension, changes_entries, long_name, only_path, read_records
from inspector.formats.image.tar_header import BLOCK, END_BLOCK, Header, LayerProblem, decode, device_numbers
from inspector.formats.image.tar_sources import TarSource
from inspector.formats.image.tar_sparse import SparseMap, old_sparse, pax_sparse

_EXTENDING: Final = frozenset({b"x", b"X", b"g", b"L", b"K"})
_WITHOUT_CONTENT: Final = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})
_DEVICES: Final = frozenset({b"3", b"4"})
_MOST_EXTENSIONS: Final = 64
"""Extensions in a row, before an entry comes."""

_NOTHING: Final = Extension()
_new: Final = tuple.__new__
"""Makes a named tuple of many fields at half the time that calling it takes."""

GLOBAL: Final = b"g"


class Member(NamedTuple):
    """One member of a tar as its headers say, names in the archive's bytes; sizes and offsets in bytes."""

    name: bytes
    flag: bytes
    """The type: one byte as in the header; GLOBAL for a global header that speaks of entries, to be taken note of."""
    size: int
    """Of the content as a reader sees it."""
    mode: int
    uid: int
    gid: int
    mtime: int
    link: bytes
    offset: int
    stored: int
    xattrs: tuple[bytes, ...]
    device: tuple[int, int] | None
    sparse: SparseMap | None


def walk(source: TarSource) -> Iterator[Member]:
    """Yield every member up to the end of the archive; whoever asks may read its content from source before going on.

    Global headers are not applied to members, as container engines do not. Raises LayerProblem where a tar is cut short or
    damaged; all members yielded until then stand.
    """
    pending: Extension | None = None
    path: bytes | None = None  # of an extension that says nothing else, and then not pending
    extensions = 0
    start = content_end = source.position
    while True:
        block = source.block_at(start)
        if len(block) < BLOCK or block == END_BLOCK:
            if source.position < content_end:  # padding that is missing at the very end is forgiven
                raise _cut_short(source)
            _check_end(source, block, start, pending is not None or path is not None)
            return
        header = decode(block, start)
        name, flag, size, mode, uid, gid, mtime, link = header
        if flag == b"0" and pending is None and size >= 0:  # a file like most: nothing to look up, nothing to undo
            start += BLOCK
            yield _new(Member, (path or name, flag, size, mode, uid, gid, mtime, link, start, size, (), None, None))
            content_end = start + size
            start = content_end + -content_end % BLOCK
            path, extensions = None, 0
            continue
        if size < 0:
            raise LayerProblem(f"the header at byte {start:,} is damaged: its size is negative")
        if flag in _EXTENDING:
            extensions += 1
            data = _extension_data(source, size, start, extensions)
            if flag == GLOBAL:
                if changes_entries(data):
                    yield _plain(header, source.position)
            elif flag == b"x" and pending is None and (found := only_path(data)):
                path = found
            else:
                pending = pending or Extension(path)
                path = None
                _extend(pending, flag, data, start)
            start = content_end = source.position
            continue
        member = _extended(source, block, header, pending or (_NOTHING if path is None else Extension(path)))
        pending, path, extensions = None, None, 0
        yield member
        content_end = member.offset + member.stored
        start = content_end + -content_end % BLOCK


def _plain(header: Header, position: int, xattrs: tuple[bytes, ...] = ()) -> Member:
    name, flag, size, mode, uid, gid, mtime, link = header
    if flag in _WITHOUT_CONTENT:
        size = 0
    elif flag == b"\0" and name.endswith(b"/"):
        flag, size = b"5", 0
    return _new(Member, (name, flag, size, mode, uid, gid, mtime, link, position, size, xattrs, None, None))


def _extended(source: TarSource, block: bytes, header: Header, extension: Extension) -> Member:
    """Return the member that a header and what came before it describe."""
    flag = header[1]
    if extension is _NOTHING and flag != b"S":
        member = _plain(header, source.position)
        return member._replace(device=device_numbers(block)) if flag in _DEVICES else member
    member = _plain(_overridden(header, extension), source.position, tuple(extension.xattrs))
    if flag in _DEVICES:
        return member._replace(device=device_numbers(block))
    if member.flag in _WITHOUT_CONTENT:
        return member
    if flag == b"S":
        size, sparse = old_sparse(source, block, member.stored)
        return member._replace(size=size, sparse=sparse, offset=source.position)
    if (found := pax_sparse(source, extension, member.stored)) is None:
        return member
    size, sparse, stored = found
    name = extension.sparse.get(b"name") or member.name
    return member._replace(name=name, size=size, sparse=sparse, stored=stored, offset=source.position)


def _overridden(header: Header, extension: Extension) -> Header:
    """Return the header with what the extension says instead of it."""
    name, flag, size, mode, uid, gid, mtime, link = header
    return (
        name if extension.path is None else extension.path,
        flag,
        size if extension.size is None else extension.size,
        mode,
        uid if extension.uid is None else extension.uid,
        gid if extension.gid is None else extension.gid,
        mtime if extension.mtime is None else extension.mtime,
        link if extension.link is None else extension.link,
    )


def _extension_data(source: TarSource, size: int, start: int, count: int) -> bytes:
    """Return what an extension holds, and move past it."""
    if size > MOST_BYTES:
        raise LayerProblem(f"the header at byte {start:,} has an extension of {size:,} bytes")
    if count > _MOST_EXTENSIONS:
        raise LayerProblem(f"more than {_MOST_EXTENSIONS} extensions lead up to one header at byte {start:,}")
    data = source.read(size)
    if len(data) < size:
        raise _cut_short(source)
    source.move_to(source.position + -size % BLOCK)
    return data


def _extend(pending: Extension, flag: bytes, data: bytes, start: int) -> None:
    if flag == b"L":
        pending.path = long_name(data)
    elif flag == b"K":
        pending.link = long_name(data)
    else:
        read_records(data, pending, start)


def _check_end(source: TarSource, block: bytes, start: int, is_extended: bool) -> None:
    """Raise LayerProblem unless the archive ends properly here: two blocks of zeros, or simply nothing more."""
    if len(block) == BLOCK:
        second = source.read(BLOCK)
        if second.strip(b"\0"):
            raise LayerProblem(f"damaged at byte {start:,}: a single block of zeros, and then more")
    elif block:
        raise _cut_short(source)
    if is_extended:
        raise LayerProblem(f"cut short at byte {start:,}: extensions without the header they extend")


def _cut_short(source: TarSource) -> LayerProblem:
    return LayerProblem(f"cut short at byte {source.position:,}")
