"""Layers decompressed as streams; only ever inside a child process, since isal and zstandard run on somebody's bytes."""

from __future__ import annotations

import hashlib
import os
import time
from typing import Any, Final, Protocol

from inspector.formats.image.decompress_frames import FrameTracker
from inspector.formats.image.tar_header import LayerProblem
from inspector.formats.image.tar_sources import CHUNK, Read
from inspector.records.image import Compression

_INPUT: Final = 1 << 17
_LARGEST_WINDOW: Final = 1 << 27
"""Bytes a zstd frame may have its decompressor hold."""

_FREE_BYTES: Final = 1 << 30
_GZIP: Final = 31
"""What zlib calls the format."""

_GZIP_MAGIC: Final = b"\x1f\x8b"


class StretchReader:
    """Gives the bytes of a stretch of an open file, from first to last."""

    def __init__(self, descriptor: int, offset: int, length: int) -> None:
        self._descriptor = descriptor
        self._at = offset
        self._end = offset + length

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most size, none at the end; raises LayerProblem where the file ends before the stretch."""
        size = min(size, self._end - self._at)
        if size <= 0:
            return b""
        data = os.pread(self._descriptor, size, self._at)
        if not data:
            raise LayerProblem(f"cut short: the file ends {self._end - self._at:,} bytes too early")
        self._at += len(data)
        return data


class Portion:
    """The next length bytes of a stream, as a stream of their own."""

    def __init__(self, read: Read, length: int) -> None:
        self._read = read
        self._left = length

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most size, none at the end; raises LayerProblem where the stream ends before."""
        if self._left <= 0 or size <= 0:
            return b""
        data = self._read(min(size, self._left))
        if not data:
            raise LayerProblem(f"cut short: {self._left:,} bytes are missing")
        self._left -= len(data)
        return data


class Digesting:
    """Passes bytes on, counts and digests them."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._sha256 = hashlib.sha256()
        self.count = 0

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""
        data = self._read(size)
        self._sha256.update(data)
        self.count += len(data)
        return data

    def finish(self) -> str:
        """Read what is left and return the digest of everything in hexadecimal; raises LayerProblem."""
        while self.read(CHUNK):
            pass
        return self._sha256.hexdigest()


class Bounded:
    """Passes bytes on until there are more of them than a compressed stream may become, or time is up."""

    def __init__(self, read: Read, most_bytes: int, deadline: float) -> None:
        self._read = read
        self._most = most_bytes
        self._deadline = deadline
        self.count = 0

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; raises LayerProblem at the bound."""
        room = self._most - self.count
        data = self._read(min(size, room) if room > 0 else 1)
        if data and room <= 0:
            raise LayerProblem(f"was not read on after {self._most:,} uncompressed bytes: it may be a decompression bomb")
        self.count += len(data)
        if time.monotonic() > self._deadline:
            raise LayerProblem(f"was not read on after {self.count:,} uncompressed bytes: it took too long")
        return data


def most_uncompressed(compressed_bytes: int, bound: int, ratio: int) -> int:
    """Return how many bytes a stream of so many compressed ones may become."""
    return min(bound, ratio * compressed_bytes + _FREE_BYTES)


class Decompressor(Protocol):
    """A stream of uncompressed bytes."""

    has_trailer: bool
    """Whether something that is no part of it followed the compressed stream; it was not read."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most size, none at the end; raises LayerProblem where it is damaged or cut short."""


def decompressor(read: Read, compression: Compression) -> Decompressor:
    """Return what gives the uncompressed bytes of a stream."""
    if compression == "gzip":
        return _Gunzip(read)
    return _Unzstd(read) if compression == "zstd" else _Plain(read)


class _Plain:
    """Bytes as they are."""

    has_trailer = False

    def __init__(self, read: Read) -> None:
        self._read = read

    def read(self, size: int, /) -> bytes:
        return self._read(size)


class _Gunzip:
    """Members of gzip one after the other, with zeros between and after them."""

    def __init__(self, read: Read) -> None:
        from isal import isal_zlib

        self.has_trailer = False
        self._error: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub says instance
        self._new_member = isal_zlib.decompressobj
        self._read = read
        self._member = isal_zlib.decompressobj(wbits=_GZIP)
        self._input = b""

    def read(self, size: int, /) -> bytes:
        while not self._member.eof or self._next_member():
            data = self._input or self._read(_INPUT)
            try:
                output = self._member.decompress(data, size)
            except self._error as error:
                raise LayerProblem(f"its gzip stream is damaged ({error})") from None
            self._input = self._member.unconsumed_tail
            if output:
                return output
            if not data and not self._member.eof:
                raise LayerProblem("its gzip stream is cut short")
        return b""

    def _next_member(self) -> bool:
        """Begin the next member; False where there is none."""
        if self.has_trailer:
            return False
        rest = self._member.unused_data.lstrip(b"\0")
        while len(rest) < len(_GZIP_MAGIC) and (more := self._read(_INPUT)):
            rest = (rest + more).lstrip(b"\0")
        if not rest.startswith(_GZIP_MAGIC):
            self.has_trailer = bool(rest)
            return False
        self._member = self._new_member(wbits=_GZIP)
        self._input = rest
        return True


class _Unzstd:
    """Frames of zstd one after the other, skippable ones left out."""

    def __init__(self, read: Read) -> None:
        import zstandard

        frames = self._frames = FrameTracker()

        class Input:
            """What zstandard reads from."""

            def read(self, size: int = -1) -> bytes:
                data = read(size if size > 0 else _INPUT)
                frames.feed(data)
                return data

        self.has_trailer = False
        self._error: type[Exception] = zstandard.ZstdError
        self._began = False
        self._stream: Any = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(
            Input(),  # type: ignore[arg-type]
            read_size=_INPUT,
            read_across_frames=True,
        )

    def read(self, size: int, /) -> bytes:
        if self.has_trailer:
            return b""
        try:
            data: bytes = self._stream.read1(size)
        except self._error as error:
            if self._began and "Unknown frame descriptor" in str(error):
                self.has_trailer = True
                return b""
            raise LayerProblem(f"its zstd stream is damaged ({error})") from None
        if not data and self._frames.is_inside:
            raise LayerProblem("its zstd stream is cut short")
        self._began = self._began or bool(data)
        return data
