"""NodeProto: one use of an operator, with the tensors and graphs among its attributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from inspector.formats.onnx.attributes import GRAPH, GRAPHS, SPARSE_TENSOR, SPARSE_TENSORS, TENSOR, TENSORS, HeldSpans, children
from inspector.formats.onnx.constants import constant_weight, holds_constant
from inspector.formats.onnx.exporter_scopes import exporter_scope
from inspector.formats.onnx.reading import DEFAULT_DOMAIN, Reading
from inspector.formats.onnx.schema import AttributeMessage, NodeMessage
from inspector.formats.onnx.skeleton import SMALL_MESSAGE
from inspector.formats.onnx.weights import SMALL_COUNT, Holder
from inspector.formats.onnx.wire import Source, Span, fields
from inspector.records.graph import Attribute, Graph, Node
from inspector.records.making import quick_maker
from inspector.records.tensor import TensorSpec

_ATTRIBUTE: Final = 0x2A
_make_node: Final = quick_maker(Node)


class NodeReader:
    """Reads the nodes of one graph; the tensors that Constant nodes give are added to values."""

    def __init__(self, reading: Reading, graph: str, depth: int, values: dict[str, TensorSpec]) -> None:
        self._reading = reading
        self._source = reading.source
        self._names = reading.cleaner.names
        self._known = reading.attributes
        self._graph = graph
        self._depth = depth
        self._values = values

    def read(self, start: int, end: int, index: int) -> Node:
        """Return the node whose message lies between start and end, its weights gathered and its subgraphs read."""
        reading, source, names, known = self._reading, self._source, self._names, self._known
        small = end - start <= SMALL_MESSAGE
        raw = source.read(start, end - start) if small else reading.carver.carve("Node", start, end)
        try:
            message = NodeMessage.FromString(raw)
            stored = message.attribute
            attributes: Sequence[Attribute | None] = [known[one] for one in stored] if stored else ()
        except DecodeError:
            raise source.malformed(start, "a node is malformed") from None
        if len(UnknownFieldSet(message)):
            reading.notes.unknown_in(message, "Node", start, end - start)
        inputs = tuple([names[name] for name in message.input])
        outputs = tuple([names[name] for name in message.output])
        reading.count_node(len(inputs) + len(outputs) + len(attributes))
        operator, domain = names[message.op_type], names[message.domain] or DEFAULT_DOMAIN
        subgraphs: tuple[Graph, ...] = ()
        is_constant = operator == "Constant" and domain == DEFAULT_DOMAIN
        if is_constant or None in attributes:
            use = _NodeWithChildren(reading, self._graph, self._depth, index, is_constant, outputs)
            attributes = use.read(list(stored), attributes, list(attribute_spans(source, start, end)))
            subgraphs = tuple(use.subgraphs)
            if use.constant is not None and outputs:
                self._values[outputs[0]] = use.constant
        name, overload = names[message.name], names[message.overload]
        pairs = message.metadata_props
        scope = names[exporter_scope(pairs)] if pairs else ""
        return _make_node(
            index,
            name,
            operator,
            domain,
            inputs,
            outputs,
            tuple(cast("Sequence[Attribute]", attributes)),
            subgraphs,
            overload,
            scope,
            (),
            (),
        )


def attribute_spans(source: Source, start: int, end: int) -> list[Span]:
    """Return where each attribute lies in the node between start and end."""
    return [Span(value, after) for tag, _, value, after in fields(source, start, end) if tag == _ATTRIBUTE]


class _NodeWithChildren:
    """One node while the tensors and graphs among its attributes are read."""

    def __init__(
        self, reading: Reading, graph: str, depth: int, index: int, is_constant: bool, outputs: tuple[str, ...]
    ) -> None:
        self._reading = reading
        self._graph = graph
        self._depth = depth
        self._index = index
        self._is_constant = is_constant
        self._output = outputs[0] if outputs and outputs[0] else f"node {index}"
        self.subgraphs: list[Graph] = []
        self.constant: TensorSpec | None = None
        """What the node gives, if it is a Constant."""

    def read(self, stored: list[bytes], plain: Sequence[Attribute | None], spans: list[Span]) -> list[Attribute]:
        """Return all attributes: the plain ones as they are, and those that hold tensors or graphs."""
        attributes = []
        for raw, known, span in zip(stored, plain, spans, strict=True):
            attribute = known or self._read_children(AttributeMessage.FromString(raw), span)
            attributes.append(attribute)
            if known is not None and self._is_constant and holds_constant(known):
                self._add_constant(known, span)
        return attributes

    def _read_children(self, message: Any, span: Span) -> Attribute:
        reading = self._reading
        attribute_name = reading.cleaner.names[message.name]
        is_value = self._is_constant and attribute_name in ("value", "sparse_value")
        holder = Holder("constant" if is_value else "attribute", self._graph, self._index)
        held = children(reading.source, *span)
        specs = read_tensors(reading, held, self._output if is_value else f"{self._output}.{attribute_name}", holder)
        if is_value and specs:
            self.constant = specs[-1]
        path = f"{self._graph}/{self._index}.{attribute_name}"
        graphs = read_subgraphs(reading, held, path, self._depth + 1)
        self.subgraphs.extend(graphs)
        return reading.attributes.convert(message, [spec.name for spec in specs], [graph.path for graph in graphs])

    def _add_constant(self, attribute: Attribute, span: Span) -> None:
        reading = self._reading
        weight = constant_weight(reading.source, attribute, span, self._output, self._graph, self._index)
        reading.weights.add(weight)
        self.constant = TensorSpec(weight.name, weight.dtype, weight.shape)
        values = attribute.value if isinstance(attribute.value, tuple) else (attribute.value,)
        numbers = tuple(value for value in values if not isinstance(value, str))
        if len(numbers) == weight.element_count <= SMALL_COUNT:
            reading.weights.small_values[self._graph, weight.name] = numbers


def read_tensors(reading: Reading, held: HeldSpans, base: str, holder: Holder) -> list[TensorSpec]:
    """Gather the weights among the children of one attribute, named after base, and return what they are."""
    specs = []
    for tag, plural in ((TENSOR, False), (TENSORS, True), (SPARSE_TENSOR, False), (SPARSE_TENSORS, True)):
        for i, spans in enumerate(held.get(tag, ())):
            add = reading.weights.add_tensor if tag in (TENSOR, TENSORS) else reading.weights.add_sparse
            specs.append(add(spans, f"{base}[{i}]" if plural else base, holder))
    return specs


def read_subgraphs(reading: Reading, held: HeldSpans, base: str, depth: int) -> list[Graph]:
    """Return the graphs among the children of one attribute, at paths that begin with base."""
    graphs = []
    for tag, plural in ((GRAPH, False), (GRAPHS, True)):
        for i, spans in enumerate(held.get(tag, ())):
            path = reading.fresh_path(f"{base}:{i}" if plural else base)
            graphs.append(reading.read_graph(reading, spans, path, depth, "initializer"))
    return graphs
