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

_PROGRESS_INTERVAL = 0.05
_PARTIAL_INTERVAL = 0.1


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
    reporter = Reporter(answer)
    try:
        confine(order.memory_bytes, order.wall_seconds, order.cpu_seconds)
        result = _carry_out(order, reporter)
        reporter.flush()
    except BaseException as error:
        with contextlib.suppress(Exception):  # what cannot be sent then is not the reason it failed
            reporter.flush()
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


def _carry_out(order: protocol.Order, reporter: Reporter) -> bytes:
    """Import and call the entry function; the request is decoded as the type its first parameter is annotated with."""
    module_name, _, function_name = order.entry.partition(":")
    function: Callable[[Any, Reporter], object] = getattr(importlib.import_module(module_name), function_name)
    hints = get_type_hints(function)
    request_type = hints[function.__code__.co_varnames[0]]
    request = msgspec.msgpack.decode(order.request, type=request_type)
    return msgspec.msgpack.encode(function(request, reporter))


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


class Reporter:
    """What an entry function is given to say how far it is and what it has so far."""

    def __init__(self, answer: _Answer) -> None:
        self._answer = answer
        self._last_progress = 0.0
        self._last_partial = 0.0
        self._held: object = None

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Tell the parent how far the work is, at most every 50 ms and always at the end."""
        now = time.monotonic()
        if now - self._last_progress < _PROGRESS_INTERVAL and done != total:
            return
        self._last_progress = now
        payload = msgspec.msgpack.encode(protocol.ProgressFrame(done, total, note[:1000]))
        self._answer.write(protocol.frame(protocol.PROGRESS, payload))

    @property
    def partial_due(self) -> bool:
        """Whether a partial record would be sent now: who sends what is new since the last one asks before giving another."""
        return time.monotonic() - self._last_partial >= _PARTIAL_INTERVAL

    def partial(self, record: object) -> None:
        """Send the parent what there is so far, of its partial_type, at most every 100 ms.

        A record that comes sooner waits, in place of the one that waited before it; the last one is sent before the end, be
        that a result or an exception. Raises ValueError for one of more than protocol.PARTIAL_LIMIT bytes once it is sent.
        """
        self._held = record
        if self.partial_due:
            self.flush()

    def flush(self) -> None:
        """Send the partial record that waits, if there is one."""
        record, self._held = self._held, None
        if record is None:
            return
        payload = msgspec.msgpack.encode(record)
        if len(payload) > protocol.PARTIAL_LIMIT:
            raise ValueError(f"a partial record of {len(payload):,} bytes")
        self._answer.write(protocol.frame(protocol.PARTIAL, payload))
        self._last_partial = time.monotonic()


class _Answer:
    """Writes frames to the parent."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def finish(self, kind: bytes, payload: bytes) -> None:
        """Send the last frames and end the process without the interpreter's tidying up, which native libraries can crash."""
        peak = msgspec.msgpack.encode(own_peak_bytes())
        self.write(protocol.frame(protocol.PEAK, peak) + protocol.HEADER.pack(kind, len(payload)))
        self.write(payload)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def write(self, data: bytes) -> None:
        """Write all of data."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]
