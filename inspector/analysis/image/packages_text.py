"""Text that packages say of themselves: split into fields, and made safe to show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_LONGEST: Final = 200
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
"""Printable by Unicode's tables, and drawn as nothing."""


def plain(text: str) -> str:
    """Return the text with everything that could act on a terminal or hide replaced, clipped to 200 characters."""
    clipped = text[:_LONGEST].strip()
    if clipped.isascii() and clipped.isprintable():
        return clipped
    return "".join(letter if letter.isprintable() and letter not in _UNSEEN else "�" for letter in clipped)


def decoded(content: bytes) -> str:
    """Return bytes as text; those that are no UTF-8 become lone surrogates, as paths of records were decoded."""
    return content.decode("utf-8", "surrogateescape")


def fields(lines: Iterator[str]) -> dict[str, str]:
    """Return the fields of one "Name: value" paragraph by name in lower case, up to its end; continuations are left out."""
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip():
            break
        if line[0] in " \t":
            continue
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def number(text: str, most: int = 1 << 62) -> int | None:
    """Return a decimal number of at most 18 digits, or None for anything else."""
    if text.isdecimal() and len(text) <= 18 and text.isascii():
        value = int(text)
        return value if value <= most else None
    return None


def as_in_records(path: str) -> tuple[str, ...]:
    """Return how a path read from a file may stand in records, where a backslash before certain letters is doubled."""
    return (path, path.replace("\\", "\\\\")) if "\\" in path else (path,)
