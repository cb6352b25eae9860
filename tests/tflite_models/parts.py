"""The parts of a .tflite by their names: tensors, operators, subgraphs, signatures, metadata, and the whole model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.tflite_models.flat_writer import FlatWriter, Number, Numbers, Table, Tables, Text

FLOAT32, FLOAT16, INT32, UINT8, INT64, STRING, BOOL = range(7)
INT8, RESOURCE, INT4 = 9, 13, 17
ADD, CONV_2D, FULLY_CONNECTED, CUSTOM, WHILE, QUANTIZE, DEQUANTIZE = 0, 3, 9, 32, 119, 114, 6
RESHAPE, VAR_HANDLE, READ_VARIABLE = 22, 142, 143
CONV_OPTIONS, FULLY_CONNECTED_OPTIONS, ADD_OPTIONS, WHILE_OPTIONS = 1, 8, 11, 93


def text(value: str | bytes) -> Text:
    """Return a text."""
    return Text(value.encode() if isinstance(value, str) else value)


def quantization(scales: Sequence[float], zeros: Sequence[int] = (), axis: int = 0) -> Table:
    """Return how a tensor is quantized."""
    return Table({2: Numbers("f", scales), 3: Numbers("q", zeros or [0] * len(scales)), 6: Number("i", axis)})


def tensor(
    name: str | bytes,
    shape: Sequence[int] | None = (),
    dtype: int = FLOAT32,
    buffer: int = 0,
    signature: Sequence[int] | None = None,
    quantized: Table | None = None,
    **more: Any,
) -> Table:
    """Return a tensor; signature is the shape with -1 for open lengths; more: variable, sparsity, has_rank."""
    return Table(
        {
            0: None if shape is None else Numbers("i", shape),
            1: Number("b", dtype),
            2: Number("I", buffer),
            3: text(name),
            4: quantized,
            5: Number("?", True) if more.get("variable") else None,
            6: more.get("sparsity"),
            7: None if signature is None else Numbers("i", signature),
            8: Number("?", more.get("has_rank", shape is not None)),
        }
    )


def operator(
    code: int, inputs: Sequence[int], outputs: Sequence[int], kind: int = 0, options: Table | None = None, custom: bytes = b""
) -> Table:
    """Return a node; code is the place of its operator among the model's codes."""
    return Table(
        {
            0: Number("I", code),
            1: Numbers("i", inputs),
            2: Numbers("i", outputs),
            3: Number("B", kind) if kind else None,
            4: options,
            5: Numbers("B", custom) if custom else None,
        }
    )


def code(number: int, custom: str | bytes = "", version: int = 1) -> Table:
    """Return an operator code as current converters write it: numbers of one byte stand in the old field as well."""
    return Table(
        {
            0: Number("b", min(number, 127)),
            1: text(custom) if custom else None,
            2: Number("i", version),
            3: Number("i", number),
        }
    )


def subgraph(
    tensors: Sequence[Table],
    inputs: Sequence[int],
    outputs: Sequence[int],
    operators: Sequence[Table],
    name: str | bytes = "main",
) -> Table:
    """Return a subgraph."""
    return Table({0: Tables(tensors), 1: Numbers("i", inputs), 2: Numbers("i", outputs), 3: Tables(operators), 4: text(name)})


def signature(key: str | bytes, inputs: dict[str, int], outputs: dict[str, int], graph: int = 0) -> Table:
    """Return a signature: tensors by the names that callers use."""
    maps = [Tables([Table({0: text(n), 1: Number("I", i)}) for n, i in named.items()]) for named in (inputs, outputs)]
    return Table({0: maps[0], 1: maps[1], 2: text(key), 4: Number("I", graph)})


def buffer(data: bytes = b"", offset: int = 0, size: int = 0) -> Table:
    """Return a buffer, or one whose bytes lie behind the FlatBuffer."""
    return Table(
        {
            0: Numbers("B", data) if data else None,
            1: Number("Q", offset) if offset else None,
            2: Number("Q", size) if size else None,
        }
    )


def model(
    codes: Sequence[Table],
    subgraphs: Sequence[Table],
    buffers: Sequence[Table],
    signatures: Sequence[Table] = (),
    metadata: Sequence[tuple[str, int]] = (),
    description: str | bytes = "by hand",
) -> bytes:
    """Return a whole .tflite; buffers come after the empty one that every model begins with."""
    named = [Table({0: text(name), 1: Number("I", index)}) for name, index in metadata]
    return FlatWriter().write(
        Table(
            {
                0: Number("I", 3),
                1: Tables(codes),
                2: Tables(subgraphs),
                3: text(description),
                4: Tables([buffer(), *buffers]),
                6: Tables(named) if named else None,
                7: Tables(signatures) if signatures else None,
            }
        )
    )
