"""The classes of LiteRT's flatbuffer schema, from whichever package brings them, and what a .tflite holds. In children only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

from inspector.errors import OperationFailed
from inspector.optimize.litert.messages import Contents

_MODULES: Final = ("ai_edge_litert.schema_py_generated", "tensorflow.lite.python.schema_py_generated")
FILE_IDENTIFIER: Final = b"TFL3"
_ALIGNMENT: Final = 16
"""Bytes that the schema aligns each buffer to (force_align in tensorflow/lite/schema/schema.fbs)."""
_FLOATS: Final = ("FLOAT32", "FLOAT64")
_NO_ARITHMETIC: Final = frozenset(
    {"QUANTIZE", "DEQUANTIZE", "RESHAPE", "SHAPE", "PACK", "STRIDED_SLICE", "CAST", "EXPAND_DIMS", "SQUEEZE", "CALL_ONCE"}
)
_EMPTY_VARIABLES: Final = frozenset({"READ_VARIABLE", "VAR_HANDLE"})


def load_schema() -> Any:
    """Return the module with the schema's classes. Raises OperationFailed where no package brings it."""
    for name in _MODULES:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise OperationFailed("no package has the schema of .tflite files", 'pip install "modelpack-tui[tensorflow]"')


def read_model(content: bytes) -> Any:
    """Return a .tflite as the schema's ModelT, buffers that lie behind the tables read in. Raises OperationFailed."""
    schema = load_schema()
    if content[4:8] != FILE_IDENTIFIER:
        raise OperationFailed("the converter gave no .tflite", "try another step")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    for buffer in model.buffers or ():
        if buffer.offset:
            buffer.data = memoryview(content)[buffer.offset : buffer.offset + buffer.size]
            buffer.offset = buffer.size = 0
    return model


def contents_of(content: bytes) -> Contents:
    """Return what a .tflite holds."""
    schema = load_schema()
    model = read_model(content)
    types = _names_of(schema.TensorType)
    codes = [_operator(schema, code) for code in model.operatorCodes or ()]
    floats: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    for graph, node in _nodes(model):
        name = codes[node.opcodeIndex]
        operators[name] += 1
        if name not in _NO_ARITHMETIC and _is_float(graph, node, types):
            floats[name] += 1
    return Contents(
        size_bytes=len(content),
        constant_bytes=dict(_constants(model, types)),
        operators=dict(operators),
        float_operators=dict(floats),
        signatures={
            _text(one.signatureKey): (_tensors(one.inputs), _tensors(one.outputs)) for one in model.signatureDefs or ()
        },
        node_count=operators.total(),
    )


def has_empty_variables(contents: Contents) -> bool:
    """Tell whether nodes read variables that nothing in the file gives a value."""
    return bool(_EMPTY_VARIABLES & contents.operators.keys()) and "ASSIGN_VARIABLE" not in contents.operators


def packed(schema: Any, model: Any) -> bytes:
    """Return the bytes of a .tflite, each buffer where the schema wants it."""
    schema.BufferT.Pack = _aligned_pack(schema)
    builder = import_module("flatbuffers").Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=FILE_IDENTIFIER)
    return bytes(builder.Output())


def _aligned_pack(schema: Any) -> Callable[[Any, Any], Any]:
    """Return how a buffer is written where the schema wants it; the class's own way knows no alignment."""

    def pack(buffer: Any, builder: Any) -> Any:
        data = None
        if buffer.data is not None:
            content = bytes(memoryview(buffer.data))
            builder.StartVector(1, len(content), _ALIGNMENT)
            builder.head = builder.Head() - len(content)
            builder.Bytes[builder.Head() : builder.Head() + len(content)] = content
            data = builder.EndVector()
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)

    return pack


def _nodes(model: Any) -> Iterator[tuple[Any, Any]]:
    for graph in model.subgraphs or ():
        for node in graph.operators or ():
            yield graph, node


def _operator(schema: Any, code: Any) -> str:
    if custom := code.customCode:
        return _text(custom)
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return _names_of(schema.BuiltinOperator).get(number, f"operator {number}")


def _is_float(graph: Any, node: Any, types: dict[int, str]) -> bool:
    outputs = [] if node.outputs is None else list(node.outputs)
    return any(types.get(graph.tensors[index].type) in _FLOATS for index in outputs if index >= 0)


def _constants(model: Any, types: dict[int, str]) -> Counter[str]:
    """Return bytes of constants by element type in lower case; a buffer that several tensors share counts once."""
    counted: Counter[str] = Counter()
    seen: set[int] = set()
    for graph in model.subgraphs or ():
        for tensor in graph.tensors or ():
            data = model.buffers[tensor.buffer].data
            if data is not None and len(data) and tensor.buffer not in seen:
                seen.add(tensor.buffer)
                counted[types.get(tensor.type, "unknown").lower()] += len(data)
    return counted


def _names_of(kind: type) -> dict[int, str]:
    return {value: name for name, value in vars(kind).items() if isinstance(value, int)}


def _tensors(named: Any) -> tuple[str, ...]:
    return tuple(_text(one.name) for one in named or ())


def _text(value: bytes | str | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
