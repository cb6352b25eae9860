"""A SavedModel as the timing loop runs it: opened once, run many times. In children only: TensorFlow is imported here."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from inspector.records.tensor import TensorSpec
from inspector.runtimes.loaded_signature import LoadedSignature
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused
from inspector.runtimes.tensorflow.loaders import Loader
from inspector.runtimes.tensorflow.loading_child import import_tensorflow, load_signature

with contextlib.suppress(ImportError):  # said when something is to be opened
    import tensorflow  # noqa: F401 - so that importing it is not part of what is timed

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TimedSignature:
    """One signature of a SavedModel that is loaded, and the ms that took, TensorFlow being imported already.

    A run goes from numpy arrays to numpy arrays: what a server pays, too, which copies each request into tensors and results
    out of them. On a graphics card it holds both transfers, and waits for the last one.
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
        """Let go of it; what is loaded refers to itself, so that only a collection frees it."""
        self._run = _closed
        gc.collect()


def open_timed(
    path: str, threads: int, device: str, signature: str = "", tags: Sequence[str] = (), loader: Loader = "auto"
) -> TimedSignature:
    """Return a signature ("": the default one) of the SavedModel in a folder, on "cpu" or "cuda"; see load_signature().

    All SavedModels of a process have the threads that the first one is opened with (0: as TensorFlow chooses). Raises
    OperationFailed with one line where TensorFlow refuses it, UsageError where there is no such signature, no TensorFlow or no
    graphics card, MemoryError.
    """
    import_tensorflow(threads, device)
    start = time.perf_counter_ns()
    loaded = load_signature(path, signature, tags, loader, device)
    return TimedSignature(loaded, (time.perf_counter_ns() - start) / 1e6, (_threads_note(threads),))


def _threads_note(threads: int) -> str:
    count = f"{threads}" if threads else "as many as TensorFlow chooses"
    return f"threads within and between operators: {count}; a run goes from numpy arrays to numpy arrays"


def _closed(_: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    raise RuntimeRefused("it is closed")
