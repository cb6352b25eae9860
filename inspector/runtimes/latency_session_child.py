"""One session of one artifact within the timing loop: how it is opened, and how a run of it is timed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inspector.errors import OperationFailed
from inspector.runtimes.feed_fitting import Feed, fitted
from inspector.runtimes.latency import Runtime, Timed, TimedName, TimedSubject, TimingRequest
from inspector.runtimes.latency_feeds_child import batch_axes, batched

_OPENERS: Final[Mapping[Runtime, str]] = {
    "onnxruntime": "inspector.runtimes.onnx_runtime.timed_child",
    "tensorflow": "inspector.runtimes.tensorflow.timed_child",
}


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


def import_runtime(runtime: Runtime) -> None:
    """Import the runtime, so that importing it is not part of what is timed."""
    importlib.import_module(_OPENERS[runtime])
    if runtime == "onnxruntime":
        importlib.import_module("onnxruntime")


def open_session(subject: TimedSubject, request: TimingRequest, feeds: Sequence[Feed]) -> Session:
    """Return a new session of the subject and the feeds for it, of as many rows as are wanted. Raises Refused."""
    try:
        timed = _opened(subject, request)
        stacked = list(feeds) if request.pace.quick else _rows(timed, request.batch, feeds)
        return Session(subject, timed, [fitted(feed, timed.inputs) for feed in stacked])
    except OperationFailed as error:
        raise Refused(subject.name, error.message) from None


def _opened(subject: TimedSubject, request: TimingRequest) -> Timed:
    module = importlib.import_module(_OPENERS[request.runtime])
    opened: Timed
    if request.pace.quick:
        opened = module.open_quiet(subject.path, request.threads)
    else:
        opened = module.open_timed(subject.path, request.threads, subject.device, request.signature)
    return opened


def _rows(timed: Timed, batch: int, feeds: Sequence[Feed]) -> list[Feed]:
    """Return the feeds with so many rows; a first dimension that is fixed at another number forbids any batch but 1."""
    found = batch_axes(timed.inputs)
    if found.axes:
        return batched(feeds, found.axes, batch)
    if batch not in (1, found.fixed):
        raise OperationFailed(f"batch is fixed at {found.fixed if found.fixed is not None else 1}")
    return list(feeds)
