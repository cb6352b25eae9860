"""A checkpoint's index written by hand: a LevelDB table of BundleEntryProtos."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.hostile.wire import field, tag, varint
from tests.e2e.hostile_saved_models import snappy
from tests.e2e.hostile_saved_models.protos import FLOAT, shape

MAGIC = 0xDB4775248B80FB57
STORED, SNAPPY = 0, 1

_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = _byte >> 1 ^ (0x82F63B78 if _byte & 1 else 0)
    _TABLE.append(_byte)


def masked_crc(data: bytes) -> int:
    """Return the CRC-32C of data as LevelDB masks it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def record(key: bytes, value: bytes, shared: int = 0, value_length: int | None = None, rest_length: int | None = None) -> bytes:
    """Return one record of a block; lengths may be told wrongly."""
    rest = key[shared:]
    lengths = (shared, len(rest) if rest_length is None else rest_length, len(value) if value_length is None else value_length)
    return b"".join(map(varint, lengths)) + rest + value


def block(pairs: list[tuple[bytes, bytes]], restart_every: int = 16) -> bytes:
    """Return a block of records in the order given, prefix-compressed between restarts."""
    out, restarts, before = b"", [], b""
    for index, (key, value) in enumerate(pairs):
        if index % restart_every == 0:
            restarts.append(len(out))
            before = b""
        out += record(key, value, _common(before, key))
        before = key
    return out + restart_array(restarts or [0])


def restart_array(offsets: list[int], count: int | None = None) -> bytes:
    """Return what ends a block."""
    return struct.pack(f"<{len(offsets)}I", *offsets) + struct.pack("<I", len(offsets) if count is None else count)


def _common(a: bytes, b: bytes) -> int:
    length = 0
    while length < min(len(a), len(b)) and a[length] == b[length]:
        length += 1
    return length


def handle(offset: int, size: int) -> bytes:
    """Return a block handle."""
    return varint(offset) + varint(size)


def trailer(stored: bytes, compression: int, crc: int | None = None) -> bytes:
    """Return the type and the checksum that follow a block."""
    kind = bytes([compression])
    return kind + struct.pack("<I", masked_crc(stored + kind) if crc is None else crc)


def footer(index_handle: bytes, metaindex_handle: bytes = handle(0, 0), magic: int = MAGIC) -> bytes:
    """Return the last 48 bytes of a table."""
    return (metaindex_handle + index_handle).ljust(40, b"\0") + struct.pack("<Q", magic)


@dataclass(frozen=True)
class Settings:
    """How a table is written; data and index change the bytes of the blocks before they are stored."""

    compression: int = STORED
    restart_every: int = 16
    crc: int | None = None
    index_crc: int | None = None
    per_block: int = 1000
    packed: Callable[[bytes], bytes] = snappy.compress


def table(pairs: list[tuple[bytes, bytes]], settings: Settings = Settings()) -> bytes:
    """Return a table of the pairs, which ought to be sorted."""
    blocks = []
    for start in range(0, max(len(pairs), 1), settings.per_block):
        part = pairs[start : start + settings.per_block]
        blocks.append((part[-1][0] if part else b"", block(part, settings.restart_every)))
    return table_of_blocks(blocks, settings)


def table_of_blocks(blocks: list[tuple[bytes, bytes]], settings: Settings = Settings()) -> bytes:
    """Return a table of blocks given whole, each with its last key."""
    out, handles = b"", []
    for last, content in blocks:
        stored = settings.packed(content) if settings.compression == SNAPPY else content
        handles.append((last, handle(len(out), len(stored))))
        out += stored + trailer(stored, settings.compression, settings.crc)
    metaindex = block([])
    metaindex_handle = handle(len(out), len(metaindex))
    out += metaindex + trailer(metaindex, STORED)
    index = block(handles, 1)
    return out + index + trailer(index, STORED, settings.index_crc) + footer(handle(len(out), len(index)), metaindex_handle)


def header(shards: int = 1, *more: bytes) -> tuple[bytes, bytes]:
    """Return the first entry of every index."""
    return b"", field(1, shards) + field(3, field(1, 1)) + b"".join(more)


def bundle_entry(
    dims: list[int], offset: int, size: int, *more: bytes, dtype: int = FLOAT, shard: int = 0, crc: int = 0
) -> bytes:
    """Return a BundleEntryProto."""
    parts = [field(1, dtype), field(2, shape(dims)), field(3, shard), field(4, offset), field(5, size)]
    return b"".join([*parts, tag(6, 5) + struct.pack("<I", crc), *more])


VALUES = struct.pack("<12f", *range(12))
PAIRS = [header(), (b"w", bundle_entry([4, 3], 0, 48, crc=masked_crc(VALUES)))]
"""The index of a checkpoint with one variable w, float32[4,3], whose values are VALUES."""
