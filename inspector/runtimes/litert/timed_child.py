"""A .tflite file as the timing loop runs it: opened once, run many times. In children only: LiteRT is imported here."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inspector.errors import InspectorError, UsageError
from inspector.records.tensor import TensorSpec
from inspector.runtimes.litert.interpreters_child import import_litert
from inspector.runtimes.litert.loading_child import load_signature
from inspector.runtimes.loaded_signature import LoadedSignature
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused

with contextlib.suppress(InspectorError):  # said when something is to be opened
    import_litert()  # so that importing it is not part of what is timed

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TimedSignature:
    """One signature of a .tflite file that is loaded, its tensors allocated, and the ms that took.

    A run goes from numpy arrays to numpy arrays, which are copies: what a server that calls the interpreter pays, too.
    """

    def __init__(self, loaded: LoadedSignature, creation_ms: float, notes: tuple[str, ...]) -> None:
        self.creation_ms = creation_ms
        self.inputs: tuple[TensorSpec, ...] = loaded.inputs
        self.notes = (*notes, *loaded.notes)
        self._run = loaded.run

    def run(self, feed: Mapping[str, NDArray[Any]]) -> None:
        """Run it on numpy arrays by raw input name; its outputs are numpy arrays when this returns. Raises RuntimeRefused."""
        self._run(feed)

    def close(self) -> None:
        """Let go of it."""
        self._run = _closed
        gc.collect()


def open_timed(path: str, threads: int, device: str, signature: str = "") -> TimedSignature:
    """Return a signature ("": the default one) of a .tflite file, on "cpu".

    threads 0: as many as LiteRT has by default, one. Raises RuntimeRefused with one line where LiteRT refuses it, UsageError
    where there is no such signature, no LiteRT, or for another device, MemoryError.
    """
    if device != "cpu":
        raise UsageError("LiteRT runs on the CPU", "leave --device out")
    import_litert()
    start = time.perf_counter_ns()
    loaded = load_signature(path, signature, threads)
    return TimedSignature(loaded, (time.perf_counter_ns() - start) / 1e6, (_threads_note(threads),))


def open_quiet(path: str, threads: int, signature: str = "") -> TimedSignature:
    """Return the same: threads of LiteRT do not spin while they wait for work."""
    return open_timed(path, threads, "cpu", signature)


def _threads_note(threads: int) -> str:
    count = f"{threads}" if threads else "LiteRT's default, one"
    return f"threads: {count}; a run goes from numpy arrays to numpy arrays"


def _closed(_: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    raise RuntimeRefused("it is closed")
