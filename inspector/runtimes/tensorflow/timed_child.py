"""A SavedModel as the timing loop runs it: opened once, run many times. In children only: TensorFlow is imported here."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence

from inspector.runtimes.tensorflow.loaders import Loader
from inspector.runtimes.tensorflow.loading_child import import_tensorflow, load_signature
from inspector.runtimes.timed_signature import TimedSignature

with contextlib.suppress(ImportError):  # said when something is to be opened
    import tensorflow  # noqa: F401 - so that importing it is not part of what is timed


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
