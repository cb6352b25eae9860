"""FlatBuffers tables, lists and texts, read where they lie: https://flatbuffers.dev/internals/.

A table begins with the signed distance back to its vtable, which says at which place of the table each field lies (0: left
out). Lists and texts begin with their length; tables, lists and texts are referred to by the unsigned distance ahead.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final, NamedTuple

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.long_text import LONGEST_HELD
from inspector.formats.tflite.pages import PAGE, Pages

ROOT: Final = 0
IDENTIFIER_AT: Final = 4

_MOST_SLOTS: Final = 64
"""Fields of a table that are looked at; no table of the format has as many."""

_I8: Final = struct.Struct("<b")
_U8: Final = struct.Struct("<B")
_U16: Final = struct.Struct("<H")
_I32: Final = struct.Struct("<i")
_U32: Final = struct.Struct("<I")
_I64: Final = struct.Struct("<q")
_U64: Final = struct.Struct("<Q")
_F32: Final = struct.Struct("<f")
_ITEM: Final = {"i": 4, "I": 4, "q": 8, "f": 4, "B": 1, "h": 2}
"""Bytes of a list's item, by its code in the struct module."""


class Layout(NamedTuple):
    """What a vtable says: the bytes of the table itself and the place of each field in it."""

    size: int
    slots: tuple[int, ...]


class Listed(NamedTuple):
    """A list in the file: the offset of its first item, and how many there are."""

    start: int
    length: int


class FlatFile:
    """A FlatBuffer file: its pages, its vtables, which tables share, and what cleans its texts."""

    def __init__(self, pages: Pages, cleaner: TextCleaner) -> None:
        self.pages = pages
        self.cleaner = cleaner
        self._layouts: dict[int, Layout] = {}

    def root(self) -> Table:
        """Return the table the file begins with. Raises UnreadableArtifact."""
        return self.table(self.target(ROOT, self.pages.read(ROOT, 4), 0))

    def table(self, position: int) -> Table:
        """Return the table at that byte. Raises UnreadableArtifact if it or its vtable does not lie in the file."""
        pages = self.pages
        (back,) = _I32.unpack(pages.read(position, 4))
        at = position - back
        layout = self._layouts.get(at)
        if layout is None:
            layout = self._layouts[at] = self._layout(at, position)
        pages.claim(layout.size)
        return Table(self, position, pages.read(position, layout.size), layout.slots)

    def target(self, holder: int, data: bytes, offset: int) -> int:
        """Return the byte that a reference in data, which lies at holder, leads to."""
        (ahead,) = _U32.unpack_from(data, offset)
        at = holder + offset + ahead
        if not ahead or at + 4 > self.pages.size:
            raise self.pages.malformed(holder + offset, f"a reference leads {ahead:,} bytes ahead, out of the file")
        return int(at)

    def listed(self, at: int, item: int) -> Listed:
        """Return the list at that byte, whose items take so many bytes each. Raises UnreadableArtifact if it runs out."""
        (count,) = _U32.unpack(self.pages.read(at, 4))
        if at + 4 + count * item > self.pages.size:
            raise self.pages.malformed(at, f"a list of {count:,} items runs past the end of the file")
        return Listed(at + 4, count)

    def text(self, at: int) -> str:
        """Return the text at that byte, safe to show."""
        start, length = self.listed(at, 1)
        self.pages.claim(length)
        if length <= LONGEST_HELD:
            return self.cleaner.names[self.pages.read(start, length)]
        digest = hashlib.sha256()
        for position in range(start, start + length, PAGE):
            digest.update(self.pages.read(position, min(PAGE, start + length - position)))
        return self.cleaner.names[self.cleaner.clip(self.pages.read(start, LONGEST_HELD), length, digest.hexdigest())]

    def _layout(self, at: int, position: int) -> Layout:
        pages = self.pages
        if at < 0 or at + 4 > pages.size:
            raise pages.malformed(position, "a table has its layout outside the file")
        (length,) = _U16.unpack(pages.read(at, 2))
        if length < 4 or length % 2:
            raise pages.malformed(at, f"the layout of a table takes {length} bytes, which is not possible")
        numbers = struct.unpack(f"<{length // 2}H", pages.read(at, length))
        size, slots = numbers[1], numbers[2 : 2 + _MOST_SLOTS]
        if size < 4:
            raise pages.malformed(at, f"a table of {size} bytes is not possible")
        return Layout(size, slots)


