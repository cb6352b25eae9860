"""What a copy of a model file consists of: stretches of the file as they are, and the few messages that change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import TextCleaner, one_line
from inspector.formats.onnx.layout import CONTENT
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.skeleton import DEEPEST
from inspector.formats.onnx.tensors import Tensor, TensorReader
from inspector.formats.onnx.wire import LENGTH, Source, Span, encode_varint, fields

SMALL: Final = 4 * 1024
"""Messages up to this many bytes are searched as text before they are walked."""

_KEY: Final = b"location"
_METADATA: Final = 0x72
_RAW: Final = 0x4A
_EXTERNAL: Final = 0x6A
_WHERE: Final = 0x70
_TYPED: Final = frozenset({0x22, 0x25, 0x28, 0x2A, 0x32, 0x38, 0x3A, 0x51, 0x52, 0x58, 0x5A})
_CARRIERS: Final = frozenset({"Graph", "Node", "Attribute", "Tensor", "SparseTensor", "Function", "Training"})

Piece = bytes | Span
"""Bytes to write, or a stretch of the source file to copy."""


@dataclass(slots=True)
class StoredTensor:
    """A tensor whose values do not stay where they are: its message without them, and what it says of itself."""

    span: Span
    tensor: Tensor
    kept: list[Span]
    values: list[Piece] = field(default_factory=list)
    """What takes the place of the fields that said where the values lie."""

    def pieces(self) -> list[Piece]:
        """Return the message as it is to be written."""
        return [*self.kept, *self.values]


@dataclass(slots=True)
class Message:
    """A message within which something changes: edits in file order, each with the span of its field and its tag."""

    span: Span
    edits: list[tuple[Span, int, Message | StoredTensor | None]] = field(default_factory=list)
    added: bytes = b""

    def pieces(self) -> list[Piece]:
        """Return the message as it is to be written; an edit of None leaves its field out."""
        found: list[Piece] = []
        position = self.span.start
        for whole, tag, inner in self.edits:
            found.append(Span(position, whole.start))
            if inner is not None:
                within = inner.pieces()
                found.append(encode_varint(tag) + encode_varint(length_of(within)))
                found.extend(within)
            position = whole.end
        found.append(Span(position, self.span.end))
        if self.added:
            found.append(self.added)
        return [piece for piece in found if length_of([piece])]


def length_of(pieces: list[Piece]) -> int:
    """Return the bytes that pieces take."""
    return sum(piece.end - piece.start if isinstance(piece, Span) else len(piece) for piece in pieces)


def pair(key: str, value: str) -> bytes:
    """Return a StringStringEntryProto."""
    texts = key.encode(), value.encode()
    return b"".join(bytes([tag]) + encode_varint(len(text)) + text for tag, text in zip((0x0A, 0x12), texts, strict=True))


class Rewriter:
    """Finds in one model file what a copy with other metadata, and with its external data elsewhere, has to change."""

    def __init__(self, source: Source, move_raw_from: int | None = None) -> None:
        """move_raw_from: raw values in the file of at least so many bytes are to move, too."""
        self._source = source
        self._move_raw_from = move_raw_from
        self._tensors = TensorReader(source, TextCleaner(source.label), Notes())
        self.stored: list[StoredTensor] = []

    def model(self, properties: Mapping[str, str]) -> Message:
        """Return what changes in the model: metadata of the keys is replaced; raises UnreadableArtifact for no protobuf."""
        source = self._source
        root = Message(Span(0, source.size))
        keys = {key.encode() for key in properties}
        for tag, at, start, end in fields(source, 0, source.size):
            if tag == _METADATA and self._key_of(start, end) in keys:
                root.edits.append((Span(at, end), tag, None))
            else:
                self._visit(root, "Model", tag, Span(at, end), Span(start, end), 0)
        root.added = b"".join(
            bytes([_METADATA]) + encode_varint(len(entry)) + entry for entry in (pair(*one) for one in properties.items())
        )
        return root

    def _key_of(self, start: int, end: int) -> bytes:
        for tag, _, at, after in fields(self._source, start, end):
            if tag == 0x0A:
                return self._source.read(at, after - at)
        return b""

    def _visit(self, parent: Message, kind: str, tag: int, whole: Span, value: Span, depth: int) -> None:
        """Add to the parent what changes in one of its fields."""
        inner = CONTENT[kind].get(tag, "") if tag & 7 == LENGTH else ""
        if inner not in _CARRIERS or self._is_plainly_unchanged(value):
            return
        found = self._tensor(value) if inner == "Tensor" else self._message(inner, value, depth + 1)
        if found is not None:
            parent.edits.append((whole, tag, found))

    def _is_plainly_unchanged(self, value: Span) -> bool:
        length = value.end - value.start
        if length > SMALL or (self._move_raw_from is not None and length >= self._move_raw_from):
            return False
        return _KEY not in self._source.read(value.start, length)

    def _message(self, kind: str, span: Span, depth: int) -> Message | None:
        if depth > DEEPEST:
            raise self._source.malformed(span.start, f"messages are nested more than {DEEPEST} deep")
        message = Message(span)
        for tag, at, start, end in fields(self._source, *span):
            self._visit(message, kind, tag, Span(at, end), Span(start, end), depth)
        return message if message.edits else None

    def _tensor(self, span: Span) -> StoredTensor | None:
        tensor = self._tensors.read([span])
        moves = self._move_raw_from is not None and tensor.raw is not None and not tensor.typed
        large = moves and tensor.raw is not None and tensor.raw.end - tensor.raw.start >= (self._move_raw_from or 0)
        if not (tensor.is_external or large):
            return None
        if tensor.is_external and (tensor.raw is not None or tensor.typed):
            problem = f"{label_of(tensor)} has values in the file and says they are elsewhere"
            raise OperationFailed(problem, "export the model again")
        kept = [
            Span(at, end)
            for tag, at, _, end in fields(self._source, *span)
            if tag not in (_EXTERNAL, _WHERE, _RAW) and tag not in _TYPED
        ]
        stored = StoredTensor(span, tensor, kept)
        self.stored.append(stored)
        return stored


def raw_values(length: int) -> bytes:
    """Return the head of a raw_data field of so many bytes."""
    return bytes([_RAW]) + encode_varint(length)


def external_values(location: str, offset: int, length: int) -> bytes:
    """Return the fields that say where the values of a tensor lie."""
    entries = (pair("location", location), pair("offset", str(offset)), pair("length", str(length)))
    fields_of = b"".join(bytes([_EXTERNAL]) + encode_varint(len(entry)) + entry for entry in entries)
    return fields_of + bytes([_WHERE, 1])


def location_of(tensor: Tensor) -> str:
    """Return the file that a tensor names, as it is written; raises OperationFailed where that is no text."""
    try:
        return tensor.external.get("location", b"").decode()
    except UnicodeDecodeError:
        raise OperationFailed(f"{label_of(tensor)} names a file that is no text", "export the model again") from None


def label_of(tensor: Tensor) -> str:
    """Return what to call a weight, which need not have a name, in a message."""
    return f"weight {one_line(TextCleaner().clean(tensor.name))}" if tensor.name else "a weight without a name"
