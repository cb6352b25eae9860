"""Run one function in a bounded, killable child process and give back its result as data."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import msgspec

import inspector.errors as public_errors
from inspector.isolation import failure, memory, protocol
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.plain_line import last_line, plain_line
from inspector.isolation.process import ChildProcess
from inspector.isolation.standby import RESULT_LIMIT, StandbyChild
from inspector.records.event import Finished, Partial, Progress

__all__ = ["ChildFailed", "FinishedChild", "run_child"]

Result = TypeVar("Result")
Record = TypeVar("Record")

_TICK_SECONDS = 0.05
_TERMINATE_SECONDS = 0.4


@dataclass(frozen=True, slots=True)
class FinishedChild(Finished[Result], Generic[Result]):
    """The result of a child, with the most resident memory it held (None: not known) and the seconds it took."""

    peak_bytes: int | None = None
    seconds: float = 0.0


@overload
def run_child(
    entry: str,
    request: object,
    response_type: type[Result],
    limits: Limits = ...,
    cancel: CancelToken | None = ...,
    *,
    title: str = ...,
    environment: Mapping[str, str] | None = ...,
    result_limit: int = ...,
    standby: StandbyChild | None = ...,
    partial_type: None = ...,
) -> Generator[Progress | FinishedChild[Result]]: ...


@overload
def run_child(
    entry: str,
    request: object,
    response_type: type[Result],
    limits: Limits = ...,
    cancel: CancelToken | None = ...,
    *,
    title: str = ...,
    environment: Mapping[str, str] | None = ...,
    result_limit: int = ...,
    standby: StandbyChild | None = ...,
    partial_type: type[Record],
) -> Generator[Progress | Partial[Record] | FinishedChild[Result]]: ...


def run_child(
    entry: str,
    request: object,
    response_type: type[Result],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    cancel: CancelToken | None = None,
    *,
    title: str = "the work",
    environment: Mapping[str, str] | None = None,
    result_limit: int = RESULT_LIMIT,
    standby: StandbyChild | None = None,
    partial_type: type[Any] | None = None,
) -> Generator[Progress | Partial[Any] | FinishedChild[Result]]:
    """Call entry ("module:function") with (request, report: child_main.Reporter) in a fresh process and yield what it says.

    The function's first parameter must be annotated with the request's type; request and result cross as msgpack. title
    begins every error message, so it should name the file; environment is added to the child's. result_limit is in bytes.
    partial_type is that of records the function gives report.partial(); they are yielded as Partial.
    standby, if it waits for this very entry, is taken instead of a new process; environment and result_limit are then its own.
    The child dies with this process and with this generator. Raises ChildFailed, or the InspectorError the function raised.
    """
    token = cancel or CancelToken()
    if token.cancelled:
        raise failure.cancelled(title)
    hard_memory = limits.memory_bytes if memory.HARD_LIMIT else None
    encoded = msgspec.Raw(msgspec.msgpack.encode(request))
    order = protocol.Order(entry, encoded, hard_memory, limits.wall_seconds, limits.cpu_seconds)
    order_bytes = protocol.frame(protocol.RESULT, msgspec.msgpack.encode(order))
    waiting = standby.take(entry) if standby is not None else None
    with _started(waiting, order_bytes, title, environment or {}, result_limit) as process:
        conversation = _Conversation(process, title, limits, token, partial_type)
        yield from conversation.reports()
        yield conversation.result(response_type)


@contextlib.contextmanager
def _started(
    waiting: ChildProcess | None, order: bytes, title: str, environment: Mapping[str, str], result_limit: int
) -> Iterator[ChildProcess]:
    """Hold a child process; whatever happens, it is gone at the end."""
    try:
        process = waiting or ChildProcess(order, environment, result_limit)
    except OSError as error:
        raise ChildFailed("failed", f"{title} could not start a process", plain_line(str(error))) from error
    try:
        if waiting is not None:
            waiting.give(order)
        yield process
    finally:
        process.close()


class _Conversation:
    """Listens to one child until it has answered, is over or has to be stopped."""

    def __init__(
        self, process: ChildProcess, title: str, limits: Limits, cancel: CancelToken, partial_type: type[Any] | None
    ) -> None:
        self._process = process
        self._title = title
        self._limits = limits
        self._cancel = cancel
        self._partial_type = partial_type
        self._start = time.monotonic()
        self._answer: tuple[bytes, bytes] | None = None
        self._peak: int | None = None

    def reports(self) -> Iterator[Progress | Partial[Any]]:
        """Yield what the child reports until it has answered; raises ChildFailed where it does not."""
        while self._answer is None:
            try:
                yield from self._listen()
            except (protocol.SenselessBytes, msgspec.MsgspecError, UnicodeDecodeError):
                raise self._ended(failure.senseless(self._title)) from None
            if self._answer is None:
                self._stop_if_due()

    def result(self, response_type: type[Result]) -> FinishedChild[Result]:
        """Return the child's result, or raise the error it answered with."""
        if self._answer is None:
            raise failure.senseless(self._title)
        kind, payload = self._answer
        seconds = time.monotonic() - self._start
        try:
            if kind == protocol.RESULT:
                result = msgspec.msgpack.decode(payload, type=response_type)
                self._process.close()
                return FinishedChild(result, self._peak, seconds)
            said = msgspec.msgpack.decode(payload, type=protocol.FailureFrame)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._ended(failure.senseless(self._title)) from None
        raise self._ended(self._error_of(said))

    def _listen(self) -> Iterator[Progress | Partial[Any]]:
        """Take in what has arrived within one tick."""
        for kind, payload in self._process.exchange(_TICK_SECONDS):
            if self._answer is not None:
                return
            if kind == protocol.PROGRESS:
                said = msgspec.msgpack.decode(payload, type=protocol.ProgressFrame)
                yield Progress(said.done, said.total, plain_line(said.note))
            elif kind == protocol.PARTIAL:
                if self._partial_type is None:
                    raise protocol.SenselessBytes("a partial record nobody asked for")
                yield Partial(msgspec.msgpack.decode(payload, type=self._partial_type))
            elif kind == protocol.PEAK:
                self._saw_peak(msgspec.msgpack.decode(payload, type=int | None))
            else:
                self._answer = kind, payload

    def _stop_if_due(self) -> None:
        """Raise ChildFailed if the child is over, was cancelled or takes too much; note its memory otherwise."""
        process, limits = self._process, self._limits
        if process.hung_up or process.has_exited():
            self._finish_listening()
        elif self._cancel.cancelled:
            process.terminate()
            process.wait_for_exit(_TERMINATE_SECONDS)
            raise self._ended(failure.cancelled(self._title))
        elif limits.wall_seconds is not None and time.monotonic() - self._start > limits.wall_seconds:
            raise self._ended(failure.timed_out(self._title, limits))
        elif not memory.HARD_LIMIT and memory.exceeds(process.pid, limits.memory_bytes):
            raise self._ended(failure.out_of_memory(self._title, limits))
        self._saw_peak(memory.peak_bytes(process.pid))

    def _finish_listening(self) -> None:
        """Take in what the ended child had still written; raise ChildFailed if that holds no answer."""
        while self._answer is None and not self._process.hung_up:
            waiting = list(self._listen())
            if not waiting and not self._process.hung_up and self._answer is None:
                break
        if self._answer is None:
            exited = self._process.wait_for_exit(_TERMINATE_SECONDS)
            code = self._process.close()
            if not exited:
                raise self._ended(failure.senseless(self._title)) from None
            raise self._ended(failure.ended_without_answer(self._title, code, self._process.output, self._limits))

    def _error_of(self, said: protocol.FailureFrame) -> public_errors.InspectorError:
        """Return the exception the child describes."""
        message, hint = plain_line(said.message), plain_line(said.hint)
        if said.kind == "memory":
            return failure.out_of_memory(self._title, self._limits)
        if said.kind == "error":
            found = getattr(public_errors, said.name, None)
            if isinstance(found, type) and issubclass(found, public_errors.InspectorError):
                return found(message, hint)
        reason = f"{plain_line(said.name, 60)}: {message}" if message else plain_line(said.name, 60)
        return ChildFailed("failed", f"{self._title} failed: {reason}")

    def _saw_peak(self, seen: int | None) -> None:
        """Keep the largest resident size seen."""
        if seen is not None:
            self._peak = max(self._peak or 0, seen)

    def _ended(self, error: public_errors.InspectorError) -> public_errors.InspectorError:
        """End the child and return the error, with what is known of its memory and output."""
        self._process.close()
        if isinstance(error, ChildFailed):
            error.peak_bytes = self._peak
            error.output = error.output or last_line(self._process.output)
        return error
