"""External data brought along: into the model, or for large models into one file beside it; on the child's side."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from onnx import ModelProto, TensorProto

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.containment import Locator
from inspector.optimize.quantization.prepare_graphs_child import all_tensors

_ALIGNMENT: Final = 4096
_CHUNK: Final = 16 << 20


def external_bytes(model: ModelProto) -> int:
    """Return how many bytes of the model's tensors lie outside its file."""
    return sum(_length(tensor) for tensor in all_tensors(model) if tensor.data_location == TensorProto.EXTERNAL)


def bring_along(model: ModelProto, source: Path, target: Path | None) -> None:
    """Put external data of the model read from source into it, or, where target is given, into "<target>.data" beside it.

    Raises OperationFailed for data that lies outside the model's folder, or is shorter than promised.
    """
    outside = [tensor for tensor in all_tensors(model) if tensor.data_location == TensorProto.EXTERNAL]
    if not outside:
        return
    locator = Locator(source)
    opened: dict[str, int] = {}
    try:
        if target is None:
            for tensor in outside:
                _embed(tensor, _descriptor(tensor, locator, opened))
            return
        data = target.with_name(target.name + ".data")
        with data.open("wb") as file:
            for tensor in outside:
                _copy(tensor, _descriptor(tensor, locator, opened), file.fileno(), data.name)
    finally:
        for descriptor in opened.values():
            os.close(descriptor)


def _descriptor(tensor: TensorProto, locator: Locator, opened: dict[str, int]) -> int:
    location = _entries(tensor).get("location", "")
    if location not in opened:
        opened[location] = locator.open(location)
    return opened[location]


def _embed(tensor: TensorProto, descriptor: int) -> None:
    offset, length = _offset(tensor), _length(tensor)
    data = bytearray()
    while len(data) < length:
        chunk = os.pread(descriptor, min(_CHUNK, length - len(data)), offset + len(data))
        if not chunk:
            raise _short(tensor)
        data += chunk
    tensor.raw_data = bytes(data)
    del tensor.external_data[:]
    tensor.data_location = TensorProto.DEFAULT


def _copy(tensor: TensorProto, source: int, target: int, name: str) -> None:
    """Append the tensor's bytes to a file and say there where they are."""
    offset, length = _offset(tensor), _length(tensor)
    start = os.lseek(target, 0, os.SEEK_END)
    start += -start % _ALIGNMENT
    os.lseek(target, start, os.SEEK_SET)
    done = 0
    while done < length:
        chunk = os.pread(source, min(_CHUNK, length - done), offset + done)
        if not chunk:
            raise _short(tensor)
        os.write(target, chunk)
        done += len(chunk)
    del tensor.external_data[:]
    for key, value in (("location", name), ("offset", str(start)), ("length", str(length))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def _entries(tensor: TensorProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in tensor.external_data}


def _offset(tensor: TensorProto) -> int:
    return _number(_entries(tensor).get("offset", "0"))


def _length(tensor: TensorProto) -> int:
    """Return the tensor's bytes: as promised, else told from its shape."""
    from onnx import helper

    stated = _entries(tensor).get("length")
    if stated is not None:
        return _number(stated)
    total = int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    for dim in tensor.dims:
        total *= dim
    return max(total, 0)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise OperationFailed(f"external data with an offset or length of {one_line(text)!r}")
    return int(text)


def _short(tensor: TensorProto) -> OperationFailed:
    return OperationFailed(f"external data of {one_line(tensor.name)} ends too early")
