"""Weights as stubs while a converter works, which needs their types only; and their values, rounded from the fp32 originals.

So a converter's memory does not grow with the weights, and no value is clamped: what fp16 can hold is exactly rounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from onnx import ModelProto, TensorProto

from inspector.optimize.half.element_types_child import FLOAT, FLOAT16
from inspector.optimize.half.graph_walk_child import all_graphs
from inspector.optimize.half.half_model_child import FLOATS, HalfModel
from inspector.optimize.half.weight_files_child import INLINE_BYTES, StoredWeights, WeightWriter, byte_count

LARGEST_FILE: Final = 1_500_000_000
"""Bytes of weights up to which everything goes into one file; protobuf ends at 2 GiB."""

_CHUNK: Final = 8 << 20
_VALUES: Final = ("raw_data", "float_data", "int32_data", "external_data", "data_location")


def stub_weights(model: ModelProto) -> None:
    """Replace the values of large fp32 initializers by none at all: shape [0], the element type as it is."""
    for graph in all_graphs(model):
        for tensor in graph.initializer:
            if tensor.data_location == TensorProto.EXTERNAL or byte_count(tensor) > INLINE_BYTES:
                _empty(tensor)
                tensor.dims[:] = [0]


def _empty(tensor: TensorProto) -> None:
    for one in _VALUES:
        tensor.ClearField(one)


def fill_weights(half: HalfModel, folder: Path, output: Path, beside: bool) -> None:
    """Give every initializer its values again, in the element type it ended in.

    Large ones go into a file beside the output where that is wanted, or where all of them take more than LARGEST_FILE.
    """
    weights = StoredWeights(folder / "prepared.onnx")
    tensors = [tensor for graph in all_graphs(half.model) for tensor in graph.initializer]
    for tensor in tensors:
        if tensor.name in half.constants:
            tensor.dims[:] = half.constants[tensor.name].dims
    beside = beside or sum(byte_count(tensor) for tensor in tensors) > LARGEST_FILE
    main = {id(tensor) for tensor in half.model.graph.initializer}
    with WeightWriter(output.with_name(output.name + ".data")) as writer:
        for tensor in tensors:
            original = half.constants.get(tensor.name)
            if original is None:
                continue
            outside = beside and id(tensor) in main and byte_count(tensor) > INLINE_BYTES
            pieces = _pieces(weights, original, int(tensor.data_type))
            if outside:
                writer.put(tensor, pieces)
            else:
                raw = b"".join(pieces)
                _fill_inline(tensor, original, raw)


def _fill_inline(tensor: TensorProto, original: TensorProto, raw: bytes) -> None:
    if tensor.data_type not in FLOATS:
        name = tensor.name
        if original.data_location != TensorProto.EXTERNAL:
            tensor.CopyFrom(original)
            tensor.name = name
            return
    _empty(tensor)
    tensor.raw_data = raw


def _pieces(weights: StoredWeights, original: TensorProto, kind: int) -> Iterator[bytes]:
    """Yield the bytes of a constant in an element type; from fp32 to fp16 rounded to the nearest, ties to even."""
    if kind not in FLOATS and original.data_location != TensorProto.EXTERNAL:
        return
    convert = kind == FLOAT16 and original.data_type == FLOAT
    for chunk in weights.chunks(original):
        for start in range(0, len(chunk), _CHUNK) if convert else [0]:
            if not convert:
                yield chunk
                continue
            with np.errstate(over="ignore", under="ignore"):
                yield np.frombuffer(chunk[start : start + _CHUNK], "<f4").astype("<f2").tobytes()
