"""Values of weights, read on demand: raw, external or from protobuf's typed fields, always as dense little-endian bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed, UnreadableArtifact
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.containment import Locator
from inspector.formats.onnx.open_file import open_regular
from inspector.formats.onnx.typed_values import dense, strings
from inspector.records.artifact import Computation
from inspector.records.dtype import BITS
from inspector.records.tensor import Storage, Weight

CHUNK: Final = 4 * 1024 * 1024
_LARGEST_TAGGED: Final = 512 * 1024 * 1024
_LONGEST_VARINT: Final = 10
_CHANGED_HINT: Final = "open the model again"


def read_range(computation: Computation, weight: Weight, offset: int, length: int) -> bytes:
    """Return length bytes from offset of the weight's values as dense little-endian bytes, fewer at their end.

    Sub-byte elements are packed, first element in the low bits; the values of a string weight follow one another without
    separators. Raises OperationFailed if they cannot be read.
    """
    with _opened(computation, weight) as descriptor:
        if weight.storage.repeats:
            return _Repeated(descriptor, weight).read(offset, length)
        if _is_verbatim(weight):
            kept = max(0, min(length, weight.storage.length - offset))
            return _pread(descriptor, weight, weight.storage.offset + offset, kept)
        taken = bytearray()
        position = 0
        for chunk in _decoded(descriptor, weight, CHUNK):
            taken += chunk[max(0, offset - position) : offset + length - position]
            position += len(chunk)
            if position >= offset + length:
                break
        return bytes(taken)


def iter_chunks(computation: Computation, weight: Weight, chunk_bytes: int = CHUNK) -> Iterator[bytes]:
    """Yield the weight's values as dense little-endian bytes, chunk_bytes at a time (the last chunk may be shorter).

    Raises OperationFailed if they cannot be read.
    """
    with _opened(computation, weight) as descriptor:
        if weight.storage.repeats:
            repeated = _Repeated(descriptor, weight)
            for position in range(0, repeated.size, chunk_bytes):
                yield repeated.read(position, chunk_bytes)
            return
        if _is_verbatim(weight):
            yield from _pieces(descriptor, weight, chunk_bytes)
            return
        waiting = bytearray()
        for piece in _decoded(descriptor, weight, chunk_bytes):
            waiting += piece
            while len(waiting) >= chunk_bytes:
                yield bytes(waiting[:chunk_bytes])
                del waiting[:chunk_bytes]
        if waiting:
            yield bytes(waiting)


def read_strings(computation: Computation, weight: Weight, most_bytes: int = CHUNK) -> list[bytes]:
    """Return the values of a string weight whose field takes up to most_bytes. Raises OperationFailed."""
    if weight.storage.encoding == "none":
        return []
    with _opened(computation, weight) as descriptor:
        if weight.storage.encoding == "raw" and weight.storage.length <= most_bytes:
            return _split_strings(weight, _pread(descriptor, weight, weight.storage.offset, weight.storage.length))
        if weight.storage.encoding != "typed" or weight.storage.length > most_bytes:
            raise OperationFailed(f"{weight.name}: its texts lie in more than {most_bytes:,} bytes", "")
        return _decode_strings(weight, _pread(descriptor, weight, weight.storage.offset, weight.storage.length))


@contextmanager
def _opened(computation: Computation, weight: Weight) -> Iterator[int]:
    """Open the file that holds the weight; external files are checked again to lie where they may."""
    artifact, storage = computation.artifact, weight.storage
    if storage.encoding == "external":
        _refuse_known_problem(computation, storage)
        descriptor = Locator(Path(computation.definition_path)).open(storage.path)
    else:
        try:
            descriptor = open_regular(Path(computation.definition_path))
        except UnreadableArtifact as error:
            raise OperationFailed(error.message, error.hint) from error
    try:
        if storage.encoding != "external" and os.fstat(descriptor).st_size != artifact.size_bytes:
            raise OperationFailed(f"{one_line(artifact.path)}: has changed since it was opened", _CHANGED_HINT)
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_known_problem(computation: Computation, storage: Storage) -> None:
    file = next((one for one in computation.external_files if one.location == storage.path), None)
    if file is None or not file.contained:
        problem = file.problem if file else "not among the files the model names"
        raise OperationFailed(f"{storage.path}: {problem}", "external data must be a regular file in the model's folder")


class _Repeated:
    """A weight of which the first values are stored, the last of those standing for the rest."""

    def __init__(self, descriptor: int, weight: Weight) -> None:
        storage, bits = weight.storage, BITS.get(weight.dtype, 0)
        if storage.length > _LARGEST_TAGGED or bits % 8 or not bits:
            raise OperationFailed(f"{weight.name}: its values are stored in a way that is not read", "")
        self.size = weight.byte_count
        if _is_verbatim(weight):
            self._stored = _pread(descriptor, weight, storage.offset, storage.length)
        else:
            self._stored = b"".join(_decoded(descriptor, weight, CHUNK))
        self._last = self._stored[-bits // 8 :] or bytes(bits // 8)

    def read(self, offset: int, length: int) -> bytes:
        """Return length bytes from offset, fewer at the end."""
        end = max(min(offset + length, self.size), offset)
        stored = self._stored[offset:end]
        missing, width = end - offset - len(stored), len(self._last)
        start = (offset + len(stored) - len(self._stored)) % width
        return stored + (self._last * (missing // width + 2))[start : start + missing]


def _is_verbatim(weight: Weight) -> bool:
    """Return whether the values lie in the file as dense bytes: raw, external, or a packed field of fixed width."""
    storage = weight.storage
    if storage.encoding != "typed":
        return True
    return weight.dtype in ("float32", "float64", "complex64", "complex128") and not storage.tagged


def _pieces(descriptor: int, weight: Weight, size: int) -> Iterator[bytes]:
    start, end = weight.storage.offset, weight.storage.offset + weight.storage.length
    for position in range(start, end, size):
        yield _pread(descriptor, weight, position, min(size, end - position))


def _decoded(descriptor: int, weight: Weight, size: int) -> Iterator[bytes]:
    """Yield dense bytes of values in a typed field; packed integers are decoded a piece at a time."""
    storage = weight.storage
    in_pieces = not storage.tagged and weight.dtype != "string" and BITS.get(weight.dtype) != 6
    try:
        if in_pieces:
            rest = b""
            for piece in _pieces(descriptor, weight, size):
                whole, rest = _whole_varints(rest + piece)
                yield dense(weight.dtype, storage.field, False, whole)
            if rest:
                raise ValueError("the last integer is cut short")
            return
        if storage.length > _LARGEST_TAGGED:
            raise OperationFailed(f"{weight.name}: its values are stored one by one in {storage.length:,} bytes: too many", "")
        stored = _pread(descriptor, weight, storage.offset, storage.length)
        if weight.dtype == "string":
            yield b"".join(_decode_strings(weight, stored))
        else:
            yield dense(weight.dtype, storage.field, storage.tagged, stored)
    except ValueError as error:
        raise OperationFailed(f"{weight.name}: {error}", "the file is damaged, or has changed since it was opened") from error


def _decode_strings(weight: Weight, stored: bytes) -> list[bytes]:
    try:
        return strings(weight.storage.field, stored)
    except (ValueError, KeyError) as error:
        raise OperationFailed(f"{weight.name}: its texts are malformed", _CHANGED_HINT) from error


def _split_strings(weight: Weight, stored: bytes) -> list[bytes]:
    """Return the texts of a .tflite's buffer: their number, where each begins and the last ends, then all of them."""
    try:
        (count,) = struct.unpack_from("<i", stored)
        places = struct.unpack_from(f"<{count + 1}i", stored, 4)
    except struct.error as error:
        raise OperationFailed(f"{weight.name}: its texts are malformed", _CHANGED_HINT) from error
    return [stored[start:end] for start, end in pairwise(places)]


def _whole_varints(data: bytes) -> tuple[bytes, bytes]:
    """Split off the integer at the end that is not complete."""
    for cut in range(len(data), max(len(data) - _LONGEST_VARINT, 0), -1):
        if data[cut - 1] < 128:
            return data[:cut], data[cut:]
    if len(data) < _LONGEST_VARINT:
        return b"", data
    raise ValueError("an integer takes more than ten bytes")


def _pread(descriptor: int, weight: Weight, offset: int, length: int) -> bytes:
    try:
        data = os.pread(descriptor, length, offset)
        while len(data) < length and (more := os.pread(descriptor, length - len(data), offset + len(data))):
            data += more
    except (OSError, OverflowError, MemoryError) as error:
        raise OperationFailed(f"{weight.name}: cannot be read: {one_line(error)}", "check the disk") from error
    if len(data) != length:
        raise OperationFailed(f"{weight.name}: the file ends {length - len(data):,} bytes before its values do", _CHANGED_HINT)
    return data
