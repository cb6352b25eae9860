"""Constant nodes whose value is a number, a text or a list of them rather than a tensor."""

from __future__ import annotations

from typing import Final, NamedTuple

from inspector.formats.onnx.tensors import Stretch
from inspector.formats.onnx.wire import LARGEST_WINDOW, Source, Span, fields, run
from inspector.records.graph import Attribute
from inspector.records.tensor import Carrier, Storage, Weight

_PACKED_FLOATS: Final = 0x3A
_PACKED_INTS: Final = 0x42


class _Form(NamedTuple):
    dtype: str
    field: int
    tags: tuple[int, ...]
    plural: bool


_FORMS: Final = {
    "float": _Form("float32", 2, (0x15,), False),
    "int": _Form("int64", 3, (0x18,), False),
    "string": _Form("string", 4, (0x22,), False),
    "floats": _Form("float32", 7, (0x3D, _PACKED_FLOATS), True),
    "ints": _Form("int64", 8, (0x40, _PACKED_INTS), True),
    "strings": _Form("string", 9, (0x4A,), True),
}
_NAMES: Final = frozenset(f"value_{kind}" for kind in _FORMS)
_LONG: Final = bytes(range(128, 256))


def holds_constant(attribute: Attribute) -> bool:
    """Return whether the attribute is what a Constant node gives as value_int, value_floats and the like."""
    return attribute.name in _NAMES and attribute.kind in _FORMS


def constant_weight(source: Source, attribute: Attribute, span: Span, name: str, graph: str, node: int) -> Weight:
    """Return the weight that lies in the attribute between the ends of span; only list elements are counted, none read."""
    form = _FORMS[attribute.kind]
    stretch, count = Stretch(), 0
    position = span.start
    while position < span.end:
        for tag, at, start, end in fields(source, position, span.end):
            position = end
            if tag not in form.tags:
                continue
            if form.plural and tag & 7 != 2:
                position, added = run(source, at, span.end, tag)
                stretch.add(at, at, position, packed=False)
                count += added
                break
            packed = tag in (_PACKED_FLOATS, _PACKED_INTS)
            stretch.add(at, start, end, packed)
            count += _packed_count(source, tag, start, end) if packed else 1
    shape = (count,) if form.plural else ()
    storage = Storage("typed", "", stretch.start, stretch.end - stretch.start, form.field, stretch.tagged)
    stored_bytes = stretch.value_bytes if form.dtype == "string" else None
    carrier: Carrier = "constant"
    return Weight(name, form.dtype, shape, storage, carrier, graph, node, stored_bytes)


def _packed_count(source: Source, tag: int, start: int, end: int) -> int:
    if tag == _PACKED_FLOATS:
        return (end - start) // 4
    source.take_scanned(end - start)
    chunks = (source.read(at, min(LARGEST_WINDOW, end - at)) for at in range(start, end, LARGEST_WINDOW))
    return sum(len(chunk.translate(None, _LONG)) for chunk in chunks)
