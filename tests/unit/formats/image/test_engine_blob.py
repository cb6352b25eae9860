"""Blobs of an export made plain on the way by a child: whole, damaged, cut short, bombs, and left half-read."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections import deque
from pathlib import Path

import psutil
import pytest

from inspector.formats.image.engine_blob import uncompressed
from inspector.formats.image.tar_header import LayerProblem
from inspector.records.image import Compression
from tests.images.build import compress

CONTENT = b"".join(b"line %d of a file that compresses\n" % number for number in range(100_000))


def _read(blob: bytes, compression: Compression, length: int | None = None) -> tuple[bytes, str]:
    with uncompressed(io.BytesIO(blob), len(blob) if length is None else length, compression) as plain:
        parts = []
        while data := plain.read(1 << 16):
            parts.append(data)
        return b"".join(parts), plain.stored_sha256()


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_gives_the_plain_bytes_and_the_digest_of_what_is_stored(compression: Compression) -> None:
    blob = compress(CONTENT, compression)
    assert _read(blob, compression) == (CONTENT, hashlib.sha256(blob).hexdigest())


def test_plain_blobs_pass_through() -> None:
    assert _read(CONTENT, "none") == (CONTENT, "")


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_says_what_is_wrong_with_a_damaged_blob(compression: Compression) -> None:
    blob = bytearray(compress(CONTENT, compression))
    blob[1000:1100] = bytes(100)
    with pytest.raises(LayerProblem, match=f"{compression} stream is (damaged|cut short)"):
        _read(bytes(blob), compression)


def test_says_that_a_blob_is_cut_short() -> None:
    blob = compress(CONTENT, "gzip")
    with pytest.raises(LayerProblem, match="cut short"):
        _read(blob[: len(blob) // 2], "gzip")


def test_stops_a_bomb() -> None:
    """Zeros without end: a thousand and more to one stops them, beyond the first gigabyte."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    megabyte = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    head = gzip.compress(b"")[:10]
    with uncompressed(_Endless(head, megabyte), 10_000, "gzip") as plain, pytest.raises(LayerProblem, match="bomb"):
        deque(iter(lambda: plain.read(1 << 20), b""), maxlen=0)


class _Endless:
    """A stream that repeats itself for ever."""

    def __init__(self, head: bytes, part: bytes) -> None:
        self._rest, self._part = head, part

    def read(self, size: int, /) -> bytes:
        while len(self._rest) < size:
            self._rest += self._part
        data, self._rest = self._rest[:size], self._rest[size:]
        return data


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def _children() -> set[int]:
    """Return the children of this process; engines that other tests started are among them."""
    return {child.pid for child in psutil.Process().children()}


def test_leaves_no_descriptor_and_no_child_when_left_half_read() -> None:
    blob = compress(os.urandom(5_000_000), "gzip")
    before, children_before = _descriptors(), _children()
    with uncompressed(io.BytesIO(blob), len(blob), "gzip") as plain:
        assert plain.read(10)
    assert _descriptors() == before
    assert _children() <= children_before
