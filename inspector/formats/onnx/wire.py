"""The protobuf wire format, walked in a file through bounded windows: https://protobuf.dev/programming-guides/encoding/."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from inspector.errors import UnreadableArtifact

SMALLEST_WINDOW: Final = 4 * 1024
LARGEST_WINDOW: Final = 1024 * 1024
MOST_FIELDS: Final = 10_000_000
MOST_SCANNED: Final = 4 * 1024**3
_RUN_COST: Final = 8
"""What finding a run takes, in fields: a file may alternate between runs of one element."""

_HEADER: Final = 24
"""Bytes that hold any tag and length."""

VARINT: Final = 0
FIXED64: Final = 1
LENGTH: Final = 2
FIXED32: Final = 5
_GROUP: Final = 3
_END_GROUP: Final = 4
_DEEPEST_GROUP: Final = 90
_WIDTHS: Final = {VARINT: 0, FIXED64: 8, FIXED32: 4}
"""Bytes of a scalar, by wire type; 0 where it varies."""

DAMAGED_HINT: Final = "the file is damaged, cut short or of another format: download or export it again"


class Span(NamedTuple):
    """A stretch of the file: the offsets of its first byte and of the byte after its last."""

    start: int
    end: int


class Source:
    """A regular file open for reading, seen through one window that grows while it is read in sequence."""

    __slots__ = ("_fields_walked", "_scanned", "_width", "base", "data", "fd", "label", "size")

    def __init__(self, fd: int, size: int, label: str) -> None:
        self.fd = fd
        self.size = size
        self.label = label
        self.base = 0
        self.data = b""
        self._width = SMALLEST_WINDOW
        self._fields_walked = 0
        self._scanned = 0

    def take_fields(self, count: int) -> None:
        """Count fields walked; raises UnreadableArtifact once they are more than any real model has."""
        self._fields_walked += count
        if self._fields_walked > MOST_FIELDS:
            raise UnreadableArtifact(
                f"{self.label}: holds more than {MOST_FIELDS:,} fields", "no known exporter writes such a model"
            )

    def take_scanned(self, length: int) -> None:
        """Count bytes of overlong text or lists about to be gone through; raises UnreadableArtifact once they are too many."""
        self._scanned += length
        if self._scanned > MOST_SCANNED:
            what = f"holds more than {MOST_SCANNED:,} bytes of overlong text and lists"
            raise UnreadableArtifact(f"{self.label}: {what}", "no known exporter writes such a model")

    def refill(self, position: int, need: int = 0) -> bytes:
        """Move the window to position and return what it holds: at least need bytes, unless the file ends before."""
        in_sequence = self.base < position <= self.base + len(self.data)
        self._width = min(self._width * 4, LARGEST_WINDOW) if in_sequence else SMALLEST_WINDOW
        self.data = self._pread(max(need, self._width), position)
        self.base = position
        return self.data

    def read(self, start: int, length: int) -> bytes:
        """Return length bytes from start; raises UnreadableArtifact if the file ends before."""
        offset = start - self.base
        if offset < 0 or offset + length > len(self.data):
            if length > LARGEST_WINDOW:
                data, offset = self._pread(length, start), 0
            else:
                data, offset = self.refill(start, length), 0
        else:
            data = self.data
        taken = data[offset : offset + length]
        if len(taken) != length:
            raise self.malformed(start + len(taken), "the file ends too early")
        return taken

    def malformed(self, offset: int, what: str) -> UnreadableArtifact:
        """Return the error that says what is wrong at that byte."""
        return UnreadableArtifact(f"{self.label}: {what} at byte {offset:,}", DAMAGED_HINT)

    def _pread(self, length: int, position: int) -> bytes:
        try:
            data = os.pread(self.fd, length, position)
            while len(data) < length and (more := os.pread(self.fd, length - len(data), position + len(data))):
                data += more
        except (OSError, OverflowError, MemoryError) as error:
            raise UnreadableArtifact(f"{self.label}: cannot read at byte {position:,}: {error}", "") from error
        return data


def fields(source: Source, start: int, end: int, depth: int = 0) -> Iterator[tuple[int, int, int, int]]:
    """Yield (tag, start of field, start of value, end of value) for each field of the message between start and end.

    A tag is field number * 8 + wire type. Length-delimited values are not read. Raises UnreadableArtifact at the first field
    that is malformed or runs past the end. depth is that of the groups around.
    """
    position = start
    count = 0
    while position < end:
        offset = position - source.base
        data = source.data
        if offset < 0 or offset + _HEADER > len(data):
            source.take_fields(count)
            count = 0
            data, offset = source.refill(position), 0
        count += 1
        try:
            tag = data[offset]
            offset += 1
            if tag > 127:
                tag, offset = decode_varint(data, offset - 1)
            wire = tag & 7
            if wire == LENGTH:
                length = data[offset]
                offset += 1
                if length > 127:
                    length, offset = decode_varint(data, offset - 1)
                value = source.base + offset
                after = value + length
            elif wire == VARINT and data[offset] < 128:
                value = source.base + offset
                after = value + 1
            elif wire in _WIDTHS:
                value = source.base + offset
                after = value + (_WIDTHS[wire] or decode_varint(data, offset)[1] - offset)
            else:
                value = source.base + offset
                after = _group_end(source, value, end, tag, depth)
        except IndexError:
            raise source.malformed(source.base + len(data), "the file ends inside a field") from None
        except ValueError as error:
            raise source.malformed(position, str(error)) from None
        if not 7 < tag < 1 << 32:
            raise source.malformed(position, f"field number {tag >> 3} is not possible")
        if after > end:
            raise source.malformed(position, f"a field of {after - value:,} bytes runs past the end of what holds it")
        yield tag, position, value, after
        position = after
    source.take_fields(count)


def _group_end(source: Source, position: int, end: int, tag: int, depth: int) -> int:
    """Return where the group that the tag opens ends: ONNX has none, but other parsers skip them as unknown fields."""
    if tag & 7 == _END_GROUP and depth:
        return position
    if tag & 7 != _GROUP or depth > _DEEPEST_GROUP:
        raise ValueError("a field of a wire type that ONNX does not use")
    for inner, _, _, after in fields(source, position, end, depth + 1):
        if inner & 7 == _END_GROUP:
            if inner >> 3 != tag >> 3:
                break
            return after
    raise ValueError("a group of fields does not end")


def decode_varint(data: bytes, offset: int) -> tuple[int, int]:
    """Return the variable-length integer at offset, as unsigned 64 bits, and the offset after it.

    Raises IndexError if data ends before, ValueError if it takes more than ten bytes.
    """
    value = shift = 0
    while True:
        byte = data[offset]
        offset += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, offset
        shift += 7
        if shift > 63:
            raise ValueError("an integer takes more than ten bytes")


def varint_at(source: Source, start: int, end: int) -> int:
    """Return the integer a varint field holds, unsigned."""
    return decode_varint(source.read(start, end - start), 0)[0]


def packed_varints(source: Source, start: int, end: int) -> Iterator[int]:
    """Yield the integers of a packed field of at most a window's size, unsigned; raises UnreadableArtifact."""
    if end - start > LARGEST_WINDOW:
        raise source.malformed(start, "a list of lengths is too long")
    payload, offset = source.read(start, end - start), 0
    while offset < len(payload):
        try:
            number, offset = decode_varint(payload, offset)
        except (IndexError, ValueError):
            raise source.malformed(start, "a list of lengths is malformed") from None
        yield number


