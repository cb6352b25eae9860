"""Values of initializers, read where they lie, and written to a file beside the model: one at a time, however large in all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, TensorProto, helper, numpy_helper

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.containment import Locator
from inspector.optimize.half.graph_walk_child import all_graphs
from inspector.optimize.half.messages import PREPARED_WEIGHTS

INLINE_BYTES: Final = 1024
"""Weights up to this size stay in the model: shapes and scalars that runtimes need when they load it."""

_ALIGNMENT: Final = 64
_CHUNK: Final = 16 << 20


class StoredWeights:
    """Reads the values of tensors of the model at a path, external ones only from inside its folder."""

    def __init__(self, model: Path) -> None:
        self._locator = Locator(model)

    def array(self, tensor: TensorProto) -> NDArray[Any]:
        """Return the values of a tensor in its shape. Raises OperationFailed where they cannot be read."""
        if tensor.data_location != TensorProto.EXTERNAL:
            try:
                return np.asarray(numpy_helper.to_array(tensor))
            except (ValueError, TypeError) as error:
                raise OperationFailed(f"weight {one_line(tensor.name)} does not hold what its shape says") from error
        filled = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims, raw_data=self.raw(tensor))
        return self.array(filled)

    def raw(self, tensor: TensorProto) -> bytes:
        """Return the bytes of a tensor as raw_data holds them."""
        if tensor.data_location == TensorProto.EXTERNAL:
            return b"".join(self.chunks(tensor))
        return bytes(tensor.raw_data) if tensor.HasField("raw_data") else bytes(self._packed(tensor).raw_data)

    def chunks(self, tensor: TensorProto) -> Iterator[bytes]:
        """Yield the bytes of a tensor in pieces; raises OperationFailed for external data that is missing, short or outside."""
        if tensor.data_location != TensorProto.EXTERNAL:
            yield self.raw(tensor)
            return
        given = {entry.key: entry.value for entry in tensor.external_data}
        descriptor = self._locator.open(given.get("location", ""))
        try:
            offset, left = _stretch(given, descriptor, tensor)
            while left:
                piece = os.pread(descriptor, min(left, _CHUNK), offset)
                if not piece:
                    raise OperationFailed(f"the external data of weight {one_line(tensor.name)} ends early")
                offset, left = offset + len(piece), left - len(piece)
                yield piece
        finally:
            os.close(descriptor)

    def largest(self, tensor: TensorProto) -> float:
        """Return the largest finite |x| of an fp32 tensor, read piece by piece; 0 where there is none."""
        found = 0.0
        for piece in self.chunks(tensor):
            for start in range(0, len(piece), _CHUNK):
                sizes = np.abs(np.frombuffer(piece[start : start + _CHUNK], "<f4"))
                top = sizes.max(initial=0.0)
                if not np.isfinite(top):
                    top = sizes[np.isfinite(sizes)].max(initial=0.0)
                found = max(found, float(top))
        return found

    def _packed(self, tensor: TensorProto) -> TensorProto:
        return numpy_helper.from_array(self.array(tensor))


def _stretch(given: dict[str, str], descriptor: int, tensor: TensorProto) -> tuple[int, int]:
    """Return offset and length of a tensor's external bytes."""
    try:
        offset = int(given.get("offset") or 0)
        rest = os.fstat(descriptor).st_size - offset
        length = int(given.get("length") or rest)
    except ValueError:
        raise OperationFailed(f"weight {one_line(tensor.name)} says no number where its external data lies") from None
    if offset < 0 or length < 0 or length > rest:
        raise OperationFailed(f"the external data of weight {one_line(tensor.name)} ends early")
    return offset, length


def byte_count(tensor: TensorProto) -> int:
    """Return the bytes that the values of a tensor take, 0 where its element type has no whole number of them."""
    try:
        width = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    except (KeyError, TypeError):
        return 0
    if tensor.data_type == TensorProto.STRING or helper.tensor_dtype_to_string(tensor.data_type).endswith(("INT4", "INT2")):
        return 0
    return int(np.prod(tensor.dims, dtype=np.int64)) * int(width)


class WeightWriter:
    """Appends values to one external file and points tensors at them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._end = 0

    def __enter__(self) -> WeightWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, tensor: TensorProto, pieces: Iterator[bytes]) -> None:
        """Write the pieces and make the tensor, whose type and shape are already right, refer to them."""
        if self._file is None:
            self._file = self._path.open("wb")
        padding = -self._end % _ALIGNMENT
        self._file.write(bytes(padding))
        offset, length = self._end + padding, 0
        for piece in pieces:
            self._file.write(piece)
            length += len(piece)
        self._end = offset + length
        for values in ("raw_data", "float_data", "double_data", "int32_data", "int64_data", "uint64_data", "external_data"):
            tensor.ClearField(values)
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", self._path.name), ("offset", offset), ("length", length)):
            tensor.external_data.add(key=key, value=str(value))


def move_weights(model: ModelProto, weights: StoredWeights, folder: Path) -> int:
    """Write large initializers of the main graph, and all that are external, into one file of the folder.

    Returns how many initializers hold fp32 or fp64.
    """
    floats = 0
    try:
        with WeightWriter(folder / PREPARED_WEIGHTS) as writer:
            for graph in all_graphs(model):
                floats += _move(graph, weights, writer, graph is model.graph)
    except OSError as error:
        raise OperationFailed(f"the work folder cannot hold the weights: {error.strerror}", "free some space") from error
    return floats


def _move(graph: GraphProto, weights: StoredWeights, writer: WeightWriter, is_main: bool) -> int:
    floats = 0
    for tensor in graph.initializer:
        floats += tensor.data_type in (TensorProto.FLOAT, TensorProto.DOUBLE)
        if tensor.data_location == TensorProto.EXTERNAL or (is_main and byte_count(tensor) > INLINE_BYTES):
            writer.put(tensor, _held(weights, tensor))
    return floats


def _held(weights: StoredWeights, tensor: TensorProto) -> Iterator[bytes]:
    """Yield a tensor's bytes from a copy, which lasts while the tensor itself is rewritten."""
    source = TensorProto.FromString(tensor.SerializeToString()) if tensor.data_location == TensorProto.EXTERNAL else tensor
    yield from weights.chunks(source)
