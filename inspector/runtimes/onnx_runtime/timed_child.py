"""An ONNX model as the timing loop runs it. On the child's side only: onnxruntime is imported here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inspector.errors import OperationFailed
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, make_session, run_session, session_inputs, usable_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession


class TimedSession:
    """A session, and the ms it took to create."""

    def __init__(self, session: InferenceSession, creation_ms: float, notes: tuple[str, ...]) -> None:
        self.creation_ms = creation_ms
        self.notes = notes
        self.inputs: tuple[TensorSpec, ...] = session_inputs(session)
        self._session: InferenceSession | None = session
        self._run = session.run

    def run(self, feed: Mapping[str, NDArray[Any]]) -> Mapping[str, float] | None:
        """Run it on numpy arrays; the outputs are numpy arrays when this returns. Raises RuntimeRefused with a clean line."""
        try:
            self._run(None, feed)
        except Exception:  # the runtime's exceptions share no base class
            raise self._failed(feed) from None
        return None

    def close(self) -> None:
        """Let go of the session."""
        self._session = None
        self._run = _closed

    def _failed(self, feed: Mapping[str, NDArray[Any]]) -> OperationFailed:
        """Return why a run failed, from running it once more; raises MemoryError where that is why."""
        if self._session is None:
            return RuntimeRefused("it is closed")
        try:
            run_session(self._session, feed)
        except RuntimeRefused as error:
            return error
        return OperationFailed("a run failed, and did not when it was repeated")


class TimedBoundSession(TimedSession):
    """A session on an accelerator whose inputs and outputs are bound to it, so that transfers are told from computing."""

    def __init__(self, session: InferenceSession, creation_ms: float, device: str, notes: tuple[str, ...]) -> None:
        from inspector.runtimes.onnx_runtime.cuda_runs import BoundRunner

        super().__init__(session, creation_ms, notes)
        self._bound: BoundRunner | None = BoundRunner(session, device)

    def run(self, feed: Mapping[str, NDArray[Any]]) -> Mapping[str, float]:
        """Place the feed, run, and fetch the outputs; return the ms of each. Raises RuntimeRefused with a clean line."""
        if self._bound is None:
            raise RuntimeRefused("it is closed")
        found = self._bound.run(feed)
        return {"transfer in": found.transfer_in_ms, "compute": found.compute_ms, "transfer out": found.transfer_out_ms}

    def close(self) -> None:
        """Let go of the session and of what it holds on the device."""
        self._bound = None
        super().close()


def open_timed(path: str, threads: int, device: str) -> TimedSession:
    """Return a session as a server would have it: the runtime's defaults, but for threads other than 0. Raises RuntimeRefused.

    Only in how threads wait do the defaults differ from the sessions of the rest of the program: they spin.
    """
    start = time.perf_counter_ns()
    session = make_session(path, threads, device=device, serving=True)
    creation_ms, note = _since(start), _threads_note(threads)
    if device == "cpu":
        return TimedSession(session, creation_ms, (note,))
    return _on_accelerator(session, creation_ms, device, note)


def _on_accelerator(session: InferenceSession, creation_ms: float, device: str, note: str) -> TimedSession:
    """Return a session whose transfers are timed apart, unless it takes what cannot be bound to a device."""
    from inspector.runtimes.onnx_runtime.cuda_runs import cannot_be_bound

    if obstacle := cannot_be_bound(session):
        return TimedSession(session, creation_ms, (note, f"transfers and computing are not told apart: {obstacle}"))
    how = f"inputs and outputs are bound to the {device} device; a run waits until its outputs are back on the host"
    return TimedBoundSession(session, creation_ms, device, (note, how))


def open_quiet(path: str, threads: int) -> TimedSession:
    """Return a session that leaves others in the same process alone: its threads do not spin. Raises RuntimeRefused."""
    start = time.perf_counter_ns()
    session = make_session(path, threads)
    return TimedSession(session, _since(start), ())


def _since(start: int) -> float:
    return (time.perf_counter_ns() - start) / 1e6


def _threads_note(threads: int) -> str:
    if threads == 1:
        return "a session with the runtime's own defaults, but for one intra-op thread"
    count = f"{threads} intra-op threads" if threads else f"as many intra-op threads as it chooses ({usable_threads()} here)"
    return f"a session with the runtime's own defaults and {count}; they spin while they wait for work"


def _closed(*_: object) -> None:
    raise RuntimeRefused("it is closed")
