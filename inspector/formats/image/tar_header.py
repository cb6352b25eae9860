"""One 512-byte tar header, decoded and checked: v7, ustar, star, GNU and PAX write the same fields."""

from __future__ import annotations

import zlib
from struct import Struct
from typing import Final

BLOCK: Final = 512
END_BLOCK: Final = bytes(BLOCK)

_LARGEST: Final = (1 << 63) - 1
_MOST_REMEMBERED: Final = 100_000
_ADLER: Final = 65521


class LayerProblem(Exception):
    """What keeps the rest of a layer from being read, as a short clause for a person."""


Header = tuple[bytes, bytes, int, int, int, int, int, bytes]
"""The fields of one header as they stand: name, type, size, mode, user, group, time and link."""


class _Numbers(dict[bytes, int]):
    """Numeric fields by their bytes: octal text, or base 256 where the highest bit is set. The same few return all the time."""

    def __missing__(self, raw: bytes) -> int:
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        value = self[raw] = _number(raw)
        return value


class _Checksums(dict[bytes, int]):
    """By checksum field: what Adler-32's lower half gives for a block that adds up to it.

    That half is one plus the sum of all bytes modulo 65521, at a twentieth of the time that adding up takes here.
    """

    def __missing__(self, raw: bytes) -> int:
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        value = self[raw] = (_number(raw) + sum(raw) - 8 * 0x20 + 1) % _ADLER
        return value


class _Owners(dict[bytes, tuple[int, int, int]]):
    """Mode, user and group by the three fields they stand in side by side."""

    def __missing__(self, raw: bytes) -> tuple[int, int, int]:
        if len(self) > _MOST_REMEMBERED:
            self.clear()
        value = self[raw] = (_number(raw[:8]) & 0o7777, _number(raw[8:16]), _number(raw[16:]))
        return value


_unpack: Final = Struct("100x24s12s12s8sc355x").unpack
_numbers: Final = _Numbers()
_owners: Final = _Owners()
_checksums: Final = _Checksums()


def decode(block: bytes, position: int) -> Header:
    """Return the header that the 512 bytes at position hold; raises LayerProblem for what is none."""
    try:
        owner, size, mtime, checksum, flag = _unpack(block)
        if zlib.adler32(block) & 0xFFFF != _checksums[checksum] and not _adds_up_signed(block):
            raise LayerProblem(f"the header at byte {position:,} is damaged: its checksum does not fit")
        name = block.partition(b"\0")[0]
        if len(name) > 100:
            name = name[:100]
        if block[345] and block[257:263] == b"ustar\0":
            name = _prefix(block) + name
        mode, uid, gid = _owners[owner]
        link = block[157:257].partition(b"\0")[0] if block[157] else b""
        return name, flag, _numbers[size], mode, uid, gid, _numbers[mtime], link
    except ValueError:
        raise LayerProblem(f"the header at byte {position:,} is damaged: a number in it is none") from None


def device_numbers(block: bytes) -> tuple[int, int]:
    """Return major and minor number of the device that a header describes, 0 for what cannot be read."""
    try:
        return max(0, _number(block[329:337])), max(0, _number(block[337:345]))
    except ValueError:
        return 0, 0


def number(raw: bytes) -> int:
    """Return the number that a field of a header holds; raises ValueError."""
    return _number(raw)


def _prefix(block: bytes) -> bytes:
    end = 476 if block[508:512] == b"tar\0" else 500
    return block[345:end].partition(b"\0")[0] + b"/"


def _number(raw: bytes) -> int:
    digits = raw[:-1]
    if digits.isdigit() and raw[-1] in b" \0":
        return int(digits, 8)
    if raw[0] & 0x80:
        value = int.from_bytes(raw, "big", signed=False)
        bits = 8 * len(raw)
        value = value - (1 << bits) if raw[0] & 0x40 else value & ((1 << (bits - 1)) - 1)
        if not -_LARGEST <= value <= _LARGEST:
            raise ValueError
        return value
    text = raw.strip(b" \0").partition(b"\0")[0].strip(b" ")
    if not text:
        return 0
    if not text.isdigit():
        raise ValueError
    return int(text, 8)


def _adds_up_signed(block: bytes) -> bool:
    """Return whether the checksum fits when bytes count as signed, as some old programs added them up."""
    rest = block[:148] + block[156:]
    total = sum(rest) - 256 * sum(byte > 0x7F for byte in rest) + 8 * 0x20
    return total == _number(block[148:156])
