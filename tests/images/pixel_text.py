"""Pictures of digits and a few letters, as PNG, drawn without a font or a library."""

from __future__ import annotations

import struct
import zlib

_SCALE = 6
_GLYPHS = {
    "0": "01110 10001 10011 10101 11001 10001 01110",
    "1": "00100 01100 00100 00100 00100 00100 01110",
    "2": "01110 10001 00001 00110 01000 10000 11111",
    "3": "11111 00010 00100 00010 00001 10001 01110",
    "4": "00010 00110 01010 10010 11111 00010 00010",
    "5": "11111 10000 11110 00001 00001 10001 01110",
    "6": "00110 01000 10000 11110 10001 10001 01110",
    "7": "11111 00001 00010 00100 01000 01000 01000",
    "8": "01110 10001 10001 01110 10001 10001 01110",
    "9": "01110 10001 10001 01111 00001 00010 01100",
    "E": "11111 10000 10000 11110 10000 10000 11111",
    "H": "10001 10001 10001 11111 10001 10001 10001",
    "L": "10000 10000 10000 10000 10000 10000 11111",
    "O": "01110 10001 10001 10001 10001 10001 01110",
    "T": "11111 00100 00100 00100 00100 00100 00100",
    " ": "00000 00000 00000 00000 00000 00000 00000",
}


def picture(text: str) -> bytes:
    """Return a PNG of the text, black on white, 8 bits a pixel."""
    rows = ["0".join(_GLYPHS[letter].split()[row] for letter in text) for row in range(7)]
    margin = ["0" * len(rows[0])]
    lines = [f"00{row}00" for row in (*margin, *rows, *margin)]
    pixels = [b"".join((b"\0" if bit == "1" else b"\xff") * _SCALE for bit in line) for line in lines for _ in range(_SCALE)]
    header = struct.pack(">IIBBBBB", len(pixels[0]), len(pixels), 8, 0, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in pixels), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
