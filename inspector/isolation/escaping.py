"""The rule by which bytes from strangers become text that is safe to show, and back: names and paths of files above all."""

from __future__ import annotations

import hashlib
import re
from typing import Final

LIMIT: Final = 4096
"""Texts longer than this many characters are clipped, with the true length said."""

# Controls, invisible and direction-changing characters, lone surrogates: whatever can write to a terminal, hide, or make one
# name look like another.
HARMFUL: Final = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
SUSPECT: Final = re.compile(f"[{HARMFUL}]|\\\\[nrtxuU(\\\\]")
"""What is in texts that do not stay as they are."""
_ESCAPED: Final = re.compile(f"[{HARMFUL}\\\\]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_LONG: Final = {short[1]: character for character, short in _SHORT.items()}
_AN_ESCAPE: Final = re.compile(r"\\(?:([nrt\\])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_SOME_ESCAPE: Final = re.compile(r"\\[nrtxuU(\\]")


def cleaned(raw: bytes) -> str:
    """Return bytes as text that is safe to show: distinct ones stay distinct, harmless ones are themselves.

    Text without harmful characters, and without anything that looks like one of our own escapes, is itself; any other has its
    backslashes doubled and its harmful characters written as escapes such as \\x1b; and what is longer than LIMIT characters
    ends in its true length and a digest.
    """
    text = raw.decode("utf-8", "surrogateescape")
    if len(text) > LIMIT:
        return clipped(text, len(raw), hashlib.sha256(raw).hexdigest())
    return escape(text) if SUSPECT.search(text) else text


def uncleaned(text: str) -> bytes | None:
    """Return the bytes of which cleaned() makes a text; None where that cannot be told, since it was clipped."""
    if len(text) > LIMIT and "…\\(" in text:
        return None
    if _SOME_ESCAPE.search(text):
        text = _AN_ESCAPE.sub(_unescape_one, text)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def escape(text: str) -> str:
    """Return text with backslashes doubled and harmful characters as visible escapes."""
    return _ESCAPED.sub(_escape_one, text)


def clipped(text: str, length: int, digest: str) -> str:
    """Return what stands for a text too long to show, of so many bytes and with that sha256, by its beginning."""
    return f"{escape(text[:LIMIT])}…\\({length:,} bytes, sha256 {digest[:16]})"


def _escape_one(match: re.Match[str]) -> str:
    character = match[0]
    short = _SHORT.get(character)
    if short is not None:
        return short
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _unescape_one(match: re.Match[str]) -> str:
    short, two, four, eight = match.groups()
    if short is not None:
        return _LONG[short]
    if two is not None:
        code = int(two, 16)
        return chr(code if code < 0x80 else 0xDC00 + code)
    code = int(four or eight, 16)
    return chr(code) if code <= 0x10FFFF else match[0]
