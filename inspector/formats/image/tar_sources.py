"""Where the walk over a tar gets its bytes: a stretch of a file, read here and there, or a stream, read once."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol

from inspector.formats.image.tar_header import BLOCK

Read = Callable[[int], bytes]
"""Gives at most so many bytes, nothing at the end and only there."""

CHUNK: Final = 1 << 20
_WINDOW: Final = 1 << 13


class TarSource(Protocol):
    """Bytes with a position that only moves forward."""

    position: int

    def read(self, length: int) -> bytes:
        """Return the next bytes, fewer than length only at the end."""

    def pieces(self, length: int) -> Iterator[bytes | memoryview]:
        """Yield the next bytes in pieces that are good until the next call, fewer than length only at the end."""

    def move_to(self, position: int) -> bool:
        """Go forward to a position, or to the end if that comes first; return whether that many bytes are there."""

    def block_at(self, position: int) -> bytes:
        """Go forward to a position and return the block of 512 bytes there, fewer only at the end."""


class FileStretch:
    """A stretch of an open file, through a small window: headers lie far apart, and what is between them is not read."""

    def __init__(self, descriptor: int, offset: int, length: int) -> None:
        self.position = 0
        self._descriptor = descriptor
        self._offset = offset
        self._length = max(0, min(length, os.fstat(descriptor).st_size - offset))
        self._window = b""
        self._base = 0

    def read(self, length: int) -> bytes:
        """Return the next bytes, fewer than length only at the end."""
        start = self.position - self._base
        end = start + length
        if end > len(self._window):
            self._fill(length)
            start, end = 0, length
        data = self._window[start:end]
        self.position += len(data)
        return data

    def move_to(self, position: int) -> bool:
        """Go forward to a position; return whether that many bytes are there."""
        if position <= self._length:
            self.position = position
            return True
        self.position = self._length
        return False

    def block_at(self, position: int) -> bytes:
        """Go forward to a position and return the block of 512 bytes there, fewer only at the end."""
        start = position - self._base
        data = self._window[start : start + BLOCK]
        if len(data) == BLOCK:
            self.position = position + BLOCK
            return data
        if position + _WINDOW <= self._length:
            window = os.pread(self._descriptor, _WINDOW, self._offset + position)
            if len(window) == _WINDOW:
                self._window, self._base, self.position = window, position, position + BLOCK
                return window[:BLOCK]
        self.move_to(position)
        return self.read(BLOCK)

    def pieces(self, length: int) -> Iterator[bytes]:
        """Yield the next bytes in pieces, fewer than length only at the end."""
        while length > 0:
            wanted = min(length, CHUNK, self._length - self.position)
            data = read_at(self._descriptor, self._offset + self.position, wanted)
            if not data:
                return
            self.position += len(data)
            length -= len(data)
            yield data

    def _fill(self, length: int) -> None:
        self._base = self.position
        wanted = min(max(length, _WINDOW), self._length - self.position)
        self._window = read_at(self._descriptor, self._offset + self.position, wanted)


class BackgroundDigest:
    """A sha256 that a thread of its own computes, one chunk behind, while the next chunk is made."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="stream digest")
        self._pending: Future[None] | None = None

    def update(self, data: bytes) -> None:
        """Digest the next bytes, too."""
        if self._pending is not None:
            self._pending.result()
        self._pending = self._pool.submit(self._sha256.update, data)

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far in hexadecimal."""
        if self._pending is not None:
            self._pending.result()
        return self._sha256.hexdigest()


class StreamSource:
    """A stream, held one chunk at a time; knows the sha256 of all that went through."""

    def __init__(self, read: Read, *, digest: bool = True) -> None:
        self.position = 0
        self._read = read
        self._chunk = memoryview(b"")
        self._at = 0
        self._sha256 = BackgroundDigest() if digest else None

    def read(self, length: int) -> bytes:
        """Return the next bytes, fewer than length only at the end."""
        start = self._at
        end = start + length
        if end <= len(self._chunk):
            self._at = end
            self.position += length
            return self._chunk[start:end].tobytes()
        return b"".join(self.pieces(length))

    def pieces(self, length: int) -> Iterator[memoryview]:
        """Yield the next bytes in pieces that are good until the next call."""
        while length > 0:
            if self._at >= len(self._chunk) and not self._next():
                return
            piece = self._chunk[self._at : self._at + length]
            self._at += len(piece)
            self.position += len(piece)
            length -= len(piece)
            yield piece

    def move_to(self, position: int) -> bool:
        """Read on to a position; return whether the stream is that long."""
        while self.position < position:
            if self._at >= len(self._chunk) and not self._next():
                return False
            step = min(position - self.position, len(self._chunk) - self._at)
            self._at += step
            self.position += step
        return True

    def block_at(self, position: int) -> bytes:
        """Go forward to a position and return the block of 512 bytes there, fewer only at the end."""
        self.move_to(position)
        return self.read(BLOCK)

    def drain(self, report: Callable[[int], None]) -> None:
        """Read the stream to its end, telling the position with every chunk."""
        self.position += len(self._chunk) - self._at
        self._at = len(self._chunk)
        while self._next():
            self.position += len(self._chunk)
            self._at = len(self._chunk)
            report(self.position)

    def sha256(self) -> str:
        """Return the digest of what was taken from the stream so far, in hexadecimal."""
        return "" if self._sha256 is None else self._sha256.hexdigest()

    def _next(self) -> bool:
        data = self._read(CHUNK)
        if not data:
            return False
        if self._sha256 is not None:
            self._sha256.update(data)
        self._chunk = memoryview(data)
        self._at = 0
        return True


def read_at(descriptor: int, offset: int, length: int) -> bytes:
    """Return length bytes of a file from offset, fewer only where it ends."""
    data = os.pread(descriptor, length, offset)
    if len(data) == length or not data:
        return data
    parts = [data]
    missing = length - len(data)
    while missing and (data := os.pread(descriptor, missing, offset + length - missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)
