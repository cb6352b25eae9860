"""Blobs of layers, compressed block by block on as many cores as there are; where a block ends depends on nothing else.

gzip as pigz writes it: each block is compressed knowing the last 32 KiB of the one before, and ends at a byte; zstd as a frame
a block.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.records.written_image import LayerCompression

_GZIP_BLOCK: Final = 1 << 20
_ZSTD_BLOCK: Final = 8 << 20
_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 9
_WINDOW: Final = 1 << 15
_RAW: Final = -15
"""What zlib calls a deflate stream without a header."""

_MEMORY_LEVEL: Final = 8
_GZIP_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
"""Without a name, a time or a system."""

_WAITING: Final = 4
"""Blocks that are held at once."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What was written: digests of the blob and of what is in it as OCI writes them, bytes of both."""

    digest: str
    diff_id: str
    compressed_bytes: int
    size_bytes: int


def write_blob(path: Path, pieces: Iterable[bytes], compression: LayerCompression, pool: ThreadPoolExecutor) -> Blob:
    """Write pieces into a new file, compressed by the pool; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        writer = _BlobWriter(_Output(file.write), compression, pool)
        for piece in pieces:
            writer.write(piece)
        return writer.finish()


class _Output:
    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._sha256 = hashlib.sha256()
        self.count = 0

    def put(self, data: bytes) -> None:
        self._sha256.update(data)
        self.count += len(data)
        self._write(data)

    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"


class _BlobWriter:
    def __init__(self, output: _Output, compression: LayerCompression, pool: ThreadPoolExecutor) -> None:
        self._output = output
        self._is_gzip = compression == "gzip"
        self._block_size = _GZIP_BLOCK if self._is_gzip else _ZSTD_BLOCK
        self._pool = pool
        self._block = bytearray()
        self._before = b""
        self._pending: deque[Future[bytes]] = deque()
        self._sha256 = hashlib.sha256()
        self._crc = 0
        self._size = 0
        if self._is_gzip:
            output.put(_GZIP_HEADER)

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        view = memoryview(data)
        while view:
            taken = view[: self._block_size - len(self._block)]
            self._block += taken
            view = view[len(taken) :]
            if len(self._block) == self._block_size:
                self._compress(is_last=False)

    def finish(self) -> Blob:
        """Write what is left."""
        if self._block or self._is_gzip:
            self._compress(is_last=True)
        while self._pending:
            self._output.put(self._pending.popleft().result())
        if self._is_gzip:
            self._output.put(struct.pack("<II", self._crc, self._size & 0xFFFFFFFF))
        return Blob(self._output.digest(), f"sha256:{self._sha256.hexdigest()}", self._output.count, self._size)

    def _compress(self, *, is_last: bool) -> None:
        block = bytes(self._block)
        self._block.clear()
        while len(self._pending) >= _WAITING:
            self._output.put(self._pending.popleft().result())
        if self._is_gzip:
            self._pending.append(self._pool.submit(_deflated, block, self._before, is_last))
            self._before = block[-_WINDOW:]
            self._crc = zlib.crc32(block, self._crc)
        else:
            self._pending.append(self._pool.submit(_framed, block))
        self._sha256.update(block)
        self._size += len(block)


def _deflated(block: bytes, before: bytes, is_last: bool) -> bytes:
    if before:
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _RAW, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY, before)
    else:
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _RAW, _MEMORY_LEVEL, zlib.Z_DEFAULT_STRATEGY)
    return packer.compress(block) + packer.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)


def _framed(block: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=_ZSTD_LEVEL, write_checksum=True, write_content_size=True).compress(block)
