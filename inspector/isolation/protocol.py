"""What parent and child say to each other: frames of a kind byte, a length and msgpack, decoded by type, never pickled."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

HEADER: Final = struct.Struct(">cI")
PROGRESS: Final = b"P"
PARTIAL: Final = b"D"
PEAK: Final = b"M"
RESULT: Final = b"R"
FAILURE: Final = b"F"

_SMALL_FRAME: Final = 1 << 16
"""Bytes that any frame but a result or a partial record may take."""
PARTIAL_LIMIT: Final = 4 << 20
"""Bytes that a partial record may take."""


class Order(msgspec.Struct, frozen=True):
    """What the parent asks for: "module:function", its encoded request, and the limits the child sets for itself."""

    entry: str
    request: msgspec.Raw
    memory_bytes: int | None
    wall_seconds: float | None
    cpu_seconds: float | None


class ProgressFrame(msgspec.Struct, frozen=True, array_like=True):
    """How far the child is."""

    done: int
    total: int
    note: str


class FailureFrame(msgspec.Struct, frozen=True, array_like=True):
    """An exception in the child: an InspectorError by class name, want of memory, or anything else by its last line."""

    kind: Literal["error", "memory", "other"]
    name: str
    message: str
    hint: str


class SenselessBytes(ValueError):
    """The child's bytes are not frames, or a frame is larger than allowed."""


def frame(kind: bytes, payload: bytes) -> bytes:
    """Return payload with its header."""
    return HEADER.pack(kind, len(payload)) + payload


class FrameReader:
    """Cuts a stream of untrusted bytes into frames; holds no more than one result of at most result_limit bytes."""

    def __init__(self, result_limit: int) -> None:
        self._buffer = bytearray()
        self._result_limit = result_limit

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Take bytes in and yield the frames now complete as (kind, payload); raises SenselessBytes."""
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._buffer)
            self._check(kind, length)
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(memoryview(self._buffer)[HEADER.size : end])
            del self._buffer[:end]
            yield kind, payload

    def _check(self, kind: bytes, length: int) -> None:
        """Raise SenselessBytes for a kind that does not exist or a length that kind may not have."""
        if kind not in (PROGRESS, PARTIAL, PEAK, RESULT, FAILURE):
            raise SenselessBytes("unknown frame")
        if length > {RESULT: self._result_limit, PARTIAL: PARTIAL_LIMIT}.get(kind, _SMALL_FRAME):
            raise SenselessBytes("frame too large")
