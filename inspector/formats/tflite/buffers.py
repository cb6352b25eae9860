"""Where stored bytes lie: in the FlatBuffer, or behind it in files of more than two gigabytes. None of them is read."""

from __future__ import annotations

from inspector.formats.onnx.notes import Notes
from inspector.formats.tflite.tables import FlatFile, Listed, Table

_DATA, _OFFSET, _SIZE = range(3)
_FIRST_OFFSET = 2
"""Offsets of 0 and 1 stand for none."""


class Buffers:
    """The buffers of one file, and which of them something refers to."""

    def __init__(self, file: FlatFile, model: Table, slot: int, notes: Notes) -> None:
        self._file = file
        self._notes = notes
        self._tables = model.tables(slot)
        self._read: dict[int, Listed] = {}
        self._used: set[int] = set()

    @property
    def count(self) -> int:
        """Number of buffers; the first is always empty."""
        return len(self._tables)

    def place(self, index: int) -> Listed | None:
        """Return where the bytes of a buffer lie and how many they are, None where there is no such buffer; it is then used."""
        if not 0 <= index < len(self._tables):
            return None
        self._used.add(index)
        found = self._read.get(index)
        if found is None:
            found = self._read[index] = self._place(index)
        return found

    def unused(self) -> list[int]:
        """Return the bytes of each buffer that nothing refers to, none of them empty."""
        left = (index for index in range(1, len(self._tables)) if index not in self._used)
        return [found.length for index in left if (found := self._place(index)).length]

    def _place(self, index: int) -> Listed:
        table = self._file.table(self._tables[index])
        offset, size = table.uint64(_OFFSET), table.uint64(_SIZE)
        if offset < _FIRST_OFFSET:
            return table.listed(_DATA, 1) or Listed(0, 0)
        if offset + size > self._file.pages.size:
            self._notes.add(
                "weight-data-missing",
                "high",
                f"buffer {index} lies in {size:,} bytes from byte {offset:,}, the file has {self._file.pages.size:,}",
                f"buffer {index}",
                "the file is cut short: download or convert it again",
            )
            return Listed(0, 0)
        return Listed(offset, size)
