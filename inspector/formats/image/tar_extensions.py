"""What comes before a header to extend it: PAX records and GNU long names, bounded as engines bound them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from inspector.formats.image.tar_header import LayerProblem

MOST_BYTES: Final = 1 << 20
"""Bytes an extension may have; container engines refuse larger ones."""

_MOST_XATTRS: Final = 64
_LARGEST: Final = (1 << 63) - 1
_XATTR: Final = b"SCHILY.xattr."
_LIBARCHIVE: Final = b"LIBARCHIVE.xattr."
_SPARSE: Final = b"GNU.sparse."
_MEANT: Final = frozenset({b"path", b"linkpath", b"size", b"mtime", b"uid", b"gid"})
_MOST_DIGITS: Final = 40
_MOST_LENGTH_DIGITS: Final = 20
_NEWLINE: Final = 0x0A


@dataclass(slots=True)
class Extension:
    """What the next header is to have instead of, or besides, what stands in it; None: nothing said."""

    path: bytes | None = None
    link: bytes | None = None
    size: int | None = None
    mtime: int | None = None
    uid: int | None = None
    gid: int | None = None
    xattrs: list[bytes] = field(default_factory=list)
    sparse: dict[bytes, bytes] = field(default_factory=dict)
    """Records that begin with GNU.sparse., without that."""
    sparse_map: list[bytes] = field(default_factory=list)
    """Of GNU.sparse 0.0, which repeats its records: offsets and lengths in turn."""


def long_name(data: bytes) -> bytes:
    """Return the name that a GNU long name or long link holds."""
    return data.partition(b"\0")[0]


def read_records(data: bytes, into: Extension, position: int) -> None:
    """Take the PAX records of one extension in; raises LayerProblem where they are damaged.

    An empty value leaves what stands in the header, and a later record overrides an earlier one.
    """
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + _MOST_LENGTH_DIGITS + 1)
        digits = data[at:space] if space > 0 else b""
        end = at + int(digits) if digits.isdigit() else 0
        equals = data.find(b"=", space, end)
        if end <= space or end > len(data) or data[end - 1] != _NEWLINE or equals < 0:
            if not data[at:].strip(b"\0"):
                return
            raise LayerProblem(f"the PAX records at byte {position:,} are damaged")
        _take(data[space + 1 : equals], data[equals + 1 : end - 1], into, position)
        at = end


def only_path(data: bytes) -> bytes | None:
    """Return the path where PAX records hold that and nothing else, as most do; None for all others."""
    length, _, value = data.partition(b" path=")
    if len(value) < 2 or len(length) > _MOST_LENGTH_DIGITS or not length.isdigit() or int(length) != len(data):
        return None
    return value[:-1] if value[-1] == _NEWLINE else None


def changes_entries(data: bytes) -> bool:
    """Return whether a global header says something of entries, which engines do not heed."""
    found = Extension()
    read_records(data, found, 0)
    return found != Extension()


def _take(key: bytes, value: bytes, into: Extension, position: int) -> None:
    if key in _MEANT:
        if value:
            _take_field(key, value, into, position)
    elif key.startswith(_XATTR):
        _take_xattr(key[len(_XATTR) :], into)
    elif key.startswith(_LIBARCHIVE):
        _take_xattr(unquote_to_bytes(key[len(_LIBARCHIVE) :]), into)
    elif key.startswith(_SPARSE):
        name = key[len(_SPARSE) :]
        if name in (b"offset", b"numbytes"):
            into.sparse_map.append(value)
        else:
            into.sparse[name] = value


def _take_field(key: bytes, value: bytes, into: Extension, position: int) -> None:
    if key == b"path":
        into.path = value
    elif key == b"linkpath":
        into.link = value
    elif key == b"size":
        if (size := whole_number(value)) is None:
            raise LayerProblem(f"the PAX records at byte {position:,} are damaged: the size is no number")
        into.size = size
    elif key == b"mtime":
        into.mtime = _seconds(value)
    elif key == b"uid":
        into.uid = whole_number(value)
    else:
        into.gid = whole_number(value)


def _take_xattr(name: bytes, into: Extension) -> None:
    if name not in into.xattrs and len(into.xattrs) < _MOST_XATTRS:
        into.xattrs.append(name)


def whole_number(value: bytes) -> int | None:
    """Return a decimal number that is not negative and fits into 63 bits, None for all else."""
    if not value.isdigit() or len(value) > _MOST_DIGITS:
        return None
    number = int(value)
    return number if number <= _LARGEST else None


def _seconds(value: bytes) -> int | None:
    """Return a decimal number of seconds rounded down."""
    whole, _, fraction = value.partition(b".")
    sign = whole[:1] == b"-"
    number = whole_number(whole[1:] if sign else whole)
    if number is None or (fraction and not fraction.isdigit()):
        return None
    return -number - bool(fraction.strip(b"0")) if sign else number
