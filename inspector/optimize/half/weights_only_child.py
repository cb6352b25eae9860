"""Weights in fp16, computation in fp32: half the size, and no activation that could overflow."""

from __future__ import annotations

from collections.abc import Collection

from onnx import GraphProto, helper

from inspector.optimize.half.element_types_child import FLOAT, FLOAT16
from inspector.optimize.half.graph_walk_child import all_graphs
from inspector.optimize.half.half_model_child import HalfModel
from inspector.optimize.half.weight_files_child import INLINE_BYTES, byte_count


def store_weights_in_half(half: HalfModel, unfit: Collection[str]) -> int:
    """Make large fp32 weights fp16, with a Cast back to fp32 behind each, but for those named unfit; return how many."""
    return sum(_store(half, graph, unfit) for graph in all_graphs(half.model))


def _store(half: HalfModel, graph: GraphProto, unfit: Collection[str]) -> int:
    casts = []
    for tensor in graph.initializer:
        original = half.constants.get(tensor.name)
        if original is None or original.data_type != FLOAT or byte_count(original) <= INLINE_BYTES or tensor.name in unfit:
            continue
        name = half.names.fresh(f"{tensor.name}_fp16")
        half.constants[name], half.types[name] = original, FLOAT16
        casts.append(helper.make_node("Cast", [name], [tensor.name], half.names.fresh(f"Cast_{name}"), to=FLOAT))
        for value in graph.input:
            if value.name == tensor.name:  # a weight that an old exporter lists as an input
                value.name, value.type.tensor_type.elem_type = name, FLOAT16
        tensor.name, tensor.data_type = name, FLOAT16
    nodes = [*casts, *(type(node).FromString(node.SerializeToString()) for node in graph.node)]
    del graph.node[:]
    graph.node.extend(nodes)
    return len(casts)
