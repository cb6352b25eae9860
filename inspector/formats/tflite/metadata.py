"""What a model carries by name: short texts as they are, the contract whole, of anything else its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.contract_file.bounds import LARGEST
from inspector.formats.tflite.buffers import Buffers
from inspector.formats.tflite.tables import FlatFile, Table
from inspector.records.contract import CONTRACT_KEY

MOST_ENTRIES: Final = 10_000
_LONGEST_TEXT: Final = 1024

_NAME, _BUFFER = range(2)


def read_metadata(file: FlatFile, entries: Sequence[int], buffers: Buffers) -> dict[str, str]:
    """Return the metadata by name; entries are the offsets of its tables."""
    found: dict[str, str] = {}
    for at in entries[:MOST_ENTRIES]:
        table: Table = file.table(at)
        name = table.text(_NAME)
        place = buffers.place(table.uint32(_BUFFER))
        if place is not None:
            found[name or "(no name)"] = _value(file, name, place.start, place.length)
    return found


def _value(file: FlatFile, name: str, start: int, length: int) -> str:
    most = LARGEST if name == CONTRACT_KEY else _LONGEST_TEXT
    if length > most:
        return f"{length:,} bytes"
    raw = file.pages.read(start, length)
    text = _text(file.cleaner, raw.rstrip(b"\0"), whole=name == CONTRACT_KEY)
    return f"{length:,} bytes" if text is None else text


def _text(cleaner: TextCleaner, raw: bytes, whole: bool) -> str | None:
    """Return bytes as text that is safe to show, None where they are no text."""
    if raw.isascii() and (text := raw.decode("ascii")).isprintable():
        return text if whole or "\\" not in text else cleaner.clean_value(raw)
    return cleaner.clean_value(raw) if whole else None
