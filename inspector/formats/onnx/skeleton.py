"""A message without the values of its tensors: small enough to hold, whole enough to parse."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.layout import CONTENT, PAYLOAD, PROSE, TEXT, VALUE
from inspector.formats.onnx.long_text import read_text
from inspector.formats.onnx.open_file import open_source
from inspector.formats.onnx.wire import LENGTH, Source, encode_varint, fields, leading, run

SMALL_MESSAGE: Final = 4 * 1024
"""Messages up to this many bytes are taken as they are."""

SMALL_PAYLOAD: Final = 1024
"""Values of up to this many bytes stay: shapes, axes and scalars, which shape inference needs."""

LARGEST_SKELETON: Final = 512 * 1024**2
DEEPEST: Final = 100
"""Levels of messages, as protobuf's own parsers limit them."""

LONGEST_LIST: Final = 65_536
"""Elements of one attribute that are kept."""

_LIST_TAGS: Final = frozenset({0x3D, 0x40})
_CHILDREN: Final = frozenset({"Tensor", "Graph", "SparseTensor"})


def skeleton(path: Path) -> bytes:
    """Return the ModelProto in the file at path without weight values over 1 KiB and without documentation.

    Overlong names are replaced by stand-ins, equal ones by equal ones. Raises UnreadableArtifact.
    """
    with open_source(path) as source:
        return Carver(source, TextCleaner(source.label), with_children=True).carve("Model", 0, source.size)


class Carver:
    """Carves messages of one file down to what is not values.

    Without children, the tensors and graphs inside a node's attributes become empty messages, to be read on their own.
    """

    def __init__(self, source: Source, cleaner: TextCleaner, with_children: bool) -> None:
        self._source = source
        self._cleaner = cleaner
        self._with_children = with_children
        self.clipped_lists = 0
        self._kept = 0

    def carve(self, kind: str, start: int, end: int, depth: int = 0) -> bytes:
        """Return the message of that kind between start and end, carved. Raises UnreadableArtifact if it cannot be."""
        if depth > DEEPEST:
            raise self._source.malformed(start, f"messages are nested more than {DEEPEST} deep")
        content = CONTENT[kind]
        kept: list[bytes] = []
        lists: dict[int, int] = {}
        position = start
        while position < end:
            position = self._carve_fields(kind, content, kept, lists, position, end, depth)
        return b"".join(kept)

    def _carve_fields(
        self, kind: str, content: dict[int, str], kept: list[bytes], lists: dict[int, int], position: int, end: int, depth: int
    ) -> int:
        source = self._source
        for tag, at, start, after in fields(source, position, end):
            if kind == "Attribute" and tag in _LIST_TAGS:
                return self._carve_list(kept, lists, tag, at, end)
            if tag & 7 != LENGTH:
                kept.append(self._take(at, after))
                continue
            value = self._value(kind, content.get(tag), tag, start, after, depth, lists)
            if value is not None:
                kept.append(encode_varint(tag) + encode_varint(len(value)) + value)
        return end

    def _value(
        self, kind: str, holds: str | None, tag: int, start: int, end: int, depth: int, lists: dict[int, int]
    ) -> bytes | None:
        """Return what stays of a length-delimited value, None for nothing."""
        if holds in _CHILDREN and kind == "Attribute" and not self._with_children:
            return b""
        if kind == "Attribute" and tag in (0x3A, 0x42, 0x4A):
            lists[tag] = lists.get(tag, 0) + (end - start if tag != 0x4A else 1)
            if lists[tag] > (LONGEST_LIST if tag == 0x4A else 4 * LONGEST_LIST):
                self.clipped_lists += 1
                return None
        if holds in (TEXT, VALUE):
            text = read_text(self._source, self._cleaner, start, end, is_name=holds == TEXT)
            self._count(len(text))
            return text
        if holds == PAYLOAD:
            return self._take(start, end) if end - start <= SMALL_PAYLOAD else None
        if holds == PROSE or (holds is None and end - start > SMALL_MESSAGE):
            return None
        if end - start <= (SMALL_PAYLOAD if holds in _CHILDREN else SMALL_MESSAGE):
            return self._take(start, end)
        return self.carve(str(holds), start, end, depth + 1)

    def _carve_list(self, kept: list[bytes], lists: dict[int, int], tag: int, start: int, end: int) -> int:
        """Take the first elements of a list that is not packed; return where it ends."""
        after, count = run(self._source, start, end, tag)
        room = LONGEST_LIST - lists.get(tag, 0)
        lists[tag] = lists.get(tag, 0) + count
        if count <= room:
            kept.append(self._take(start, after))
            return after
        self.clipped_lists += 1
        if room > 0:
            kept.append(self._take(start, start + leading(self._source, start, after, tag, room)))
        return after

    def _take(self, start: int, end: int) -> bytes:
        self._count(end - start)
        return self._source.read(start, end - start)

    def _count(self, length: int) -> None:
        self._kept += length
        if self._kept > LARGEST_SKELETON:
            raise UnreadableArtifact(
                f"{self._source.label}: more than {LARGEST_SKELETON // 1024**2} MiB are left when weights are not counted",
                "no known exporter writes such a model",
            )
