"""Weights of a .tflite stored in fp16 and widened where they are used, small constants left as they are. In children only.

TensorFlow's converter stores every constant so, an epsilon of 1e-10 as 0, too, and has no option to keep any.
"""

from __future__ import annotations

from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.optimize.litert.schema_child import load_schema, packed, read_model

LEAST_ELEMENTS: Final = 1024
"""Constants of fewer elements stay in fp32: they hold epsilons, scales and biases, and next to none of the bytes."""
_LARGEST: Final = 65_504.0


def halved(content: bytes) -> bytes:
    """Return an fp32 .tflite with its larger constants in fp16, each before a DEQUANTIZE that gives it to what used it.

    A constant with a value that fp16 cannot hold (beyond 65,504) stays. Raises OperationFailed where none is left to store so.
    """
    schema = load_schema()
    model = read_model(content)
    stored: dict[int, int] = {}
    for graph in model.subgraphs or ():
        _halve(schema, model, graph, stored)
    if not stored:
        raise OperationFailed(f"it has no constant of {LEAST_ELEMENTS:,} or more elements that fp16 can hold")
    for index in stored:
        if not any(tensor.buffer == index for graph in model.subgraphs for tensor in graph.tensors):
            model.buffers[index].data = None
    return packed(schema, model)


def _halve(schema: Any, model: Any, graph: Any, stored: dict[int, int]) -> None:
    used = {int(index) for node in graph.operators or () for index in _indices(node.inputs)}
    kept = {int(index) for named in (graph.inputs, graph.outputs) for index in _indices(named)}
    added = []
    for index in sorted(used - kept - {-1}):
        tensor = graph.tensors[index]
        if tensor.type != schema.TensorType.FLOAT32 or tensor.isVariable:
            continue
        half = stored.get(tensor.buffer)
        if half is None:
            half = _half_buffer(schema, model, tensor.buffer)
        if half is None:
            continue
        stored[tensor.buffer] = half
        added.append(_dequantize(schema, model, graph, index, half))
    graph.operators = [*added, *(graph.operators or ())]


def _half_buffer(schema: Any, model: Any, index: int) -> int | None:
    """Return the index of a new buffer with the values in fp16, None where they are few or do not fit."""
    import numpy as np

    data = model.buffers[index].data
    if data is None or len(data) < 4 * LEAST_ELEMENTS:
        return None
    values = np.frombuffer(bytes(memoryview(data)), np.float32)
    if not np.isfinite(values).all() or float(np.abs(values).max()) > _LARGEST:
        return None
    buffer = schema.BufferT()
    buffer.data = values.astype(np.float16).tobytes()
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _dequantize(schema: Any, model: Any, graph: Any, index: int, half: int) -> Any:
    """Return the node that widens a constant into the tensor that held it, which becomes one that is computed."""
    whole = graph.tensors[index]
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = whole.name, whole.shape, schema.TensorType.FLOAT16, half
    graph.tensors.append(tensor)
    whole.buffer = 0
    node = schema.OperatorT()
    node.opcodeIndex = _code(schema, model)
    node.inputs, node.outputs = [len(graph.tensors) - 1], [index]
    return node


def _code(schema: Any, model: Any) -> int:
    """Return the index of DEQUANTIZE among the file's operators, added where it is missing."""
    wanted = schema.BuiltinOperator.DEQUANTIZE
    for place, code in enumerate(model.operatorCodes):
        if max(code.builtinCode, code.deprecatedBuiltinCode) == wanted:
            code.version = max(code.version, _VERSION)
            return place
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = wanted
    code.version = _VERSION
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


_VERSION: Final = 3
"""The version of DEQUANTIZE that takes fp16 (tensorflow/lite/tools/versioning/op_version.cc)."""


def _indices(values: Any) -> list[int]:
    return [] if values is None else [int(value) for value in values]
