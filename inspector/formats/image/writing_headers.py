"""All that the headers of a member say; the walk keeps only what is shown, not values of xattrs, owners' names, fractions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from inspector.formats.image.layer_answer import RawEntry
from inspector.formats.image.tar_header import BLOCK
from inspector.formats.image.tar_sources import TarSource
from inspector.formats.image.tar_sparse import SparseMap
from inspector.formats.image.tar_walk import Member

_EXTENDED: Final = frozenset({b"x", b"X"})
_EXTENDING: Final = frozenset({b"x", b"X", b"g", b"L", b"K"})
_ATTRIBUTES: Final = (b"SCHILY.xattr.", b"LIBARCHIVE.xattr.", b"SCHILY.acl.", b"SCHILY.fflags", b"RHT.security.")
"""Begin the PAX records that are attributes of the file itself."""

_NANOSECONDS: Final = 1_000_000_000
_MOST_DIGITS: Final = 18


class Attributes(NamedTuple):
    """One member in full: path as normalized bytes, kind by position in KINDS, mtime in ns, records by their PAX key."""

    path: bytes
    kind: int
    size: int
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    link: bytes
    uname: bytes
    gname: bytes
    records: dict[bytes, bytes]
    device: tuple[int, int] | None
    offset: int
    stored: int
    sparse: SparseMap | None


class RecordingSource:
    """A source that remembers what was read of it since take(): the headers of the member that the walk has just yielded."""

    def __init__(self, source: TarSource) -> None:
        self._source = source
        self._blocks: list[bytes] = []

    @property
    def position(self) -> int:
        """Where the next read begins."""
        return self._source.position

    @position.setter
    def position(self, value: int) -> None:
        self._source.position = value

    def read(self, length: int) -> bytes:
        """Return the next bytes, and remember them."""
        data = self._source.read(length)
        self._blocks.append(data)
        return data

    def block_at(self, position: int) -> bytes:
        """Go forward to a position and return the block there, and remember it."""
        data = self._source.block_at(position)
        self._blocks.append(data)
        return data

    def pieces(self, length: int) -> Iterator[bytes | memoryview]:
        """Yield the next bytes, without remembering them: they are no header."""
        return self._source.pieces(length)

    def move_to(self, position: int) -> bool:
        """Go forward to a position."""
        return self._source.move_to(position)

    def take(self) -> list[bytes]:
        """Return what was read since the last time, and forget it."""
        blocks, self._blocks = self._blocks, []
        return blocks


def attributes_of(member: Member, entry: RawEntry, blocks: list[bytes]) -> Attributes:
    """Return everything about a member from what the walk read for it: extensions and their headers in turn, and its header."""
    records: dict[bytes, bytes] = {}
    at = 0
    while blocks[at][156:157] in _EXTENDING:
        if blocks[at][156:157] in _EXTENDED:
            records.update(_records(blocks[at + 1]))
        at += 2
    header = blocks[at]
    return Attributes(
        entry.path,
        entry.kind,
        entry.size,
        entry.mode,
        entry.uid,
        entry.gid,
        _nanoseconds(records.get(b"mtime", b""), member.mtime),
        entry.link,
        records.get(b"uname") or _owner(header, 265),
        records.get(b"gname") or _owner(header, 297),
        {key: records[key] for key in sorted(records) if key.startswith(_ATTRIBUTES)},
        entry.device,
        member.offset,
        member.stored,
        member.sparse,
    )


def _owner(header: bytes, start: int) -> bytes:
    """Return the name of a user or group, which version 7 of the format does not have."""
    return header[start : start + 32].partition(b"\0")[0] if header[257:262] == b"ustar" and len(header) == BLOCK else b""


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield PAX records, which the walk has found to be sound: length, a space, key=value, a newline."""
    at = 0
    while (space := data.find(b" ", at)) > at and data[at:space].isdigit():
        end = at + int(data[at:space])
        key, _, value = data[space + 1 : end - 1].partition(b"=")
        yield key, value
        at = end


def _nanoseconds(text: bytes, seconds: int) -> int:
    """Return a time in ns; text is what a PAX record says of it, seconds what the walk took it for, rounded down."""
    whole, dot, fraction = text.partition(b".")
    digits = whole.removeprefix(b"-")
    if not (dot and digits.isdigit() and len(digits) <= _MOST_DIGITS and fraction.isdigit()):
        return seconds * _NANOSECONDS
    found = int(digits) * _NANOSECONDS + int(fraction[:9].ljust(9, b"0"))
    return -found if whole[:1] == b"-" else found
