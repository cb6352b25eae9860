"""The review record as JSON."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from inspector.records.review import Review
from inspector.report.visible import visible

LARGEST_INTEGER = 2**63 - 1
"""Integers beyond it (sizes that a hostile file claims) are written as this: readers of JSON keep 64 bits at best."""


def to_json(review: Review) -> bytes:
    """Return the review as indented UTF-8 JSON with a final line feed: schema first, then the fields in the record's order.

    Characters that do not print are \\u escapes, so that showing the file cannot drive a terminal. NaN and infinities
    become null; lone surrogates (file names that are not UTF-8) become visible text, since JSON has no place for them.
    """
    return record_json(review)


def record_json(record: object) -> bytes:
    """Return a record that has a schema number as to_json() does a review."""
    builtins = cast("dict[str, Any]", _encodable(msgspec.to_builtins(record)))
    compact = msgspec.json.encode({"schema": builtins["schema"], **builtins})
    text = msgspec.json.format(compact, indent=2).decode("utf-8")
    return f"{_escaped(text)}\n".encode()


def from_json(data: bytes) -> Review:
    """Return the review that to_json wrote; msgspec.ValidationError says where other JSON does not fit."""
    return msgspec.json.decode(data, type=Review)


def _encodable(value: object) -> object:
    """Return plain data with what JSON cannot hold replaced: lone surrogates and integers past 64 bits."""
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, str):
        return value if _is_unicode(value) else visible(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-LARGEST_INTEGER - 1, min(value, LARGEST_INTEGER))
    return value


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text)


def _escaped(text: str) -> str:
    """Replace characters that do not print; in indented JSON they can stand inside strings only, where escapes are allowed."""
    return "\n".join(line if line.isprintable() else "".join(map(_escape, line)) for line in text.split("\n"))


def _escape(char: str) -> str:
    if char.isprintable():
        return char
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
