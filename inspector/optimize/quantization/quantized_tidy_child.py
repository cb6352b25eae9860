"""What the quantizer adds, made small: names it builds from others, and constants it repeats; on the child's side.

A model of a few hundred kilobytes and hundreds of nodes otherwise grows when it is quantized.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from onnx import GraphProto, ModelProto, NodeProto, TensorProto

from inspector.optimize.quantization.prepare_graphs_child import graphs

_LONG: Final = 24
"""Names up to this many characters stay."""

_GRAPH_OUTPUT: Final = "_QuantizeLinear_Input"
"""Ends the name of a graph output before it is quantized, from which the output can be told."""


def names_in(model: ModelProto) -> frozenset[str]:
    """Return every name of a tensor or node in the model's graphs."""
    found: set[str] = set()
    for graph in graphs(model.graph):
        found.update(value.name for value in (*graph.input, *graph.output))
        found.update(tensor.name for tensor in graph.initializer)
        for node in graph.node:
            found.add(node.name)
            found.update(node.input)
            found.update(node.output)
    return frozenset(found)


def tidy(model: ModelProto, before: frozenset[str]) -> None:
    """Give what is new to the model short names, and store equal small constants that are new once."""
    _merge_constants(model.graph, before)
    made = sorted(names_in(model) - before)
    long = [name for name in made if len(name) > _LONG and not name.endswith(_GRAPH_OUTPUT)]
    short = dict(zip(long, _short_names(before.union(made)), strict=False))
    for graph in graphs(model.graph):
        for tensor in graph.initializer:
            tensor.name = short.get(tensor.name, tensor.name)
        for node in graph.node:
            node.name = short.get(node.name, node.name)
            _rename(node, short)


def _short_names(taken: frozenset[str]) -> Iterator[str]:
    """Yield q0, q1, … as far as they are free."""
    count = 0
    while True:
        if f"q{count}" not in taken:
            yield f"q{count}"
        count += 1


def _rename(node: NodeProto, names: dict[str, str]) -> None:
    for places in (node.input, node.output):
        for place, name in enumerate(places):
            if name in names:
                places[place] = names[name]


def _merge_constants(graph: GraphProto, before: frozenset[str]) -> None:
    """Let all uses of equal scales and zero points refer to one of them."""
    first: dict[bytes, str] = {}
    merged: dict[str, str] = {}
    gone: list[int] = []
    for index, tensor in enumerate(graph.initializer):
        if tensor.name in before or not _is_small(tensor.dims):
            continue
        key = _content(tensor)
        if key in first:
            merged[tensor.name] = first[key]
            gone.append(index)
        else:
            first[key] = tensor.name
    for index in reversed(gone):
        del graph.initializer[index]
    for inner in graphs(graph):
        for node in inner.node:
            _rename(node, merged)


def _is_small(dims: Sequence[int]) -> bool:
    return len(dims) <= 1 and all(dim <= 4096 for dim in dims)


def _content(tensor: TensorProto) -> bytes:
    """Return what tells a tensor apart, its name left out."""
    nameless = TensorProto()
    nameless.CopyFrom(tensor)
    nameless.ClearField("name")
    return bytes(nameless.SerializeToString(deterministic=True))
