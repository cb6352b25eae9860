"""Text from files, made safe to show once, where bytes become records."""

from __future__ import annotations

import re
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.isolation.escaping import HARMFUL, LIMIT, SUSPECT, cleaned, clipped, escape

__all__ = ["LIMIT", "MOST_NAMES", "TextCleaner", "escape", "one_line"]

MOST_NAMES: Final = 5_000_000
"""Different names a file may have."""

_NOBODY: Final = "no known exporter writes such a model"
_LONGEST_LINE: Final = 300

_HARMFUL_ONLY = re.compile(f"(?![\udc80-\udcff])[{HARMFUL}]")
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
        return self.names.get(raw) or cleaned(raw)

    def clip(self, prefix: bytes, length: int, digest: str, is_name: bool = True) -> bytes:
        """Return a stand-in for bytes too long to hold, which clean() turns into what it would make of the whole.

        prefix must hold at least LIMIT characters; digest is the sha256 of the whole in hexadecimal.
        """
        whole = clipped(prefix.decode("utf-8", "surrogateescape"), length, digest)
        stand_in = f"{digest}{id(self):x}".encode()
        if stand_in not in self.names:
            self.names[stand_in] = whole
            if is_name:
                self.overlong.append(whole)
        return stand_in

    def note(self, raw: bytes) -> str:
        """Clean a text met for the first time and remember what is odd about it."""
        safe = cleaned(raw)
        text = raw.decode("utf-8", "surrogateescape")
        if len(text) > LIMIT:
            self.overlong.append(safe)
        elif safe != text:
            if _LONE_BYTE.search(text):
                self.invalid_utf8.append(safe)
            if _HARMFUL_ONLY.search(text):
                self.harmful.append(safe)
        return safe


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
        if len(text) > LIMIT or SUSPECT.search(text) is not None:
            text = self._cleaner.note(raw)
        self[raw] = text
        return text


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def one_line(text: object) -> str:
    """Return text safe for one line of a message, such as the name of a file; the middle of a long one is left out."""
    plain = str(text)
    safe = escape(plain) if SUSPECT.search(plain) else plain
    return safe if len(safe) <= _LONGEST_LINE else f"{safe[: _LONGEST_LINE // 3]}…{safe[-_LONGEST_LINE // 2 :]}"
