"""The content of a file as lines of text or as rows of bytes, as far as it is read; no drawing here."""

from __future__ import annotations

import codecs
from typing import Final, Protocol

PART_BYTES: Final = 64 << 10
MOST_TEXT_BYTES: Final = 4 << 20
"""Text is read from the start up to here; bytes can be looked at anywhere."""

_KEPT_PARTS: Final = 64
_ROW_BYTES: Final = 16
_LONGEST_LINE: Final = 20_000
"""Characters; a longer line goes on in the next one."""

_TAB_CELLS: Final = 4
_MOST_ODD: Final = 0.05


class Document(Protocol):
    """Rows to draw, known or not yet."""

    def __len__(self) -> int: ...

    def row(self, index: int) -> tuple[str, str] | None:
        """Return what stands left of a row, and the row; None where it is not read yet."""
        ...

    def missing(self, first: int, last: int) -> int | None:
        """Return where to read from so that these rows are known, None if they are."""
        ...


class TextDocument:
    """Lines of a text, read from the start; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._read = 0
        self._lines: list[str] = []
        self._open = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.complete = size == 0

    @property
    def full(self) -> bool:
        """Whether no more of the text is read, though there is more."""
        return not self.complete and self._read >= MOST_TEXT_BYTES

    def append(self, start: int, part: bytes) -> None:
        """Take in the part that follows what is known; any other is for somebody else."""
        if start != self._read or self.complete or self.full:
            return
        self._read += len(part)
        self.complete = self._read >= self._size or not part
        text = self._open + self._decoder.decode(part, self.complete)
        *lines, self._open = text.split("\n")
        for line in lines:
            self._add(line)
        while len(self._open) > _LONGEST_LINE:
            self._lines.append(self._open[:_LONGEST_LINE])
            self._open = self._open[_LONGEST_LINE:]
        if self.complete and self._open:
            self._add(self._open)
            self._open = ""

    def _add(self, line: str) -> None:
        for start in range(0, max(1, len(line)), _LONGEST_LINE):
            self._lines.append(line[start : start + _LONGEST_LINE].removesuffix("\r"))

    def __len__(self) -> int:
        return len(self._lines)

    def row(self, index: int) -> tuple[str, str] | None:
        """Return the line's number and the line, tabs as blanks."""
        if index >= len(self._lines):
            return None
        return f"{index + 1:,}", self._lines[index].expandtabs(_TAB_CELLS)

    def missing(self, first: int, last: int) -> int | None:  # noqa: ARG002 -- text is read from the start
        """Return where to go on reading once the last lines known are looked at."""
        if self.complete or self.full:
            return None
        return self._read if last >= len(self._lines) - 1 else None


class HexDocument:
    """Rows of sixteen bytes of which any can be looked at; the parts looked at last are kept."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._parts: dict[int, bytes] = {}

    def put(self, start: int, part: bytes) -> None:
        """Take in a part; start is a multiple of PART_BYTES, or the part is for somebody else."""
        if start % PART_BYTES == 0:
            self._parts[start] = part
            while len(self._parts) > _KEPT_PARTS:
                self._parts.pop(next(iter(self._parts)))

    def __len__(self) -> int:
        return (self._size + _ROW_BYTES - 1) // _ROW_BYTES

    def row(self, index: int) -> tuple[str, str] | None:
        """Return the offset in hexadecimal, and sixteen bytes in hexadecimal and as ASCII."""
        at = index * _ROW_BYTES
        start = at - at % PART_BYTES
        part = self._parts.get(start)
        if part is None:
            return None
        row = part[at - start : at - start + _ROW_BYTES]
        halves = f"{row[:8].hex(' '):23}  {row[8:].hex(' '):23}"
        shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row)
        return f"{at:08x}", f"{halves}  {shown}"

    def missing(self, first: int, last: int) -> int | None:
        """Return the first part that a row of these lies in and that is not there."""
        for index in (first, min(last, len(self) - 1)):
            start = index * _ROW_BYTES - index * _ROW_BYTES % PART_BYTES
            if start not in self._parts and start < self._size:
                return start
        return None


def looks_like_text(part: bytes) -> bool:
    """Return whether the beginning of a file is text rather than anything else."""
    if b"\0" in part:
        return False
    text = part.decode("utf-8", "replace")
    odd = sum(character == "\ufffd" or (character < " " and character not in "\t\n\r\f\x1b") for character in text)
    return odd <= len(text) * _MOST_ODD
