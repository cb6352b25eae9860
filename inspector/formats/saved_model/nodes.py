"""NodeDef: one use of an operator, as it stands in the file; names are resolved once all of its graph is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.message import DecodeError

from inspector.errors import UnreadableArtifact
from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.wire import DAMAGED_HINT, LARGEST_WINDOW, LENGTH, Source, Span, encode_varint, fields
from inspector.formats.saved_model.attributes import OUTPUT_SHAPES, AttributeReader
from inspector.formats.saved_model.constants import Constant, ConstantReader
from inspector.formats.saved_model.schema import NodeMessage
from inspector.records.graph import Attribute
from inspector.records.tensor import Shape

MOST_NODES: Final = 2_000_000
MOST_NODE_PARTS: Final = 12_000_000
SMALL_MESSAGE: Final = 4 * 1024
_LONGEST_TEXT: Final = 16 * 1024
_MOST_KEPT: Final = 16 * 1024**2
"""Bytes of one node that are kept, tensors left out."""

_ATTRIBUTE: Final = 0x2A
_VALUE: Final = 0x12
_TENSOR: Final = 0x42
_LIST: Final = 0x0A
_EMPTY_TENSOR: Final = b"\x42\x00"
_IS_TEXT: Final = frozenset({0x12})


@dataclass(slots=True)
class RawNode:
    """One node, its inputs as the file names them: "node", "node:1", "node:output:0" or an argument's name."""

    index: int
    name: str
    operator: str
    inputs: list[str]
    control_inputs: tuple[str, ...]
    device: str
    attributes: list[Attribute] = field(default_factory=list)
    functions: list[tuple[str, str]] = field(default_factory=list)
    output_shapes: tuple[Shape | None, ...] | None = None
    shapes: dict[str, Shape | None] = field(default_factory=dict)
    constants: list[tuple[str, Constant]] = field(default_factory=list)
    """Tensors among the attributes, by attribute name."""

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute of that name, or None."""
        for one in self.attributes:
            if one.name == name:
                return one
        return None

    def text(self, name: str) -> str:
        """Return an attribute's value that is a text, "" where there is none."""
        found = self.attribute(name)
        return found.value if found is not None and isinstance(found.value, str) else ""


