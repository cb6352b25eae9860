"""What starts anything that can be called in a fresh process, with the runtime that runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from inspector.records.benchmark import ColdStart
from inspector.records.event import Steps
from inspector.records.measurement import CacheState
from inspector.records.runnable import Runnable

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings

    Starter = Callable[[CacheState | None, float | None, CancelToken | None], Steps[ColdStart]]


def starter_of(call: Runnable, inputs: InputSet, device: str, threads: int, settings: OptimizeSettings) -> Starter:
    """Return what starts it once and calls it, given the cache's state, the processors granted and who may cancel.

    threads 0: as many as its runtime chooses by itself, as a server that sets nothing has it.
    """
    if call.runtime == "tensorflow":
        from inspector.runtimes.tensorflow.start import call_starter

        return call_starter(call, inputs, device, threads, settings)
    if call.runtime == "litert":
        from inspector.runtimes.litert.start import tflite_starter

        return tflite_starter(call.path, call.signature, inputs, threads, settings)
    from inspector.runtimes.onnx_runtime.start import model_starter

    return model_starter(call.path, inputs, device, threads, settings)