def signed(value: int, bits: int = 64) -> int:
    """Return the two's-complement meaning of the low bits of value."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def encode_varint(value: int) -> bytes:
    """Return a non-negative integer in protobuf's variable-length encoding."""
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


_SCALARS: Final = {
    VARINT: rb"(?:%s[\x80-\xff]{0,9}[\x00-\x7f])",
    FIXED32: rb"(?s:%s.{4})",
    FIXED64: rb"(?s:%s.{8})",
}
_CONTINUED: Final = bytes(range(128, 256))


def run(source: Source, start: int, end: int, tag: int) -> tuple[int, int]:
    """Return (end, number of elements) of the run of scalar fields of one tag that begins at start.

    This is how a repeated field that is not packed lies in the file: each element with the tag in front, one byte long here.
    """
    source.take_fields(_RUN_COST)
    pattern = _scalars(tag, b"++")
    position, count = start, 0
    while position < end:
        offset = position - source.base
        if offset < 0 or offset + _HEADER > len(source.data):
            source.refill(position)
            offset = 0
        limit = min(len(source.data), offset + end - position)
        found = pattern.match(source.data, offset, limit)
        if found is None:
            break
        source.take_scanned(len(found[0]))
        count += _elements(found[0], tag & 7)
        position += len(found[0])
        if found.end() < limit - _HEADER:
            break
    if count == 0:
        raise source.malformed(start, "a field runs past the end of what holds it")
    return position, count


def leading(source: Source, start: int, end: int, tag: int, count: int) -> int:
    """Return the bytes that the first count elements of the run between start and end take."""
    data = source.read(start, min(end - start, count * 12))
    found = _scalars(tag, b"{%d}+" % count).match(data)
    return len(found[0]) if found else 0


def _scalars(tag: int, times: bytes) -> re.Pattern[bytes]:
    return re.compile(_SCALARS[tag & 7] % re.escape(bytes([tag])) + times)


def _elements(fields_of_one_tag: bytes, wire: int) -> int:
    if wire == VARINT:
        return len(fields_of_one_tag.translate(None, _CONTINUED)) // 2
    return len(fields_of_one_tag) // (5 if wire == FIXED32 else 9)
