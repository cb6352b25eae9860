"""A small FlatBuffers writer: tables first, then what they refer to, aligned as interpreters ask for."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

IDENTIFIER = b"TFL3"
_WIDTH = {"b": 1, "B": 1, "?": 1, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8}


class Number(NamedTuple):
    """A scalar: code of the struct module, value."""

    code: str
    value: float


class Numbers(NamedTuple):
    """A list of scalars."""

    code: str
    values: Sequence[float]


class Text(NamedTuple):
    """A text, as bytes."""

    value: bytes


class Table(NamedTuple):
    """A table: values by slot."""

    slots: Mapping[int, Any]


class Tables(NamedTuple):
    """A list of tables."""

    tables: Sequence[Table]


class FlatWriter:
    """One file in the making."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._pending: list[tuple[int, Any]] = []
        """Places of references that are not filled in yet, and what they refer to."""

    def write(self, root: Table, identifier: bytes = IDENTIFIER) -> bytes:
        """Return the file."""
        self.data += bytes(4) + identifier
        self._pending.append((0, root))
        while self._pending:
            place, value = self._pending.pop(0)
            at = self._put(value)
            self.data[place : place + 4] = struct.pack("<I", at - place)
        return bytes(self.data)

    def _align(self, width: int, after: int = 0) -> None:
        self.data += bytes(-(len(self.data) + after) % width)

    def _put(self, value: Any) -> int:
        if isinstance(value, Table):
            return self._put_table(value)
        if isinstance(value, Text):
            self._align(4)
            at = len(self.data)
            self.data += struct.pack("<I", len(value.value)) + value.value + b"\0"
            return at
        if isinstance(value, Numbers):
            self._align(max(_WIDTH[value.code], 4), 4)
            if value.code == "B":
                self._align(16, 4)
            at = len(self.data)
            self.data += struct.pack(f"<I{len(value.values)}{value.code}", len(value.values), *value.values)
            return at
        assert isinstance(value, Tables)
        self._align(4)
        at = len(self.data)
        self.data += struct.pack("<I", len(value.tables)) + bytes(4 * len(value.tables))
        self._pending.extend((at + 4 + 4 * i, table) for i, table in enumerate(value.tables))
        return at

    def _put_table(self, table: Table) -> int:
        slots = {slot: value for slot, value in table.slots.items() if value is not None}
        count = max(slots, default=-1) + 1
        order = sorted(slots, key=lambda slot: -_WIDTH[slots[slot].code] if isinstance(slots[slot], Number) else -4)
        places, size = {}, 4
        for slot in order:
            value = slots[slot]
            width = _WIDTH[value.code] if isinstance(value, Number) else 4
            size += -size % width
            places[slot] = size
            size += width
        vtable = struct.pack(f"<{2 + count}H", 4 + 2 * count, size, *(places.get(slot, 0) for slot in range(count)))
        self._align(8, len(vtable))
        start = len(self.data)
        self.data += vtable
        at = len(self.data)
        self.data += struct.pack("<i", at - start) + bytes(size - 4)
        for slot, value in slots.items():
            place = at + places[slot]
            if isinstance(value, Number):
                struct.pack_into(f"<{value.code}", self.data, place, value.value)
            else:
                self._pending.append((place, value))
        return at
