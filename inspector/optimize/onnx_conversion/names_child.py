"""Names of tensors and nodes: the signature's for inputs and outputs, shorter ones within, none of them twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import onnx

from inspector.optimize.onnx_conversion.complaints_child import short


def graphs_of(graph: Any) -> Iterator[Any]:
    """Yield a GraphProto and every graph within it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for nested in (attribute.g, *attribute.graphs) if attribute.type in _GRAPHS else ():
                yield from graphs_of(nested)


_GRAPHS = (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)


def faces(inputs: Sequence[str], outputs: Sequence[str]) -> tuple[list[str], list[str], dict[str, str]]:
    """Return what inputs and outputs of a signature are called in ONNX, and those that must be called otherwise there.

    In ONNX an empty name is no tensor, and one name is one tensor.
    """
    taken = set(inputs) | set(outputs)
    renamed: dict[str, str] = {}
    new_inputs = []
    for name in inputs:
        new_inputs.append(name or _free("input", taken))
        if not name:
            renamed[name] = new_inputs[-1]
    new_outputs = []
    for name in outputs:
        new_outputs.append(_free(f"{name}_output", taken) if name in inputs or not name else name)
        if new_outputs[-1] != name:
            renamed[name] = new_outputs[-1]
    return new_inputs, new_outputs, renamed


def _free(name: str, taken: set[str]) -> str:
    """Return the name, or one with a number after it, that nothing has yet; it is taken then."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate


def rename(graph: Any, wanted: dict[str, str]) -> None:
    """Give tensors the names wanted, and every other tensor and node a short one that is free, in all graphs within, too."""
    chosen, taken = dict(wanted), set(wanted.values())

    def tensor(name: str) -> str:
        if name and name not in chosen:
            chosen[name] = _free(short(name).removesuffix(":0"), taken)
        return chosen.get(name, name)

    nodes: set[str] = set()
    for each in list(graphs_of(graph)):
        _rename_tensors(each, tensor)
        for node in each.node:
            node.name = _free(short(node.name) or node.op_type, nodes)
            node.doc_string = ""


def _rename_tensors(graph: Any, tensor: Callable[[str], str]) -> None:
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = tensor(value.name)
    for sparse in graph.sparse_initializer:
        sparse.values.name = tensor(sparse.values.name)
    for node in graph.node:
        node.input[:] = [tensor(name) for name in node.input]
        node.output[:] = [tensor(name) for name in node.output]
