"""The inputs and outputs of every signature of every tag set of a SavedModel, and what is known of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from textual.content import Content

from inspector.analysis.signature_outputs import output_maker
from inspector.records.graph import Graph, NodeRef
from inspector.records.inspection import Inspection
from inspector.records.saved_model import MetaGraphFacts, SavedModelFacts, SignatureFacts, SignatureTensor
from inspector.records.tensor import TensorSpec
from inspector.tui.plain_text import plain
from inspector.tui.widgets.text_rows import labeled


class PortFacts(NamedTuple):
    """One input or output with the tag set and signature it belongs to."""

    tag_set: MetaGraphFacts
    signature: SignatureFacts
    direction: str
    position: int
    tensor: SignatureTensor

    @property
    def spec(self) -> TensorSpec:
        """Name, element type and shape."""
        return TensorSpec(self.tensor.name, self.tensor.dtype, self.tensor.shape)


def port_facts(facts: SavedModelFacts) -> Iterator[PortFacts]:
    """Yield inputs, then outputs, of every signature, the tag set that is shown first."""
    for one in sorted(facts.tag_sets, key=lambda one: not one.is_main):
        for signature in one.signatures:
            for direction, tensors in (("in", signature.inputs), ("out", signature.outputs)):
                for position, tensor in enumerate(tensors):
                    yield PortFacts(one, signature, direction, position, tensor)


def signature_title(facts: SavedModelFacts, port: PortFacts) -> str:
    """Return the signature's name, its tag set before it where there are several."""
    return f"{port.tag_set.title}: {port.signature.name}" if len(facts.tag_sets) > 1 else port.signature.name


def listed(facts: SavedModelFacts, port: PortFacts) -> str:
    """Return what to list an input or output as: its name, the signature before it where there are several."""
    several = sum(len(one.signatures) for one in facts.tag_sets) > 1
    return f"{port.signature.name} · {port.tensor.name}" if several else port.tensor.name


def port_lines(port: PortFacts, width: int) -> Iterator[Content]:
    """Yield what a SavedModel says of an input or output beyond element type and shape."""
    yield Content()
    yield from labeled("signature", plain(port.signature.name, "$ink bold"), width)
    yield from labeled("tag set", port.tag_set.title, width)
    if port.signature.method:
        yield from labeled("method", port.signature.method, width)
    if port.signature.function:
        yield from labeled("runs", port.signature.function, width)
    yield from labeled("tensor", port.tensor.tensor or plain("not said", "$soft"), width)
    if port.tensor.encoding != "dense":
        yield from labeled("encoding", port.tensor.encoding.replace("_", " "), width)
    if port.tensor.structured:
        yield from labeled("Python", port.tensor.structured, width)
    if port.tensor.default is not None:
        yield from labeled("default", port.tensor.default, width)


def touching(inspection: Inspection, port: PortFacts) -> tuple[NodeRef, ...]:
    """Return the nodes that take an input or make an output: in the function that runs, else in the tag set's graph."""
    if port.direction == "out":
        maker = output_maker(inspection.computation, port.tag_set, port.signature, port.tensor)
        if maker is not None:
            return (maker,)
    graphs = {graph.path: graph for graph in inspection.computation.graphs()}
    paths = dict.fromkeys(path for path in (port.signature.graph, *port.tag_set.graphs) if path is not None)
    for path in paths:
        found = tuple(_in_graph(graphs[path], port)) if path in graphs else ()
        if found:
            return found
    return ()


def _in_graph(graph: Graph, port: PortFacts) -> Iterator[NodeRef]:
    tensors = {port.tensor.name, *port.tensor.tensor.split(", ")}
    tensors |= {name.removesuffix(":0") for name in tensors}
    own, given = (port.signature.inputs, graph.inputs) if port.direction == "in" else (port.signature.outputs, graph.outputs)
    if len(own) == len(given) == 1:
        tensors.add(given[0].name)
    for node in graph.nodes:
        names = node.inputs if port.direction == "in" else node.outputs
        if tensors.intersection(names):
            yield NodeRef(graph.path, node.index)
