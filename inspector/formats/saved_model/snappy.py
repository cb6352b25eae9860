"""Snappy's block format, decompressed: https://github.com/google/snappy/blob/main/format_description.txt."""

from __future__ import annotations

from inspector.formats.onnx.wire import decode_varint


def decompress(data: bytes, most: int) -> bytes:
    """Return what data holds decompressed; raises ValueError if it is malformed or would take more than most bytes."""
    try:
        length, position = decode_varint(data, 0)
        if length > most:
            raise ValueError(f"a compressed block of {length:,} bytes is too large")
        return _elements(data, position, length)
    except IndexError:
        raise ValueError("a compressed block ends too early") from None


def _elements(data: bytes, position: int, length: int) -> bytes:
    output = bytearray()
    while position < len(data):
        tag = data[position]
        position += 1
        if tag & 3 == 0:
            count, position = _literal_length(data, tag, position)
            output += data[position : position + count]
            position += count
            if position > len(data):
                raise IndexError
        else:
            count, offset, position = _copy(data, tag, position)
            _append_copy(output, offset, count)
        if len(output) > length:
            raise ValueError("a compressed block holds more than it says")
    if len(output) != length:
        raise ValueError("a compressed block holds less than it says")
    return bytes(output)


def _literal_length(data: bytes, tag: int, position: int) -> tuple[int, int]:
    short = tag >> 2
    if short < 60:
        return short + 1, position
    width = short - 59
    if position + width > len(data):
        raise IndexError
    return int.from_bytes(data[position : position + width], "little") + 1, position + width


def _copy(data: bytes, tag: int, position: int) -> tuple[int, int, int]:
    """Return (bytes to copy, how far back they begin, position after the element)."""
    if tag & 3 == 1:
        return (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[position], position + 1
    width = 2 if tag & 3 == 2 else 4
    if position + width > len(data):
        raise IndexError
    return (tag >> 2) + 1, int.from_bytes(data[position : position + width], "little"), position + width


def _append_copy(output: bytearray, offset: int, count: int) -> None:
    """Append count bytes from offset bytes back; a copy may overlap what it appends, which repeats it."""
    if not 0 < offset <= len(output):
        raise ValueError("a compressed block copies from before its start")
    pattern = bytes(output[len(output) - offset : len(output) - offset + count])
    output += (pattern * (count // len(pattern) + 1))[:count]
