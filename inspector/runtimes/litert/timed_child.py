"""A .tflite file as the timing loop runs it: opened once, run many times. In children only: LiteRT is imported here."""

from __future__ import annotations

import contextlib
import time

from inspector.errors import InspectorError, UsageError
from inspector.runtimes.litert.interpreters_child import import_litert
from inspector.runtimes.litert.loading_child import load_signature
from inspector.runtimes.timed_signature import TimedSignature

with contextlib.suppress(InspectorError):  # said when something is to be opened
    import_litert()  # so that importing it is not part of what is timed


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
