"""Decompressing streams: several members or frames, padding, what follows, damage, and bounds."""

from __future__ import annotations

import gzip
import io
import random
import time
import zlib
from contextlib import suppress
from itertools import accumulate

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.image.decompress import Bounded, Digesting, Portion, decompressor, most_uncompressed
from inspector.formats.image.decompress_frames import FrameTracker
from inspector.formats.image.tar_header import LayerProblem
from inspector.records.image import Compression
from tests.images.build import compress, digest_of

DATA = random.Random(7).randbytes(70_000) + bytes(3_000_000) + b"end"
SKIPPABLE = b"\x53\x2a\x4d\x18\x05\0\0\0hello"
BOTH = pytest.mark.parametrize("compression", ["gzip", "zstd"])


def everything(stored: bytes, compression: Compression, piece: int = 1 << 20) -> tuple[bytes, bool]:
    source = io.BytesIO(stored)
    stream = decompressor(lambda size: source.read(min(size, piece)), compression)
    parts = []
    while data := stream.read(1 << 18):
        assert len(data) <= 1 << 18
        parts.append(data)
    assert stream.read(10) == b""
    return b"".join(parts), stream.has_trailer


@BOTH
@pytest.mark.parametrize("piece", [1 << 20, 1000, 7])
def test_streams_in_several_parts(compression: Compression, piece: int) -> None:
    data = DATA[60_000:90_000]
    stored = b"".join(compress(data[at : at + 9000], compression) for at in range(0, len(data), 9000))
    assert everything(stored, compression, piece) == (data, False)


@BOTH
def test_large_output_comes_in_pieces(compression: Compression) -> None:
    assert everything(compress(DATA, compression), compression) == (DATA, False)


def test_zeros_between_and_after_gzip_members() -> None:
    assert everything(gzip.compress(b"a") + bytes(600) + gzip.compress(b"b") + bytes(200_000), "gzip") == (b"ab", False)


def test_gzip_members_with_every_optional_field() -> None:
    raw = zlib.compressobj(wbits=-15)
    body = raw.compress(b"body") + raw.flush()
    header = b"\x1f\x8b\x08\x1c" + bytes(4) + b"\0\xff" + b"\x04\0abcd" + b"name\0" + b"comment\0"
    assert everything(header + body + zlib.crc32(b"body").to_bytes(4, "little") + b"\x04\0\0\0", "gzip")[0] == b"body"


def test_skippable_zstd_frames() -> None:
    stored = SKIPPABLE + compress(b"a", "zstd") + SKIPPABLE + compress(b"b", "zstd") + SKIPPABLE
    assert everything(stored, "zstd") == (b"ab", False)


@BOTH
@pytest.mark.parametrize("rest", [b"garbage!", b"garbage behind it" * 1000])
def test_what_follows_is_told_and_not_read(compression: Compression, rest: bytes) -> None:
    assert everything(compress(DATA, compression) + rest, compression) == (DATA, True)


@BOTH
@pytest.mark.parametrize("missing", [1, 3, 9, 2000, 65_000])
def test_streams_cut_short(compression: Compression, missing: int) -> None:
    with pytest.raises(LayerProblem, match="cut short"):
        everything(compress(DATA, compression)[:-missing], compression)


def test_an_empty_stream() -> None:
    assert everything(b"", "zstd") == (b"", False)
    with pytest.raises(LayerProblem, match="cut short"):
        everything(b"", "gzip")


@BOTH
@pytest.mark.parametrize("at", [0, 3, 20, 40_000])
def test_damage(compression: Compression, at: int) -> None:
    stored = bytearray(
        zstandard.ZstdCompressor(write_checksum=True).compress(DATA) if compression == "zstd" else gzip.compress(DATA)
    )
    stored[at] ^= 0xFF
    with pytest.raises(LayerProblem, match=r"damaged|cut short"):
        everything(bytes(stored), compression)


@given(st.binary(max_size=500), st.sampled_from(["gzip", "zstd"]))
def test_any_bytes_give_bytes_or_a_problem(noise: bytes, compression: Compression) -> None:
    magic = b"\x1f\x8b\x08\0" if compression == "gzip" else b"\x28\xb5\x2f\xfd"
    for stored in (noise, magic + noise):
        with suppress(LayerProblem):
            everything(stored, compression)


@given(st.lists(st.binary(max_size=500), min_size=1, max_size=3), st.booleans(), st.integers(1, 19), st.integers(1, 50))
def test_frames_end_where_the_stream_does(parts: list[bytes], checksum: bool, level: int, piece: int) -> None:
    frames = [zstandard.ZstdCompressor(level, write_checksum=checksum).compress(part * 700) for part in parts]
    stored, ends = b"".join(frames), set(accumulate(map(len, frames)))
    tracker = FrameTracker()
    for at in range(0, len(stored), piece):
        tracker.feed(stored[at : at + piece])
        assert tracker.is_inside is (min(at + piece, len(stored)) not in ends)


def test_frames_with_windows_larger_than_layers_need_are_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=30)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    stored = compressor.compress(b"x" * 1000) + compressor.flush()
    with pytest.raises(LayerProblem, match="damaged"):
        everything(stored, "zstd")


def test_bounds_in_bytes_and_time() -> None:
    def endless(size: int) -> bytes:
        return bytes(size)

    bounded = Bounded(endless, 5000, time.monotonic() + 1000)
    assert len(bounded.read(5000)) == 5000
    with pytest.raises(LayerProblem, match="after 5,000 uncompressed bytes: it may be a decompression bomb"):
        bounded.read(1)
    with pytest.raises(LayerProblem, match="took too long"):
        Bounded(endless, 5000, time.monotonic() - 1).read(10)
    assert most_uncompressed(10, 1 << 40, 1200) == 12_000 + (1 << 30)
    assert most_uncompressed(1 << 40, 1 << 36, 1200) == 1 << 36


def test_portions_and_digests() -> None:
    source = io.BytesIO(b"0123456789")
    digesting = Digesting(Portion(source.read, 6).read)
    assert digesting.read(4) == b"0123"
    assert f"sha256:{digesting.finish()}" == digest_of(b"012345")
    assert digesting.count == 6
    with pytest.raises(LayerProblem, match="2 bytes are missing"):
        Digesting(Portion(source.read, 6).read).finish()
