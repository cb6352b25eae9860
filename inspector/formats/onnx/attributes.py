"""AttributeProto: how a node is set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from inspector.formats.clean_text import TextCleaner
from inspector.formats.onnx.notes import Notes
from inspector.formats.onnx.schema import AttributeMessage
from inspector.formats.onnx.values import ValueReader
from inspector.formats.onnx.wire import Source, Span, fields
from inspector.records.graph import Attribute, AttributeKind

_KINDS: Final[dict[int, AttributeKind]] = {
    1: "float",
    2: "int",
    3: "string",
    4: "tensor",
    5: "graph",
    6: "floats",
    7: "ints",
    8: "strings",
    9: "tensors",
    10: "graphs",
    11: "tensor",
    12: "tensors",
    13: "type",
    14: "types",
}
_SINGLE: Final = (("float", "f"), ("int", "i"), ("string", "s"), ("tensor", "t"), ("graph", "g"), ("type", "tp"))
_PLURAL: Final = (("floats", "floats"), ("ints", "ints"), ("strings", "strings"), ("tensors", "tensors"), ("graphs", "graphs"))
_LONGEST_REMEMBERED: Final = 256
_MOST_REMEMBERED: Final = 200_000

TENSOR: Final = 0x2A
GRAPH: Final = 0x32
TENSORS: Final = 0x52
GRAPHS: Final = 0x5A
SPARSE_TENSOR: Final = 22 * 8 + 2
SPARSE_TENSORS: Final = 23 * 8 + 2
_CHILD_TAGS: Final = frozenset({TENSOR, GRAPH, TENSORS, GRAPHS, SPARSE_TENSOR, SPARSE_TENSORS})
_MERGED_TAGS: Final = frozenset({TENSOR, GRAPH, SPARSE_TENSOR})

HeldSpans = dict[int, list[list[Span]]]
"""Where the children of one attribute lie: by tag, for each child the stretches of its message."""


class AttributeReader(dict[bytes, Attribute | None]):
    """Attributes by their bytes, parsed when first met; None for one that holds tensors or graphs.

    Equal attributes (permutations, axes, strides) come back many times over and are parsed once.
    """

    def __init__(self, source: Source, cleaner: TextCleaner, values: ValueReader, notes: Notes) -> None:
        super().__init__()
        self._source = source
        self._cleaner = cleaner
        self._values = values
        self._notes = notes

    def __missing__(self, raw: bytes) -> Attribute | None:
        message = AttributeMessage.FromString(raw)
        self._notes.unknown_in(message, "Attribute", -1, len(raw))
        if _has_children(message):
            return None
        attribute = self.convert(message)
        if len(raw) <= _LONGEST_REMEMBERED and len(self) < _MOST_REMEMBERED:
            self[raw] = attribute
        return attribute

    def convert(self, message: Any, tensors: Sequence[str] = (), graphs: Sequence[str] = ()) -> Attribute:
        """Return the attribute; tensors are the names of the weights it holds, graphs the paths of its subgraphs."""
        name = self._cleaner.names[message.name]
        if message.ref_attr_name:
            return Attribute(name, "reference", self._cleaner.names[message.ref_attr_name])
        kind = _KINDS.get(message.type) or _guess_kind(message)
        if kind in ("tensor", "graph"):
            held = tensors if kind == "tensor" else graphs
            return Attribute(name, kind, held[0] if held else "")
        if kind in ("tensors", "graphs"):
            return Attribute(name, kind, tuple(tensors if kind == "tensors" else graphs))
        return Attribute(name, kind, self._value(kind, message))

    def _value(self, kind: AttributeKind, message: Any) -> int | float | str | tuple[int | float | str, ...]:
        clean = self._cleaner.clean_value
        if kind == "int":
            return int(message.i)
        if kind == "float":
            return float(message.f)
        if kind == "string":
            return clean(message.s)
        if kind == "ints":
            return tuple(message.ints)
        if kind == "floats":
            return tuple(message.floats)
        if kind == "strings":
            return tuple([clean(text) for text in message.strings])
        if kind == "type":
            return self._values.type_text(message.tp)
        return tuple([self._values.type_text(one) for one in message.type_protos])


def children(source: Source, start: int, end: int) -> HeldSpans:
    """Return where the tensors and graphs inside the attribute between start and end lie.

    A child lies at several stretches where a field that may be there once is repeated: protobuf merges them.
    """
    by_tag: HeldSpans = {}
    for tag, _, child_start, child_end in fields(source, start, end):
        if tag in _CHILD_TAGS:
            spans = by_tag.setdefault(tag, [])
            if spans and tag in _MERGED_TAGS:
                spans[0].append(Span(child_start, child_end))
            else:
                spans.append([Span(child_start, child_end)])
    return by_tag


def _has_children(message: Any) -> bool:
    return bool(
        message.HasField("t")
        or message.HasField("g")
        or message.HasField("sparse_tensor")
        or message.tensors
        or message.graphs
        or message.sparse_tensors
    )


def _guess_kind(message: Any) -> AttributeKind:
    """Files before IR version 2 do not say what kind an attribute is: the field that is there tells."""
    kind: Any
    for kind, field in _SINGLE:
        if message.HasField(field):
            return kind  # type: ignore[no-any-return]
    if message.HasField("sparse_tensor"):
        return "tensor"
    for kind, field in _PLURAL:
        if getattr(message, field):
            return kind  # type: ignore[no-any-return]
    return "tensors" if message.sparse_tensors else "ints"
