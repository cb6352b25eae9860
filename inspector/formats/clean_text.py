"""Text from files, made safe to show once, where bytes become records."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from inspector.errors import UnreadableArtifact

LIMIT: Final = 4096
"""Names longer than this many characters are clipped, with the true length said."""

MOST_NAMES: Final = 5_000_000
"""Different names a file may have."""

_NOBODY: Final = "no known exporter writes such a model"
_LONGEST_LINE: Final = 300

# Controls, invisible and direction-changing characters, lone surrogates: whatever can write to a terminal, hide, or make one
# name look like another.
_HARMFUL = (
    "\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_SUSPECT = re.compile(f"[{_HARMFUL}]|\\\\[nrtxuU(\\\\]")
_ESCAPED = re.compile(f"[{_HARMFUL}\\\\]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_HARMFUL_ONLY = re.compile(f"(?![\udc80-\udcff])[{_HARMFUL}]")
_LONE_BYTE = re.compile("[\udc80-\udcff]")


class TextCleaner:
    """Turns text of one file into text that is safe to show; distinct texts stay distinct, equal ones stay equal.

    The rule has no state: a text without harmful characters, and without anything that looks like one of our own escapes, is
    itself; any other has its backslashes doubled and its harmful characters written as escapes such as \\x1b; and what is
    longer than LIMIT characters ends in its true length and a digest. The counters say what was met on the way.
    """

    def __init__(self, label: str = "text") -> None:
        """label names the file in errors."""
        self.label = label
        self.names: dict[bytes, str] = _Memo(self)
        """Cleans what it is asked for: the fast path for many names."""
        self.invalid_utf8: list[str] = []
        self.overlong: list[str] = []
        self.harmful: list[str] = []

    def clean(self, text: str | bytes) -> str:
        """Return the text, safe to show: the same object for equal bytes."""
        return self.names[text if isinstance(text, bytes) else _encode(text)]

    def clean_value(self, raw: bytes) -> str:
        """Return what clean() would, without taking note of what was met: for values, which may well be binary."""
        return self.names.get(raw) or _clean(raw)

    def clip(self, prefix: bytes, length: int, digest: str, is_name: bool = True) -> bytes:
        """Return a stand-in for bytes too long to hold, which clean() turns into what it would make of the whole.

        prefix must hold at least LIMIT characters; digest is the sha256 of the whole in hexadecimal.
        """
        whole = _clipped(prefix.decode("utf-8", "surrogateescape"), length, digest)
        stand_in = f"{digest}{id(self):x}".encode()
        if stand_in not in self.names:
            self.names[stand_in] = whole
            if is_name:
                self.overlong.append(whole)
        return stand_in

    def note(self, raw: bytes) -> str:
        """Clean a text met for the first time and remember what is odd about it."""
        cleaned = _clean(raw)
        text = raw.decode("utf-8", "surrogateescape")
        if len(text) > LIMIT:
            self.overlong.append(cleaned)
        elif cleaned != text:
            if _LONE_BYTE.search(text):
                self.invalid_utf8.append(cleaned)
            if _HARMFUL_ONLY.search(text):
                self.harmful.append(cleaned)
        return cleaned


class _Memo(dict[bytes, str]):
    def __init__(self, cleaner: TextCleaner) -> None:
        super().__init__()
        self._cleaner = cleaner

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= MOST_NAMES:
            raise UnreadableArtifact(f"{self._cleaner.label}: holds more than {MOST_NAMES:,} different names", _NOBODY)
        if len(raw) <= LIMIT and raw.isascii() and b"\\" not in raw and (text := raw.decode("ascii")).isprintable():
            self[raw] = text
            return text
        text = raw.decode("utf-8", "surrogateescape")
        if len(text) > LIMIT or _SUSPECT.search(text) is not None:
            text = self._cleaner.note(raw)
        self[raw] = text
        return text


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _clean(raw: bytes) -> str:
    text = raw.decode("utf-8", "surrogateescape")
    if len(text) > LIMIT:
        return _clipped(text, len(raw), hashlib.sha256(raw).hexdigest())
    return escape(text) if _SUSPECT.search(text) else text


def escape(text: str) -> str:
    """Return text with backslashes doubled and harmful characters as visible escapes."""
    return _ESCAPED.sub(_escape_one, text)


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


def _clipped(text: str, length: int, digest: str) -> str:
    return f"{escape(text[:LIMIT])}…\\({length:,} bytes, sha256 {digest[:16]})"


def one_line(text: object) -> str:
    """Return text safe for one line of a message, such as the name of a file; the middle of a long one is left out."""
    plain = str(text)
    cleaned = escape(plain) if _SUSPECT.search(plain) else plain
    return cleaned if len(cleaned) <= _LONGEST_LINE else f"{cleaned[: _LONGEST_LINE // 3]}…{cleaned[-_LONGEST_LINE // 2 :]}"
