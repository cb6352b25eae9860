"""Whether the first bytes of a file are those of an ONNX ModelProto: fields of onnx.proto in protobuf's wire format."""

from __future__ import annotations

from typing import Final

_VARINT, _BYTES = 0, 2
_WIRE_TYPES: Final = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
"""Of ModelProto's fields."""
_TEXTS: Final = (2, 3, 4, 6)
_PRODUCER, _GRAPH, _OPSETS = 2, 7, 8
_NEWEST_IR: Final = 64


def may_be_model(head: bytes, size: int) -> bool:
    """Tell whether a file that is called a model may be one: its first field is one of a model's and fits the file."""
    return bool(_fields(head, size))


def is_model(head: bytes, size: int) -> bool:
    """Tell whether a file is a model by its first bytes alone: an IR version, then a producer in letters, a graph or opsets."""
    fields = _fields(head, size)
    if not fields or fields[0][0] != 1 or not 1 <= fields[0][1] <= _NEWEST_IR:
        return False
    texts = [text for field, _, text in fields if field in _TEXTS]
    if any(not text.decode("utf-8", "replace").replace("\n", "").isprintable() for text in texts):
        return False
    return any(field in (_PRODUCER, _GRAPH, _OPSETS) for field, _, _ in fields[1:])


def _fields(head: bytes, size: int) -> list[tuple[int, int, bytes]]:
    """Return the fields that begin in head, as number, value or length, and bytes of texts; empty where one is impossible."""
    fields: list[tuple[int, int, bytes]] = []
    position = 0
    while position < min(len(head), size):
        tag, start = _varint(head, position)
        value, end = _varint(head, start)
        if end < 0:
            break
        number, wire_type = tag >> 3, tag & 7
        if _WIRE_TYPES.get(number) != wire_type:
            return []
        text = b""
        if wire_type == _BYTES:
            text, end = head[end : end + value], end + value
        if end > size:
            return []
        fields.append((number, value, text))
        position = end
    return fields


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Return a number and where it ends; -1 where it is cut off or too long."""
    value = shift = 0
    while 0 <= position < len(data) and shift < 64:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position
    return 0, -1
