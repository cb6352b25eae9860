"""The bytes of a path whose text was cleaned: what clean_text writes as escapes, read back."""

from __future__ import annotations

import re
from typing import Final

_looks_escaped: Final = re.compile(r"\\[nrtxuU(\\]").search
_ESCAPE: Final = re.compile(r"\\(?:([nrt\\])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
_FIRST_LONE_BYTE: Final = 0x80
_LONE_BYTES: Final = 0xDC00


def raw_name(path: str) -> bytes:
    """Return the bytes that TextCleaner made a path from; bytes that are no UTF-8 come back, too."""
    text = _ESCAPE.sub(_read_one, path) if _looks_escaped(path) else path
    return text.encode("utf-8", "surrogateescape")


def _read_one(match: re.Match[str]) -> str:
    short, byte, four, eight = match.groups()
    if short:
        return _SHORT[short]
    if byte:
        code = int(byte, 16)
        return chr(code if code < _FIRST_LONE_BYTE else _LONE_BYTES + code)
    code = int(four or eight, 16)
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else match[0]
