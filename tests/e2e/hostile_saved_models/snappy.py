"""Snappy's block format, written."""

from __future__ import annotations

from tests.e2e.hostile.wire import varint

MAXIMUM_LITERAL = 60


def literal(data: bytes) -> bytes:
    """Return a literal element of at most 60 bytes."""
    assert 0 < len(data) <= MAXIMUM_LITERAL
    return bytes([len(data) - 1 << 2]) + data


def copy(offset: int, length: int) -> bytes:
    """Return a copy element with a two-byte offset and a length of 1 to 64."""
    return bytes([length - 1 << 2 | 2]) + offset.to_bytes(2, "little")


def compress(data: bytes) -> bytes:
    """Return data compressed: runs of at least four bytes seen before become copies."""
    out, position, pending = [varint(len(data))], 0, b""
    seen: dict[bytes, int] = {}
    while position < len(data):
        key = data[position : position + 4]
        before = seen.get(key, -1)
        if len(key) == 4:
            seen[key] = position
        if before >= 0 and position - before < 1 << 16:
            length = 4
            while (
                length < 64
                and data[position + length : position + length + 1] == data[before + length : before + length + 1] != b""
            ):
                length += 1
            out += [_literals(pending), copy(position - before, length)]
            pending, position = b"", position + length
        else:
            pending, position = pending + data[position : position + 1], position + 1
    return b"".join([*out, _literals(pending)])


def _literals(data: bytes) -> bytes:
    return b"".join(literal(data[at : at + MAXIMUM_LITERAL]) for at in range(0, len(data), MAXIMUM_LITERAL))