class Table:
    """One table; a default stands for a field left out. All raise UnreadableArtifact for what makes no sense."""

    __slots__ = ("_data", "_file", "_slots", "position")

    def __init__(self, file: FlatFile, position: int, data: bytes, slots: tuple[int, ...]) -> None:
        self._file = file
        self.position = position
        self._data = data
        self._slots = slots

    def has(self, slot: int) -> bool:
        """Tell whether the field is there."""
        return slot < len(self._slots) and self._slots[slot] != 0

    def int8(self, slot: int, default: int = 0) -> int:
        """Return a signed byte."""
        return int(self._number(_I8, slot, default))

    def uint8(self, slot: int, default: int = 0) -> int:
        """Return an unsigned byte, such as the kind of a union."""
        return int(self._number(_U8, slot, default))

    def flag(self, slot: int, default: bool = False) -> bool:
        """Return a boolean."""
        return bool(self._number(_U8, slot, default))

    def int32(self, slot: int, default: int = 0) -> int:
        """Return a signed integer."""
        return int(self._number(_I32, slot, default))

    def uint32(self, slot: int, default: int = 0) -> int:
        """Return an unsigned integer."""
        return int(self._number(_U32, slot, default))

    def int64(self, slot: int, default: int = 0) -> int:
        """Return a signed long integer."""
        return int(self._number(_I64, slot, default))

    def uint64(self, slot: int, default: int = 0) -> int:
        """Return an unsigned long integer."""
        return int(self._number(_U64, slot, default))

    def float32(self, slot: int, default: float = 0.0) -> float:
        """Return a float."""
        return self._number(_F32, slot, default)

    def table(self, slot: int) -> Table | None:
        """Return the table a field refers to, None where it is left out."""
        at = self._target(slot)
        return None if at is None else self._file.table(at)

    def text(self, slot: int) -> str:
        """Return the text a field refers to, safe to show, "" where it is left out."""
        at = self._target(slot)
        return "" if at is None else self._file.text(at)

    def listed(self, slot: int, item: int) -> Listed | None:
        """Return where the list lies that a field refers to, its items item bytes each, None where it is left out."""
        at = self._target(slot)
        return None if at is None else self._file.listed(at, item)

    def numbers(self, slot: int, code: str, most: int | None = None) -> tuple[int, ...]:
        """Return the items of a list of integers, most at most; code is that of the struct module: "i", "I", "q"."""
        return tuple(int(value) for value in self._items(slot, code, most))

    def floats(self, slot: int, most: int | None = None) -> tuple[float, ...]:
        """Return the items of a list of floats, most at most."""
        return tuple(self._items(slot, "f", most))

    def count(self, slot: int) -> int:
        """Return how many items of any size a list has, 0 where it is left out."""
        found = self.listed(slot, 1)
        return 0 if found is None else found.length

    def tables(self, slot: int) -> list[int]:
        """Return the offsets of the tables in a list, none where it is left out."""
        found = self.listed(slot, 4)
        if found is None or not found.length:
            return []
        file = self._file
        file.pages.claim(4 * found.length)
        data = file.pages.read(found.start, 4 * found.length)
        return [file.target(found.start, data, offset) for offset in range(0, len(data), 4)]

    def _items(self, slot: int, code: str, most: int | None) -> tuple[float, ...]:
        width = _ITEM[code]
        found = self.listed(slot, width)
        if found is None:
            return ()
        count = found.length if most is None else min(found.length, most)
        self._file.pages.claim(width * count)
        return struct.unpack(f"<{count}{code}", self._file.pages.read(found.start, width * count))

    def _number(self, kind: struct.Struct, slot: int, default: float) -> float:
        offset = self._slots[slot] if slot < len(self._slots) else 0
        if not offset:
            return default
        return kind.unpack_from(self._data, self._within(offset, kind.size))[0]  # type: ignore[no-any-return]

    def _target(self, slot: int) -> int | None:
        offset = self._slots[slot] if slot < len(self._slots) else 0
        if not offset:
            return None
        return self._file.target(self.position, self._data, self._within(offset, 4))

    def _within(self, offset: int, width: int) -> int:
        if offset + width > len(self._data):
            raise self._file.pages.malformed(self.position, "a field lies outside its table")
        return offset
