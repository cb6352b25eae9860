"""One 512-byte tar header, decoded and checked: v7, ustar, star, GNU and PAX write the same fields."""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

BLOCK: Final = 512
END_BLOCK: Final = bytes(BLOCK)

_LARGEST: Final = (1 << 63) - 1
_MOST_REMEMBERED: Final = 100_000
_ADLER: Final = 65521


class LayerProblem(Exception):
    """What keeps the rest of a layer from being read, as a short clause for a person."""


class Header(NamedTuple):
    """The fields of one header as they stand; name and link in the bytes of the archive, mtime in seconds."""

    name: bytes
    flag: bytes
    size: int
    mode: int
    uid: int
    gid: int
    mtime: int
    link: bytes


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


_numbers: Final = _Numbers()
_checksums: Final = _Checksums()


def decode(block: bytes, position: int) -> Header:
    """Return the header that the 512 bytes at position hold; raises LayerProblem for what is none."""
    try:
        if zlib.adler32(block) & 0xFFFF != _checksums[block[148:156]] and not _adds_up_signed(block):
            raise LayerProblem(f"the header at byte {position:,} is damaged: its checksum does not fit")
        return Header(
            _name(block),
            block[156:157],
            _numbers[block[124:136]],
            _numbers[block[100:108]] & 0o7777,
            _numbers[block[108:116]],
            _numbers[block[116:124]],
            _numbers[block[136:148]],
            block[157:257].partition(b"\0")[0] if block[157] else b"",
        )
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


def _name(block: bytes) -> bytes:
    name = block[:100].partition(b"\0")[0]
    if block[345] and block[257:263] == b"ustar\0":
        end = 476 if block[508:512] == b"tar\0" else 500
        return block[345:end].partition(b"\0")[0] + b"/" + name
    return name


def _number(raw: bytes) -> int:
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
