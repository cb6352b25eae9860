"""The program a child process runs: take one order, carry it out within its limits, answer, end."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Callable
from typing import Any, get_type_hints

import msgspec

from inspector.errors import InspectorError
from inspector.isolation import protocol
from inspector.isolation.confinement import confine, die_with_parent
from inspector.isolation.memory import own_peak_bytes

ReportProgress = Callable[[int, int, str], None]
"""What an entry function calls to say how far it is: done, total, note."""

_PROGRESS_INTERVAL = 0.05


def main(order_fd: int, answer_fd: int, ahead: str = "") -> None:
    """Carry out the order read from order_fd and write frames to answer_fd; does not return.

    ahead names a module to import before the order comes.
    """
    for fd in (order_fd, answer_fd):
        os.set_inheritable(fd, False)
    if ahead:
        with contextlib.suppress(Exception):  # it fails again, and is told of, once there is an order
            importlib.import_module(ahead)
    order = msgspec.msgpack.decode(_read_order(order_fd), type=protocol.Order)
    die_with_parent(order_fd)
    answer = _Answer(answer_fd)
    try:
        confine(order.memory_bytes, order.wall_seconds, order.cpu_seconds)
        result = _carry_out(order, answer)
    except BaseException as error:
        kind, payload = protocol.FAILURE, msgspec.msgpack.encode(_describe(error))
    else:
        kind, payload = protocol.RESULT, result
    answer.finish(kind, payload)


def _read_order(fd: int) -> bytes:
    """Return the order's bytes; ends this process if the parent died before it was written."""
    header = _read_exactly(fd, protocol.HEADER.size)
    return _read_exactly(fd, protocol.HEADER.unpack(header)[1])


def _read_exactly(fd: int, count: int) -> bytes:
    """Return count bytes; ends this process at the end of the stream."""
    data = bytearray()
    while len(data) < count:
        chunk = os.read(fd, min(count - len(data), 1 << 20))
        if not chunk:
            os._exit(0)
        data += chunk
    return bytes(data)


def _carry_out(order: protocol.Order, answer: _Answer) -> bytes:
    """Import and call the entry function; the request is decoded as the type its first parameter is annotated with."""
    module_name, _, function_name = order.entry.partition(":")
    function: Callable[[Any, ReportProgress], object] = getattr(importlib.import_module(module_name), function_name)
    hints = get_type_hints(function)
    request_type = hints[function.__code__.co_varnames[0]]
    request = msgspec.msgpack.decode(order.request, type=request_type)
    return msgspec.msgpack.encode(function(request, answer.report_progress))


def _describe(error: BaseException) -> protocol.FailureFrame:
    """Return an exception as data, its texts bounded."""
    if isinstance(error, InspectorError):
        return protocol.FailureFrame("error", _public_name(error), error.message[:4000], error.hint[:4000])
    if isinstance(error, MemoryError):
        return protocol.FailureFrame("memory", "", "", "")
    return protocol.FailureFrame("other", type(error).__name__, _printable(error), "")


def _public_name(error: InspectorError) -> str:
    """Return the name of the nearest class of inspector.errors, which the parent can make again."""
    return next(cls.__name__ for cls in type(error).__mro__ if cls.__module__ == InspectorError.__module__)


def _printable(error: BaseException) -> str:
    """Return the message of an exception, whose own __str__ may fail."""
    try:
        return str(error)[:4000]
    except Exception:
        return ""


class _Answer:
    """Writes frames to the parent."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._last = 0.0

    def report_progress(self, done: int, total: int, note: str = "") -> None:
        """Tell the parent how far the work is, at most every 50 ms and always at the end."""
        now = time.monotonic()
        if now - self._last < _PROGRESS_INTERVAL and done != total:
            return
        self._last = now
        payload = msgspec.msgpack.encode(protocol.ProgressFrame(done, total, note[:1000]))
        self._write(protocol.frame(protocol.PROGRESS, payload))

    def finish(self, kind: bytes, payload: bytes) -> None:
        """Send the last frames and end the process without the interpreter's tidying up, which native libraries can crash."""
        peak = msgspec.msgpack.encode(own_peak_bytes())
        self._write(protocol.frame(protocol.PEAK, peak) + protocol.HEADER.pack(kind, len(payload)))
        self._write(payload)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def _write(self, data: bytes) -> None:
        """Write all of data."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
