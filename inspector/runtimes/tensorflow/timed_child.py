"""A SavedModel as the latency loop times it: opened once, run many times. On the child's side only: imports TensorFlow."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused
from inspector.runtimes.tensorflow.loading_child import LoadedSignature, import_tensorflow, load_signature

if TYPE_CHECKING:
    from numpy.typing import NDArray


class TimedSignature:
    """One signature of a SavedModel that is loaded and ready to be timed.

    A run is timed from numpy arrays to numpy arrays: what a server pays, too, which copies each request into tensors and its
    results out of them; on a graphics card it holds both transfers, and waits for the last one.
    """

    def __init__(self, loaded: LoadedSignature, creation_ms: float) -> None:
        self._loaded = loaded
        self._run = loaded.run
        self.creation_ms = creation_ms
        """Time to load it, TensorFlow being imported already; the first call traces and is not part of it."""
        self.names = tuple(spec.name for spec in loaded.inputs)
        self.notes = loaded.notes

    def run(self, feed: Mapping[str, NDArray[Any]]) -> None:
        """Run it on numpy arrays by input name and wait until all outputs are there. Raises RuntimeRefused in one line."""
        self._run(feed)

    @property
    def batchable(self) -> bool:
        """Whether the first dimension of every input is open."""
        return bool(self._loaded.inputs) and all(_open_first(spec) for spec in self._loaded.inputs)

    def close(self) -> None:
        """Let go of the SavedModel; what it holds is freed once nothing refers to it."""
        self._loaded = LoadedSignature("", (), (), _closed)
        self._run = _closed


def open_timed(path: str, threads: int, device: str, signature: str) -> TimedSignature:
    """Load a SavedModel for timing: signature by name ("": the default one), device "cpu" or "cuda".

    All SavedModels of a process share the threads that the first one is opened with. Raises OperationFailed with one line where
    TensorFlow refuses it, UsageError where there is no such signature, no TensorFlow or no graphics card.
    """
    import_tensorflow(threads, device)
    start = time.perf_counter_ns()
    loaded = load_signature(path, signature, device=device)
    return TimedSignature(loaded, (time.perf_counter_ns() - start) / 1e6)


def _open_first(spec: TensorSpec) -> bool:
    return spec.shape is None or (len(spec.shape) > 0 and spec.shape[0] is None)


def _closed(_: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    raise RuntimeRefused("it is closed")
