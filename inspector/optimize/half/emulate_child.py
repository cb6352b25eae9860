"""A candidate as hardware with fp16 arithmetic would run it, in fp32 that is rounded to fp16 after every node.

A CPU runtime puts fp32 around most fp16 nodes and takes away the casts in between, so that neither overflow nor lost precision
shows. Here each node's result is cast to fp16 and back, explicitly; sums within a node stay in fp32, as on tensor cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from inspector.errors import OperationFailed
from inspector.optimize.half.element_types_child import FLOAT, FLOAT16, ElementType, element_types
from inspector.optimize.half.graph_walk_child import CONTROL_FLOW, all_graphs, subgraphs
from inspector.optimize.half.messages import Emulated, EmulateRequest
from inspector.optimize.half.names_child import Names
from inspector.optimize.half.weight_files_child import INLINE_BYTES, StoredWeights, WeightWriter, byte_count

_EXACT: Final = frozenset(
    {
        "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten", "Slice", "Gather", "GatherElements", "GatherND", "Concat",
        "Split", "Identity", "Expand", "Tile", "Where", "Pad", "Max", "Min", "Relu", "MaxPool", "ReduceMax", "ReduceMin",
        "Neg", "Abs", "Clip", "DepthToSpace", "SpaceToDepth", "Constant", "ScatterND", "ScatterElements", "Dropout",
    }
)  # fmt: skip
"""Operators that give nothing which was not there already: rounded operands, rounded results."""

Report = Callable[[int, int, str], None]


def emulate_in_child(request: EmulateRequest, report: Report) -> Emulated:
    """Write the emulation of a candidate. Raises OperationFailed where the folder cannot take it."""
    path, output = Path(request.candidate), Path(request.output)
    model = onnx.load(str(path), load_external_data=False)
    rounder = _Rounder(model)
    rounder.enter(model.graph)
    report(1, 2, "widening weights")
    try:
        _widen_weights(model, StoredWeights(path), output.with_name(output.name + ".data"))
        output.write_bytes(model.SerializeToString())
    except OSError as error:
        raise OperationFailed(f"the work folder cannot hold the emulation: {error.strerror}", "free some space") from error
    return Emulated(rounder.rounded)


class _Rounder:
    """Makes every fp16 tensor fp32, and rounds what nodes give to what fp16 has."""

    def __init__(self, model: ModelProto) -> None:
        self._kinds: Mapping[str, ElementType] = element_types(model)
        self._names = Names(model)
        self.rounded = 0

    def enter(self, graph: GraphProto) -> None:
        """Take in the main graph, whose inputs may be fp16, too."""
        renamed = {}
        added: list[NodeProto] = []
        for value in graph.input:
            if value.type.tensor_type.elem_type == FLOAT16:
                renamed[value.name] = self._names.fresh(f"{value.name}_rounded")
                added += self._round(value.name, renamed[value.name])
        self._convert(graph)
        for node in graph.node:
            _rename_inputs(node, renamed)
        nodes = [*added, *(NodeProto.FromString(node.SerializeToString()) for node in graph.node)]
        del graph.node[:]
        graph.node.extend(nodes)

    def _convert(self, graph: GraphProto) -> None:
        for value in (*graph.input, *graph.output, *graph.value_info):
            if value.type.tensor_type.elem_type == FLOAT16:
                value.type.tensor_type.elem_type = FLOAT
        nodes: list[NodeProto] = []
        for node in graph.node:
            for inner in subgraphs(node):
                self._convert(inner)
            outputs = [name for name in node.output if name and self._kinds.get(name) == FLOAT16]
            _widen_attributes(node)
            nodes.append(node)
            if node.op_type in _EXACT or node.op_type in CONTROL_FLOW:
                continue
            for name in outputs:
                exact = self._names.fresh(f"{name}_exact")
                node.output[list(node.output).index(name)] = exact
                nodes += self._round(exact, name)
        copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del graph.node[:]
        graph.node.extend(copies)

    def _round(self, name: str, rounded: str) -> list[NodeProto]:
        """Return the nodes that round a tensor to fp16."""
        self.rounded += 1
        half = self._names.fresh(f"{name}_half")
        return [
            helper.make_node("Cast", [name], [half], self._names.fresh("round"), to=FLOAT16),
            helper.make_node("Cast", [half], [rounded], self._names.fresh("widen"), to=FLOAT),
        ]


def _rename_inputs(node: NodeProto, renamed: Mapping[str, str]) -> None:
    for index, name in enumerate(node.input):
        node.input[index] = renamed.get(name, name)
    for graph in subgraphs(node):
        for value in graph.output:
            value.name = renamed.get(value.name, value.name)
        for inner in graph.node:
            _rename_inputs(inner, renamed)


def _widen_attributes(node: NodeProto) -> None:
    """Make a node give fp32 where an attribute says that it gives fp16."""
    for one in node.attribute:
        if one.HasField("t") and one.t.data_type == FLOAT16:
            one.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one.t).astype(np.float32), one.t.name))
        if one.name in ("to", "dtype", "output_dtype", "output_datatype") and one.i == FLOAT16:
            one.i = FLOAT


def _widen_weights(model: ModelProto, weights: StoredWeights, outside: Path) -> None:
    """Make fp16 initializers fp32, and bring along external ones; large ones of the main graph go into a file."""
    with WeightWriter(outside) as writer:
        for graph in all_graphs(model):
            for tensor in graph.initializer:
                half = tensor.data_type == FLOAT16
                if not half and tensor.data_location != TensorProto.EXTERNAL and graph is not model.graph:
                    continue
                if not half and byte_count(tensor) <= INLINE_BYTES:
                    continue
                pieces = _widened(weights, TensorProto.FromString(tensor.SerializeToString()))
                tensor.data_type = FLOAT if half else tensor.data_type
                if graph is model.graph and byte_count(tensor) > INLINE_BYTES:
                    writer.put(tensor, pieces)
                else:
                    tensor.CopyFrom(_inline(tensor, b"".join(pieces)))


def _widened(weights: StoredWeights, tensor: TensorProto) -> Iterator[bytes]:
    """Yield the bytes of a tensor, fp16 as fp32."""
    for piece in weights.chunks(tensor):
        yield np.frombuffer(piece, "<f2").astype("<f4").tobytes() if tensor.data_type == FLOAT16 else piece


def _inline(tensor: TensorProto, raw: bytes) -> TensorProto:
    return TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims, raw_data=raw)
