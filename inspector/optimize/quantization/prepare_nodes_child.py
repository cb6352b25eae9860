"""Which nodes of a prepared model could become int8, whose work they do, and which must not; on the child's side."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, numpy_helper

from inspector.optimize.quantization.operators import DYNAMIC_OPERATORS, STATIC_OPERATORS
from inspector.optimize.quantization.prepare_graphs_child import graphs
from inspector.optimize.quantization.prepared import Named, PreparedNode

_OPERATORS: Final = STATIC_OPERATORS | DYNAMIC_OPERATORS
_WEIGHTED: Final = {"Conv": (1,), "MatMul": (0, 1), "Gemm": (1,), "LSTM": (1, 2), "Attention": (1,), "Gather": (0,)}
_HUGE: Final = 1e37
"""Beyond it the span of a weight, and with it the scale, is not finite in float32."""


def prepared_nodes(model: ModelProto, named: Named, folder: str) -> tuple[PreparedNode, ...]:
    """Return the nodes that could become int8, in order of execution.

    folder is where external data lies; "" leaves weights unread.
    """
    if folder:
        os.chdir(folder)  # where onnx looks for external data of tensors it is given alone
    by_name = {name: index for index, name in enumerate(named.names)}
    by_output = {output: index for index, outputs in enumerate(named.outputs) for output in outputs if output}
    weights = _Weights(read=bool(folder))
    found: list[PreparedNode] = []
    scope: dict[str, TensorProto] = {tensor.name: tensor for graph in graphs(model.graph) for tensor in graph.initializer}
    overridable = {value.name for value in model.graph.input}
    for depth, graph in enumerate(graphs(model.graph)):
        main = depth == 0
        for index, node in enumerate(graph.node):
            if node.op_type in _OPERATORS and node.domain in ("", "ai.onnx", "com.microsoft"):
                subject = _subject(node, by_name, by_output) if main else ()
                tensors = [scope[name] for name in _operands(node) if name in scope]
                if node.op_type == "Gather":  # also used on shapes, which the quantizer leaves alone
                    tensors = [tensor for tensor in tensors if tensor.data_type == TensorProto.FLOAT]
                problem = weights.problem(tensors, overridable)
                found.append(PreparedNode(node.name, node.op_type, subject, bool(tensors), main, index, problem))
    return tuple(found)


def _operands(node: NodeProto) -> Iterator[str]:
    """Yield the inputs that may be weights."""
    for place in _WEIGHTED.get(node.op_type, ()):
        if place < len(node.input):
            yield node.input[place]


def _subject(node: NodeProto, by_name: dict[str, int], by_output: dict[str, int]) -> tuple[int, ...]:
    """Return the nodes of the subject that a node does the work of: the one of its name first, then those of its outputs."""
    found = [by_name[node.name]] if node.name in by_name else []
    found += [by_output[output] for output in node.output if by_output.get(output, -1) >= 0]
    return tuple(dict.fromkeys(found))


class _Weights:
    """Says what is wrong with weights, reading each once."""

    def __init__(self, read: bool) -> None:
        self._read = read
        self._known: dict[str, str] = {}

    def problem(self, tensors: list[TensorProto], overridable: set[str]) -> str:
        """Return why weights cannot become int8, "" where they can."""
        for tensor in tensors:
            if tensor.name in overridable:
                return "its weight is an input, too, which callers may override"
            if tensor.name not in self._known:
                self._known[tensor.name] = self._tell(tensor)
            if self._known[tensor.name]:
                return self._known[tensor.name]
        return ""

    def _tell(self, tensor: TensorProto) -> str:
        if tensor.data_type != TensorProto.FLOAT:
            return f"its weight is {TensorProto.DataType.Name(tensor.data_type).lower()}, not float32"
        if 0 in tensor.dims:
            return "its weight has no elements"
        if not self._read:
            return ""
        values = numpy_helper.to_array(tensor)
        low, high = float(np.min(values)), float(np.max(values))  # both NaN where any element is
        if not np.isfinite(low) or not np.isfinite(high):
            return "its weight holds NaN" if np.isnan(low) else "its weight holds infinities"
        return f"its weight holds {max(-low, high):.3g}, too large for a scale in float32" if max(-low, high) > _HUGE else ""
