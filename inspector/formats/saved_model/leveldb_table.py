"""LevelDB's table format, as TensorFlow writes checkpoint indexes: sorted keys with values, in blocks with checksums.

Format: https://github.com/google/leveldb/blob/main/doc/table_format.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from inspector.formats.onnx.wire import Source, decode_varint
from inspector.formats.saved_model.masked_checksum import masked_checksum
from inspector.formats.saved_model.snappy import decompress

LARGEST_TABLE: Final = 256 * 1024**2
LARGEST_BLOCK: Final = 32 * 1024**2
MOST_ENTRIES: Final = 1_000_000
MOST_CHECKED: Final = 16 * 1024**2
"""Bytes of blocks whose checksums are verified; the rest is taken as it is, and said to be."""

_MAGIC: Final = 0xDB4775248B80FB57
_FOOTER: Final = 48
_TRAILER: Final = 5
_LONGEST_KEY: Final = 64 * 1024
_MOST_BYTES: Final = 512 * 1024**2


class MalformedTableError(ValueError):
    """The file is no table, or a damaged one; the message says where and how."""


class Table:
    """One table, read block by block."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._checked = 0
        self._expanded = 0
        self.unchecked_bytes = 0

    def entries(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every key with its value, in the order stored; raises MalformedTableError or UnreadableArtifact."""
        count = 0
        last = b""
        for _, handle in _block_entries(self._block(*self._index_handle())):
            for key, value in _block_entries(self._block(*_handle(handle, 0)[0])):
                count += 1
                if count > MOST_ENTRIES:
                    raise MalformedTableError(f"more than {MOST_ENTRIES:,} entries")
                if key < last:
                    raise MalformedTableError("keys that are not in order")
                last = key
                yield key, value

    def _index_handle(self) -> tuple[int, int]:
        size = self._source.size
        if size < _FOOTER:
            raise MalformedTableError(f"only {size:,} bytes, less than a footer")
        if size > LARGEST_TABLE:
            raise MalformedTableError(f"{size:,} bytes, more than any real index has")
        footer = self._source.read(size - _FOOTER, _FOOTER)
        if int.from_bytes(footer[-8:], "little") != _MAGIC:
            raise MalformedTableError("no footer: cut short, or no table at all")
        _, after = _handle(footer, 0)
        return _handle(footer, after)[0]

    def _block(self, offset: int, size: int) -> bytes:
        """Return the content of one block, checked and decompressed."""
        if size > LARGEST_BLOCK or offset + size + _TRAILER > self._source.size - _FOOTER:
            raise MalformedTableError(f"a block of {size:,} bytes at byte {offset:,} that reaches past the end")
        stored = self._source.read(offset, size + _TRAILER)
        self._check(stored, offset)
        kind = stored[size]
        if kind > 1:
            raise MalformedTableError(f"a block at byte {offset:,} compressed in an unknown way ({kind})")
        content = stored[:size]
        if kind == 1:
            try:
                content = decompress(content, LARGEST_BLOCK)
            except ValueError as error:
                raise MalformedTableError(f"{error}, at byte {offset:,}") from None
        self._expanded += len(content)
        if self._expanded > _MOST_BYTES:
            raise MalformedTableError(f"more than {_MOST_BYTES:,} bytes of blocks")
        return content

    def _check(self, stored: bytes, offset: int) -> None:
        covered = stored[:-4]
        self._checked += len(covered)
        if self._checked > MOST_CHECKED:
            self.unchecked_bytes += len(covered)
        elif masked_checksum(covered) != int.from_bytes(stored[-4:], "little"):
            raise MalformedTableError(f"a block at byte {offset:,} whose checksum does not match")


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    """Return (offset, size) of the block that a handle names, and the position after the handle."""
    try:
        offset, position = decode_varint(data, position)
        size, position = decode_varint(data, position)
    except (IndexError, ValueError):
        raise MalformedTableError("a malformed reference to a block") from None
    return (offset, size), position


def _block_entries(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block: each key shares a prefix with the one before it."""
    end = _entries_end(content)
    position, key = 0, b""
    while position < end:
        try:
            shared, position = decode_varint(content, position)
            unshared, position = decode_varint(content, position)
            length, position = decode_varint(content, position)
        except (IndexError, ValueError):
            raise MalformedTableError("an entry that is cut short") from None
        value_start = position + unshared
        if shared > len(key) or value_start + length > end or shared + unshared > _LONGEST_KEY:
            raise MalformedTableError("an entry that does not fit its block")
        key = key[:shared] + content[position:value_start]
        position = value_start + length
        yield key, content[value_start:position]


def _entries_end(content: bytes) -> int:
    """Return where the entries of a block end and its restart points begin."""
    if len(content) < 4:
        raise MalformedTableError("a block of less than four bytes")
    restarts: int = struct.unpack_from("<I", content, len(content) - 4)[0]
    end = len(content) - 4 * (restarts + 1)
    if end < 0:
        raise MalformedTableError("a block with more restart points than bytes")
    return end
