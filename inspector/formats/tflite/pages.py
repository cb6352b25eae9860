"""A file read in small pages, wherever in it a FlatBuffer points, and how much of it may be walked."""

from __future__ import annotations

import os
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.onnx.wire import DAMAGED_HINT

PAGE: Final = 8 * 1024
MOST_PAGES: Final = 1024
"""Pages held at a time, 8 MiB."""

_SLACK: Final = 256 * 1024
_OVERLAP: Final = 2
"""How often the bytes of a file may be walked: its tables do not share parts, but for what describes their layout."""


class Pages:
    """A regular file of known size open for reading, and how many of its bytes its structure has claimed so far."""

    __slots__ = ("_claimed", "_most", "_pages", "fd", "label", "size")

    def __init__(self, fd: int, size: int, label: str) -> None:
        self.fd = fd
        self.size = size
        self.label = label
        self._pages: dict[int, bytes] = {}
        self._claimed = 0
        self._most = _OVERLAP * size + _SLACK

    def read(self, start: int, length: int) -> bytes:
        """Return length bytes from start; raises UnreadableArtifact where the file does not hold them."""
        if start < 0 or length < 0 or start + length > self.size:
            raise self.malformed(max(start, 0), f"{length:,} bytes run past the end of the file")
        page, offset = divmod(start, PAGE)
        if offset + length <= PAGE:
            return self._page(page)[offset : offset + length]
        if length > PAGE * MOST_PAGES // 4:
            return self._pread(start, length)
        last = (start + length - 1) // PAGE
        data = b"".join([self._page(one) for one in range(page, last + 1)])
        return data[offset : offset + length]

    def claim(self, length: int) -> None:
        """Count bytes of structure about to be walked; raises UnreadableArtifact once they are more than the file can mean."""
        self._claimed += length
        if self._claimed > self._most:
            what = f"its tables and lists claim more than {self._most:,} bytes of a file of {self.size:,}: they overlap"
            raise UnreadableArtifact(f"{self.label}: {what}", DAMAGED_HINT)

    def malformed(self, offset: int, what: str) -> UnreadableArtifact:
        """Return the error that says what is wrong at that byte."""
        return UnreadableArtifact(f"{self.label}: damaged TensorFlow Lite model: {what} at byte {offset:,}", DAMAGED_HINT)

    def _page(self, number: int) -> bytes:
        found = self._pages.get(number)
        if found is None:
            if len(self._pages) >= MOST_PAGES:
                self._pages.clear()
            start = number * PAGE
            found = self._pages[number] = self._pread(start, min(PAGE, self.size - start))
        return found

    def _pread(self, start: int, length: int) -> bytes:
        try:
            data = os.pread(self.fd, length, start)
            while len(data) < length and (more := os.pread(self.fd, length - len(data), start + len(data))):
                data += more
        except (OSError, OverflowError, MemoryError) as error:
            raise UnreadableArtifact(f"{self.label}: cannot read at byte {start:,}: {error}", "check the disk") from error
        if len(data) != length:
            raise self.malformed(start + len(data), "the file ends too early")
        return data