class NodeReader:
    """Reads the nodes of one file."""

    def __init__(self, source: Source, cleaner: TextCleaner) -> None:
        self._source = source
        self._names = cleaner.names
        self._cleaner = cleaner
        self.attributes = AttributeReader(cleaner)
        self.constants = ConstantReader(source, cleaner)
        self._nodes = 0
        self._parts = 0

    def read(self, start: int, end: int, index: int) -> RawNode:
        """Return the node whose message lies between start and end. Raises UnreadableArtifact if it is malformed."""
        source, names = self._source, self._names
        raw = source.read(start, end - start) if end - start <= SMALL_MESSAGE else self._carved(start, end)
        try:
            message = NodeMessage.FromString(raw)
            read = [self.attributes[one] for one in message.attr]
        except DecodeError:
            raise source.malformed(start, "a node is malformed") from None
        self._count(len(message.input) + len(read))
        inputs = [names[one] for one in message.input]
        node = RawNode(
            index,
            names[message.name],
            names[message.op],
            [one for one in inputs if not one.startswith("^")],
            tuple([one[1:] for one in inputs if one.startswith("^")]),
            names[message.device],
        )
        self._take_attributes(node, read, Span(start, end))
        return node

    def _take_attributes(self, node: RawNode, read: list[Any], span: Span) -> None:
        for one in read:
            attribute = one.attribute
            if attribute.name == OUTPUT_SHAPES and one.shapes is not None:
                node.output_shapes = one.shapes
                continue
            node.attributes.append(attribute)
            node.functions.extend(one.functions)
            if one.shapes is not None and attribute.kind == "type":
                node.shapes[attribute.name] = one.shapes[0]
        if any(one.holds_tensor for one in read):
            for name, tensor in tensor_spans(self._source, self._names, span):
                node.constants.append((name, self.constants.read(tensor)))

    def _count(self, parts: int) -> None:
        self._nodes += 1
        self._parts += parts
        if self._nodes > MOST_NODES or self._parts > MOST_NODE_PARTS:
            message = f"{self._source.label}: holds more than {MOST_NODES:,} nodes or {MOST_NODE_PARTS:,} parts of nodes"
            raise UnreadableArtifact(message, DAMAGED_HINT)

    def _carved(self, start: int, end: int) -> bytes:
        """Return a large node without the tensors in its attributes and without texts too long to show."""
        kept: list[bytes] = []
        size = 0
        for tag, at, value, after in fields(self._source, start, end):
            if tag == _ATTRIBUTE and after - value > SMALL_MESSAGE:
                piece = _field(_ATTRIBUTE, self._carved_attribute(Span(value, after)))
            elif after - value > _LONGEST_TEXT:
                raise self._source.malformed(at, "a name is too long")
            else:
                piece = self._source.read(at, after - at)
            size += len(piece)
            if size > _MOST_KEPT:
                raise self._source.malformed(start, f"a node of more than {_MOST_KEPT:,} bytes without its tensors")
            kept.append(piece)
        return b"".join(kept)

    def _carved_attribute(self, span: Span) -> bytes:
        kept = []
        for tag, at, value, after in fields(self._source, *span):
            if tag == _VALUE:
                kept.append(_field(_VALUE, self._carved_value(Span(value, after))))
            elif after - value <= _LONGEST_TEXT:
                kept.append(self._source.read(at, after - at))
        return b"".join(kept)

    def _carved_value(self, span: Span) -> bytes:
        kept = []
        for tag, at, value, after in fields(self._source, *span):
            if tag == _TENSOR:
                kept.append(_EMPTY_TENSOR)
            elif tag == _LIST:
                kept.append(_field(_LIST, self._carved_list(Span(value, after))))
            elif after - value <= _LONGEST_TEXT:
                kept.append(self._source.read(at, after - at))
            elif tag in _IS_TEXT:
                kept.append(_field(tag, self._source.read(value, _LONGEST_TEXT)))
                self.attributes.clipped_lists += 1
        return b"".join(kept)

    def _carved_list(self, span: Span) -> bytes:
        kept: list[bytes] = []
        size = 0
        for tag, at, value, after in fields(self._source, *span):
            if tag == _TENSOR:
                kept.append(_EMPTY_TENSOR)
            elif size + after - at <= LARGEST_WINDOW and (tag & 7 != LENGTH or after - value <= LARGEST_WINDOW):
                kept.append(self._source.read(at, after - at))
                size += after - at
            else:
                self.attributes.clipped_lists += 1
                break
        return b"".join(kept)


def tensor_spans(source: Source, names: dict[bytes, str], span: Span) -> list[tuple[str, Span]]:
    """Return where the tensors among a node's attributes lie, with the name of the attribute ("name:i" in a list)."""
    found: list[tuple[str, Span]] = []
    for tag, _, start, end in fields(source, *span):
        if tag != _ATTRIBUTE:
            continue
        key, value = b"", None
        for inner, _, first, last in fields(source, start, end):
            if inner == 0x0A and last - first <= _LONGEST_TEXT:
                key = source.read(first, last - first)
            elif inner == _VALUE:
                value = Span(first, last)
        if value is not None:
            found.extend(_tensors_of(source, names[key], value))
    return found


def _tensors_of(source: Source, name: str, value: Span) -> list[tuple[str, Span]]:
    found = []
    for tag, _, start, end in fields(source, *value):
        if tag == _TENSOR:
            found.append((name, Span(start, end)))
        elif tag == _LIST:
            tensors = [Span(first, last) for inner, _, first, last in fields(source, start, end) if inner == _TENSOR]
            found.extend((f"{name}:{i}", one) for i, one in enumerate(tensors))
    return found


def _field(tag: int, payload: bytes) -> bytes:
    return encode_varint(tag) + encode_varint(len(payload)) + payload
