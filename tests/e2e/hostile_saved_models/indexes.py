"""Checkpoint indexes that lie: damaged blocks, impossible lengths, compression bombs, entries that do not fit."""

from __future__ import annotations

import struct

from tests.e2e.hostile.wire import field, varint
from tests.e2e.hostile_saved_models import snappy
from tests.e2e.hostile_saved_models.cases import Case, index
from tests.e2e.hostile_saved_models.table import (
    PAIRS,
    SNAPPY,
    STORED,
    VALUES,
    Settings,
    block,
    bundle_entry,
    footer,
    handle,
    header,
    masked_crc,
    record,
    restart_array,
    table,
    table_of_blocks,
    trailer,
)

SOUND = table(PAIRS)
CRC = masked_crc(VALUES)


def _flipped(at: int) -> bytes:
    data = bytearray(SOUND)
    data[at] ^= 0x40
    return bytes(data)


def _one_block(content: bytes) -> bytes:
    return table_of_blocks([(b"w", content)])


def _one_entry(entry: bytes, *more: tuple[bytes, bytes], shards: int = 1) -> bytes:
    return table([header(shards), (b"w", entry), *more])


def _packed(stored: bytes) -> bytes:
    return table(PAIRS, Settings(SNAPPY, packed=lambda _: stored))


def _own_index_block() -> bytes:
    """An index block that names itself as its data."""
    content = block([(b"w", handle(0, 0))], 1)
    for _ in range(2):
        content = block([(b"w", handle(0, len(content)))], 1)
    return content + trailer(content, STORED) + footer(handle(0, len(content)))


def _many_blocks(count: int) -> bytes:
    """Thousands of index records that all name one block."""
    content = block(PAIRS)
    listed = block([(b"w%07d" % i, handle(0, len(content))) for i in range(count)], 1)
    start = len(content) + 5
    return content + trailer(content, STORED) + listed + trailer(listed, STORED) + footer(handle(start, len(listed)))


HEADER = record(*PAIRS[0])

