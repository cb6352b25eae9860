"""A user's .npz, read lazily: what its arrays are from their headers, their rows one after the other, nothing unpickled."""

from __future__ import annotations

import contextlib
import math
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import UsageError
from inspector.formats.clean_text import one_line

_SUFFIX: Final = ".npy"
_LONGEST_HEADER: Final = 10_000
_PIECE: Final = 1 << 20
_HOW: Final = "save it with np.savez(path, name=array, …)"
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class StoredArray:
    """One array of the archive, from its header."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool


class Archive:
    """An open .npz; close it, or use it as a context."""

    def __init__(self, path: str, label: str) -> None:
        """Raises UsageError where the file is no .npz."""
        self.label = label
        try:
            self._file = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise UsageError(f"{label}: no such file", "check the path") from None
        except PermissionError:
            raise UsageError(f"{label}: permission denied", "check who may read it: ls -l") from None
        except _DAMAGE:
            raise UsageError(f"{label} is {_what_it_is(path)}", _HOW) from None
        self.names = tuple(info.filename.removesuffix(_SUFFIX) for info in self._file.infolist() if _is_array(info))
        if not self.names:
            raise UsageError(f"{label} holds no arrays", _HOW)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def describe(self, name: str) -> StoredArray:
        """Return what an array is; raises UsageError where it holds objects, is damaged or not as long as it says."""
        shown = f'array "{one_line(name)}" of {self.label}'
        info = self._info(name)
        with self._open(name) as file:
            stored = StoredArray(name, *_header(file, shown))
            start = file.tell()
        expected = math.prod(stored.shape) * stored.dtype.itemsize
        if min(stored.shape, default=0) < 0 or info.file_size - start != expected:
            raise UsageError(
                f"{shown} is damaged: {info.file_size - start:,} bytes where its shape asks for {expected:,}", "write it again"
            )
        return stored

    def rows(self, stored: StoredArray, per_row: int, memory_bytes: int) -> Iterator[NDArray[Any]]:
        """Yield per_row entries of the first axis at a time, one piece in memory. Raises UsageError where the array is damaged.

        An array in Fortran order cannot be read so and is read whole, if it takes no more than memory_bytes.
        """
        if stored.fortran and len(stored.shape) > 1:
            whole = self.whole(stored, memory_bytes)
            yield from (whole[start : start + per_row] for start in range(0, stored.shape[0], per_row))
            return
        shape = (per_row, *stored.shape[1:])
        with self._open(stored.name) as file:
            _header(file, stored.name)
            for _ in range(stored.shape[0] // per_row):
                yield _native(self._read(file, stored, shape))

    def whole(self, stored: StoredArray, memory_bytes: int) -> NDArray[Any]:
        """Return an array whole; raises UsageError where it takes more than memory_bytes, or is damaged."""
        taken = math.prod(stored.shape) * stored.dtype.itemsize
        if taken > memory_bytes:
            why = "it is in Fortran order: save np.ascontiguousarray(array)" if stored.fortran else "it is one sample"
            raise UsageError(f'array "{one_line(stored.name)}" of {self.label} is too large to read at once: {why}')
        with self._open(stored.name) as file:
            _header(file, stored.name)
            if not stored.fortran:
                return _native(self._read(file, stored, stored.shape))
            return _native(self._read(file, stored, stored.shape[::-1]).transpose())

    def _read(self, file: IO[bytes], stored: StoredArray, shape: tuple[int, ...]) -> NDArray[Any]:
        made = np.empty(shape, stored.dtype)
        flat = made.reshape(-1).view(np.uint8)
        filled = 0
        while filled < made.nbytes:
            piece = file.read(min(_PIECE, made.nbytes - filled))
            if not piece:
                raise EOFError
            flat[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
        return made

    def _info(self, name: str) -> zipfile.ZipInfo:
        return self._file.getinfo(name + _SUFFIX)

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        """Hold an array's member open; whatever is wrong with it is a UsageError."""
        try:
            with self._file.open(self._info(name)) as file:
                yield file
        except _DAMAGE:
            raise UsageError(f'array "{one_line(name)}" of {self.label} is damaged or truncated', "write it again") from None


def _is_array(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith(_SUFFIX) and not info.is_dir()


def _header(file: IO[bytes], shown: str) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    """Return shape, dtype and whether it is in Fortran order. Raises UsageError for objects, ValueError for damage."""
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if read is None:
        raise UsageError(f"{shown} has a header of a version that is not read", _HOW)
    shape, fortran, dtype = read(file, max_header_size=_LONGEST_HEADER)
    if dtype.hasobject:
        raise UsageError(
            f"{shown} holds Python objects, which are never unpickled", "save numbers, or text as array.astype(str)"
        )
    if dtype.names is not None or dtype.kind in "VMm":
        raise UsageError(f"{shown} has the element type {one_line(dtype)}, which no model takes", "save plain numbers")
    return shape, dtype, fortran


def _native(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(array.dtype.newbyteorder("=")) if not array.dtype.isnative else array


def _what_it_is(path: str) -> str:
    """Return what a file that is no zip archive looks like."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the path may be bytes of any encoding
            head = file.read(8)
    except OSError as error:
        return f"not readable: {error.strerror}"
    if not head:
        return "empty"
    if head.startswith(b"\x93NUMPY"):
        return "a single array (.npy), not an .npz with an array for each input"
    if head.startswith(b"PK"):
        return "a truncated or damaged .npz"
    return "no .npz file"
