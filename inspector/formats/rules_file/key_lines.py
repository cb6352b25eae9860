"""Where keys of a TOML text stand: its reader tells values only, and a person wants the line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

Key = tuple[str | int, ...]
"""Names from the outermost table inward; after the name of a list of tables stands which of them it is, from 0."""

_PART: Final = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')"""
_KEYS: Final = rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART})*+"
_TABLE: Final = re.compile(rf"[ \t]*+(\[\[?)[ \t]*+({_KEYS})[ \t]*+\]")
_VALUE: Final = re.compile(rf"[ \t]*+({_KEYS})[ \t]*+=")
_NAME: Final = re.compile(_PART)
_LONG_TEXT: Final = re.compile(r'"""|\'\'\'')


class KeyLines:
    """The line of every key of a text that is TOML; table is what stands before all of them, and is left out of keys."""

    def __init__(self, text: str, table: Sequence[str] = ()) -> None:
        self._lines = text.splitlines()
        self._of: dict[Key, int] = {}
        for key, number in _keys(self._lines):
            if key[: len(table)] == tuple(table):
                self._of.setdefault(key[len(table) :], number)

    def line(self, key: Key, text: str = "") -> int:
        """Return the line of the key, or of the first text from the nearest table or list around it on; 0: neither is known."""
        if key in self._of:
            return self._of[key]
        around = next((self._of[key[:end]] for end in range(len(key) - 1, 0, -1) if key[:end] in self._of), 0)
        if not text:
            return around
        rest = enumerate(self._lines[max(0, around - 1) :], max(1, around))
        return next((number for number, line in rest if text in line), around)


def _keys(lines: Sequence[str]) -> Iterator[tuple[Key, int]]:
    table: Key = ()
    counts: Counter[Key] = Counter()
    opened = ""
    for number, line in enumerate(lines, 1):
        inside, opened = bool(opened), _opened(line, opened)
        if inside:
            continue
        if match := _TABLE.match(line):
            name = _inside(counts, _names(match[2]))
            table = (*name, counts[name]) if match[1] == "[[" else name
            counts[name] += match[1] == "[["
            yield table, number
        elif match := _VALUE.match(line):
            yield (*table, *_names(match[1])), number


def _inside(counts: Counter[Key], names: Key) -> Key:
    """Return the name of a table with the place of the list's table, the last so far, that it lies in."""
    key: Key = ()
    for name in names[:-1]:
        key = (*key, name)
        key = (*key, counts[key] - 1) if counts[key] else key
    return (*key, *names[-1:])


def _names(keys: str) -> Key:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in _NAME.findall(keys))


def _opened(line: str, opened: str) -> str:
    """Return the quotes of the text over several lines that goes on after the line; empty: none does."""
    for match in _LONG_TEXT.finditer(line):
        if not opened:
            opened = match[0]
        elif opened == match[0]:
            opened = ""
    return opened
