"""Walking the graphs and tensors of a protobuf model; on the child's side."""

from __future__ import annotations

from collections.abc import Iterator

from onnx import AttributeProto, GraphProto, ModelProto, TensorProto


def graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """Yield a graph and every graph nested in it, outer ones first."""
    pending = [graph]
    while pending:
        current = pending.pop()
        yield current
        nested = [inner for node in current.node for attribute in node.attribute for inner in subgraphs(attribute)]
        pending.extend(reversed(nested))


def subgraphs(attribute: AttributeProto) -> list[GraphProto]:
    """Return the graphs an attribute holds."""
    if attribute.type == AttributeProto.GRAPH:
        return [attribute.g]
    return list(attribute.graphs) if attribute.type == AttributeProto.GRAPHS else []


def all_tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Yield every dense tensor with stored values: initializers and attributes of all graphs and functions."""
    for graph in graphs(model.graph):
        yield from graph.initializer
        for node in graph.node:
            yield from _attribute_tensors(node.attribute)
    for function in model.functions:
        for node in function.node:
            yield from _attribute_tensors(node.attribute)


def _attribute_tensors(attributes: object) -> Iterator[TensorProto]:
    for attribute in attributes:  # type: ignore[attr-defined]
        if attribute.type == AttributeProto.TENSOR:
            yield attribute.t
        elif attribute.type == AttributeProto.TENSORS:
            yield from attribute.tensors