BROKEN = {
    "empty": b"",
    "too-short": SOUND[-40:],
    "wrong-magic": SOUND[:-1] + b"\0",
    "cut-in-half": SOUND[: len(SOUND) // 2],
    "footer-only": footer(handle(0, 0)),
    "block-behind-the-end": footer(handle(1 << 40, 64)),
    "block-of-an-exabyte": bytes(64) + footer(handle(0, 1 << 60)),
    "endless-varint": bytes(64) + b"\xff" * 40 + struct.pack("<Q", 0xDB4775248B80FB57),
    "index-block-of-itself": _own_index_block(),
    "bad-data-checksum": table(PAIRS, Settings(crc=0x12345678)),
    "bad-index-checksum": table(PAIRS, Settings(index_crc=0x12345678)),
    "flipped-in-data": _flipped(6),
    "flipped-in-index": _flipped(len(SOUND) - 60),
    "unknown-compression": table(PAIRS, Settings(7)),
    "zstd-compression": table(PAIRS, Settings(2)),
    "snappy-bomb": _packed(varint(0xFFFFFFFF) + snappy.copy(1, 64)),
    "snappy-bomb-that-unpacks": _packed(varint(1 << 30) + snappy.literal(b"a" * 60) + snappy.copy(1, 64) * 16_000_000),
    "snappy-copy-from-before": _packed(varint(40) + snappy.literal(b"abc") + snappy.copy(400, 37)),
    "snappy-copy-of-nothing": _packed(varint(40) + snappy.literal(b"abc") + snappy.copy(0, 37)),
    "snappy-literal-cut": _packed(varint(60) + bytes([59 << 2]) + b"abc"),
    "snappy-too-long": _packed(varint(3) + snappy.literal(b"abcdefgh")),
    "snappy-too-short": _packed(varint(300) + snappy.literal(b"abc")),
    "snappy-empty": _packed(b""),
    "snappy-noise": _packed(b"\xff" * 64),
    "shared-prefix-of-nothing": _one_block(record(b"wwww", b"x", shared=3) + restart_array([0])),
    "shared-prefix-past-the-key": _one_block(HEADER + varint(1 << 20) + varint(1) + varint(1) + b"wx" + restart_array([0])),
    "key-past-the-block": _one_block(HEADER + record(b"w", b"x", rest_length=1 << 30) + restart_array([0])),
    "value-past-the-block": _one_block(HEADER + record(b"w", b"x", value_length=1 << 30) + restart_array([0])),
    "record-cut": _one_block(HEADER + b"\x00" + restart_array([0])),
    "restarts-past-the-block": _one_block(HEADER + restart_array([0], 1 << 30)),
    "no-restart-array": _one_block(b"\0"),
    "header-missing": table(PAIRS[1:]),
    "header-noise": table([(b"", b"\xff\xff\xff"), PAIRS[1]]),
    "entry-noise": _one_entry(b"\xff\xff\xff\xff"),
    "entry-cut": _one_entry(bundle_entry([4, 3], 0, 48)[:-3]),
}
"""Refused or told: nothing that could be taken for a sound checkpoint."""

WRONG = {
    "no-shards": table([header(0), PAIRS[1]]),
    "two-billion-shards": table([header(2**31 - 1), PAIRS[1]]),
    "negative-shards": table([header(-1), PAIRS[1]]),
    "shard-that-is-not-there": _one_entry(bundle_entry([4, 3], 0, 48, shard=5, crc=CRC)),
    "negative-shard": _one_entry(bundle_entry([4, 3], 0, 48, shard=-1, crc=CRC)),
    "past-the-shard": _one_entry(bundle_entry([4, 3], 1 << 40, 48, crc=CRC)),
    "offset-overflow": _one_entry(bundle_entry([4, 3], 2**63 - 1, 48, crc=CRC)),
    "negative-offset": _one_entry(bundle_entry([4, 3], -48, 48, crc=CRC)),
    "negative-size": _one_entry(bundle_entry([4, 3], 0, -1, crc=CRC)),
    "size-of-an-exabyte": _one_entry(bundle_entry([4, 3], 0, 1 << 60, crc=CRC)),
    "size-unlike-the-shape": _one_entry(bundle_entry([400, 300], 0, 48, crc=CRC)),
    "shape-of-a-yottabyte": _one_entry(bundle_entry([2**40, 2**40], 0, 48, crc=CRC)),
    "negative-shape": _one_entry(bundle_entry([-4, 3], 0, 48, crc=CRC)),
    "shape-unlike-the-graph": _one_entry(bundle_entry([12], 0, 48, crc=CRC)),
    "variable-missing": table(PAIRS[:1]),
    "slice-without-its-part": _one_entry(
        bundle_entry([4, 3], 0, 0, field(7, field(1, field(1, 0) + field(2, 2)) + field(1, b"")))
    ),
}
"""Well formed but wrong: refused or told."""

ODD = {
    "unsorted": table([PAIRS[0], (b"z", PAIRS[1][1]), (b"w", PAIRS[1][1]), (b"a", PAIRS[1][1])]),
    "same-key-twice": table([*PAIRS, PAIRS[1]]),
    "overlapping": _one_entry(PAIRS[1][1], (b"x", bundle_entry([6], 8, 24))),
    "unknown-type": _one_entry(bundle_entry([4, 3], 0, 48, dtype=99, crc=CRC)),
    "big-endian": table([header(1, field(2, 1)), PAIRS[1]]),
    "one-block-named-20000-times": _many_blocks(20_000),
    "escapes-in-keys": _one_entry(PAIRS[1][1], (b"w\x1b]52;c;aGVsbG8=\x07\n\xe2\x80\xae\xff", PAIRS[1][1])),
    "key-of-a-megabyte": _one_entry(PAIRS[1][1], (b"w" * (1 << 20), PAIRS[1][1])),
    "rank-10000": _one_entry(bundle_entry([1] * 10_000, 0, 4)),
    "slices-100000": _one_entry(bundle_entry([4, 3], 0, 48, *[field(7, field(1, b""))] * 100_000, crc=CRC)),
    "entries-50000": table([*PAIRS, *((b"x/%06d" % i, PAIRS[1][1]) for i in range(50_000))]),
}
"""Anything may be said, cleanly."""

MANY = [header(), *((b"layer/%04d/kernel" % i, bundle_entry([i % 5], 0, 4 * (i % 5))) for i in range(300)), PAIRS[1]]

SOUNDLY_ODD = {
    "snappy": table(PAIRS, Settings(SNAPPY)),
    "snappy-and-shared-prefixes": table(MANY, Settings(SNAPPY, per_block=50)),
    "no-shared-prefixes": table(MANY, Settings(restart_every=1, per_block=7)),
    "one-restart": table(MANY, Settings(restart_every=1000)),
}
"""What a sound reader reads, whatever others write."""

CASES = [
    *(Case(f"index-{name}", index(data), told=True) for name, data in (BROKEN | WRONG).items()),
    *(Case(f"index-{name}", index(data)) for name, data in ODD.items()),
    *(Case(f"index-{name}", index(data), sound=True) for name, data in SOUNDLY_ODD.items()),
]
