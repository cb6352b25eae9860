"""Weights in Constant nodes made initializers, which is where the quantizer looks for them; on the child's side."""

from __future__ import annotations

from typing import Final

import numpy as np
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper

from inspector.optimize.quantization.prepare_graphs_child import graphs

_NUMBERS: Final = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}


def constants_to_initializers(model: ModelProto) -> int:
    """Turn Constant nodes of all graphs into initializers, but those that give a graph's output; returns how many."""
    return sum(_move(graph) for graph in graphs(model.graph))


def _move(graph: GraphProto) -> int:
    given = {output.name for output in graph.output}
    taken = {tensor.name for tensor in graph.initializer}
    kept: list[NodeProto] = []
    moved: list[TensorProto] = []
    for node in graph.node:
        tensor = _tensor(node) if node.op_type == "Constant" and not node.domain else None
        if tensor is None or node.output[0] in given or node.output[0] in taken:
            kept.append(node)
            continue
        tensor.name = node.output[0]
        moved.append(tensor)
    if moved:
        copies = [_copy(node) for node in kept]
        del graph.node[:]
        graph.node.extend(copies)
        graph.initializer.extend(moved)
    return len(moved)


def _copy(node: NodeProto) -> NodeProto:
    copy = NodeProto()
    copy.CopyFrom(node)
    return copy


def _tensor(node: NodeProto) -> TensorProto | None:
    """Return what a Constant node holds as a tensor; None for text and sparse values."""
    if len(node.attribute) != 1 or len(node.output) != 1 or not node.output[0]:
        return None
    attribute: AttributeProto = node.attribute[0]
    if attribute.name == "value" and attribute.type == AttributeProto.TENSOR:
        tensor = TensorProto()
        tensor.CopyFrom(attribute.t)
        return tensor
    kind = _NUMBERS.get(attribute.name)
    if kind is None:
        return None
    fields = {
        "value_float": attribute.f,
        "value_floats": attribute.floats,
        "value_int": attribute.i,
        "value_ints": attribute.ints,
    }
    return numpy_helper.from_array(np.array(fields[attribute.name], dtype=kind))
