"""One session of one artifact within the timing loop: how it is opened, and how a run of it is timed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.errors import OperationFailed
from inspector.runtimes.feed_fitting_child import Feed, fitted
from inspector.runtimes.latency import Timed, TimedName, TimedSubject, TimingRequest
from inspector.runtimes.latency_feeds_child import batch_axes, batched


class Refused(OperationFailed):
    """One subject cannot be timed; name says which."""

    def __init__(self, name: TimedName, message: str) -> None:
        super().__init__(message)
        self.name: TimedName = name


@dataclass(slots=True)
class Session:
    """A session of one subject, what it is fed, and its typical ms when warm."""

    subject: TimedSubject
    timed: Timed
    feeds: list[Feed]
    run_ms: float = 0.0

    def run(self, place: int, repeats: int = 1) -> float:
        """Return the ms of a run, or the mean of several. Raises Refused."""
        feed, run = self.feeds[place % len(self.feeds)], self.timed.run
        start = time.perf_counter_ns()
        try:
            for _ in range(repeats):
                run(feed)
        except OperationFailed as error:
            raise Refused(self.subject.name, error.message) from None
        return max(time.perf_counter_ns() - start, 1) / 1e6 / repeats

    def block(self, first: int, count: int) -> tuple[list[float], dict[str, list[float]]]:
        """Return the ms of so many single runs, and of their phases where they are told apart. Raises Refused."""
        feeds, run, clock = self.feeds, self.timed.run, time.perf_counter_ns
        times: list[float] = []
        phases: dict[str, list[float]] = {}
        try:
            for place in range(first, first + count):
                feed = feeds[place % len(feeds)]
                start = clock()
                parts = run(feed)
                times.append((clock() - start) / 1e6)
                for name, milliseconds in (parts or {}).items():
                    phases.setdefault(name, []).append(milliseconds)
        except OperationFailed as error:
            raise Refused(self.subject.name, error.message) from None
        return times, phases

    def close(self) -> None:
        """Let go of what was loaded."""
        self.timed.close()


def open_session(subject: TimedSubject, request: TimingRequest, feeds: Sequence[Feed]) -> Session:
    """Return a new session of the subject and the feeds for it, of as many rows as are wanted. Raises Refused."""
    try:
        timed = _opened(subject, request)
        stacked = list(feeds) if request.pace.quick else _rows(timed, request.batch, feeds)
        return Session(subject, timed, [fitted(feed, timed.inputs) for feed in stacked])
    except OperationFailed as error:
        raise Refused(subject.name, error.message) from None


def _opened(subject: TimedSubject, request: TimingRequest) -> Timed:
    """Return the artifact loaded by its runtime; in a quick measurement ONNX Runtime's threads do not spin."""
    call, threads, device = subject.call, request.threads, subject.device
    if call.runtime == "tensorflow":
        from inspector.runtimes.tensorflow.timed_child import open_timed as open_saved_model

        return open_saved_model(call.path, threads, device, call.signature, call.tags, call.loader)
    if call.runtime == "litert":
        from inspector.runtimes.litert.timed_child import open_timed as open_tflite

        return open_tflite(call.path, threads, device, call.signature)
    from inspector.runtimes.onnx_runtime.timed_child import open_quiet, open_timed

    return open_quiet(call.path, threads) if request.pace.quick else open_timed(call.path, threads, device)


def _rows(timed: Timed, batch: int, feeds: Sequence[Feed]) -> list[Feed]:
    """Return the feeds with so many rows; a first dimension that is fixed at another number forbids any batch but 1."""
    found = batch_axes(timed.inputs)
    if found.axes:
        return batched(feeds, found.axes, batch)
    if batch not in (1, found.fixed):
        raise OperationFailed(f"batch is fixed at {found.fixed if found.fixed is not None else 1}")
    return list(feeds)
