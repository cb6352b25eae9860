"""GraphProto: nodes, weights, and everything known of the tensors in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from inspector.formats.onnx.long_text import read_text
from inspector.formats.onnx.nodes import NodeReader
from inspector.formats.onnx.reading import Reading
from inspector.formats.onnx.weights import Holder
from inspector.formats.onnx.wire import Span, fields
from inspector.records.graph import Graph, Node, NodeRef
from inspector.records.tensor import Carrier, TensorSpec

DEEPEST_GRAPH: Final = 40
"""Levels of subgraphs; protobuf's own limit of 100 nested messages allows 33."""


def read_graph(reading: Reading, spans: Sequence[Span], path: str, depth: int, carrier: Carrier) -> Graph:
    """Return the graph whose message lies at the spans, its weights gathered; carrier is what its initializers are.

    Raises UnreadableArtifact if it is malformed or graphs are nested too deep.
    """
    if depth > DEEPEST_GRAPH:
        raise reading.source.malformed(spans[0].start, f"graphs are nested more than {DEEPEST_GRAPH} deep")
    graph = GraphBuilder(reading, path, depth, carrier)
    for span in spans:
        graph.take(span)
    return graph.build()


class GraphBuilder:
    """One graph while its fields come in, in file order."""

    def __init__(self, reading: Reading, path: str, depth: int, carrier: Carrier) -> None:
        self._reading = reading
        self._path = path
        self._holder = Holder(carrier, path)
        self._sparse_holder = Holder("sparse_initializer" if carrier == "initializer" else carrier, path)
        self._weights: dict[str, TensorSpec] = {}
        self._constants: dict[str, TensorSpec] = {}
        self._nodes_of = NodeReader(reading, path, depth, self._constants)
        self.name = ""
        self.nodes: list[Node] = []
        self.inputs: list[TensorSpec] = []
        self.outputs: list[TensorSpec] = []
        self.values: dict[str, TensorSpec] = {}

    def take(self, span: Span) -> None:
        """Take in the fields of a graph message, or of a part of one."""
        reading, source, path = self._reading, self._reading.source, self._path
        read_node, read_value, nodes = self._nodes_of.read, reading.values.read, self.nodes
        for tag, _, start, end in fields(source, span.start, span.end):
            if tag == 0x0A:
                nodes.append(read_node(start, end, len(nodes)))
            elif tag == 0x2A:
                self._take_initializer(Span(start, end), sparse=False)
            elif tag == 0x6A:
                value = read_value(start, end, path)
                self.values[value.name] = value
            elif tag == 0x5A:
                self.inputs.append(read_value(start, end, path))
            elif tag == 0x62:
                self.outputs.append(read_value(start, end, path))
            elif tag == 0x12:
                self.name = reading.cleaner.clean(read_text(source, reading.cleaner, start, end))
            elif tag == 0x7A:
                self._take_initializer(Span(start, end), sparse=True)
            else:
                reading.notes.unrecognized("Graph", tag, start, end)

    def take_node(self, start: int, end: int) -> None:
        """Take in one node, for a function, whose nodes lie under another tag."""
        self.nodes.append(self._nodes_of.read(start, end, len(self.nodes)))

    def _take_initializer(self, span: Span, sparse: bool) -> None:
        weights = self._reading.weights
        spec = (
            weights.add_sparse([span], None, self._sparse_holder) if sparse else weights.add_tensor([span], None, self._holder)
        )
        if spec.name in self._weights:
            self._note_duplicate(spec.name, "two weights have this name")
        self._weights[spec.name] = spec

    def build(self) -> Graph:
        """Return the finished graph."""
        self._find_duplicates()
        values = self.values
        values.update(self._constants)
        values.update(self._weights)
        for value in (*self.inputs, *self.outputs):
            if value.shape is not None or value.name not in values:
                values[value.name] = value
        return Graph(
            self._path,
            self.name,
            tuple(self.inputs),
            tuple(self.outputs),
            tuple(self.nodes),
            values,
            frozenset(self._weights),
        )

    def _find_duplicates(self) -> None:
        inputs = set()
        for value in self.inputs:
            if value.name in inputs:
                self._note_duplicate(value.name, "two graph inputs have this name")
            inputs.add(value.name)
        producers = inputs | self._weights.keys()
        for node in self.nodes:
            for output in node.outputs:
                if output in producers and output:
                    self._note_duplicate(output, f"{node.operator} gives a tensor of a name that is already taken", node)
                producers.add(output)

    def _note_duplicate(self, name: str, why: str, node: Node | None = None) -> None:
        where = f"node {node.index} {node.operator} {node.name}".rstrip() if node else f"tensor {name}"
        self._reading.notes.add(
            "duplicate-tensor-name",
            "high",
            f"{name}: {why}",
            f"{where} in {self._path}" if self._path else where,
            "runtimes refuse such a graph, or read one tensor for the other",
            NodeRef(self._path, node.index) if node else None,
            name,
        )
