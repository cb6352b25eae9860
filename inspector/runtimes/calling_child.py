"""Opens what can be called, whichever runtime runs it: the one place that knows all of them. In children only."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inspector.records.runnable import Runnable
from inspector.runtimes.feed_fitting_child import fitted
from inspector.runtimes.loaded_signature import LoadedSignature
from inspector.runtimes.onnx_runtime.output_values import as_array

if TYPE_CHECKING:
    from numpy.typing import NDArray


def open_runnable(runnable: Runnable, threads: int = 0, device: str = "cpu") -> LoadedSignature:
    """Load what a Runnable names on "cpu" or "cuda"; its outputs are named as the original's signature names them.

    A feed may hold more inputs than it takes, and floats of another width. threads 0: as the runtime's other children have
    it. Raises RuntimeRefused with one clean line, UsageError where the runtime is not installed or has no such signature,
    MemoryError.
    """
    if runnable.runtime == "tensorflow":
        return _fitting(_named_as_before(_tensorflow_signature(runnable, threads, device), runnable.renamed))
    if runnable.runtime == "litert":
        from inspector.runtimes.litert.loading_child import load_signature

        return _fitting(load_signature(runnable.path, runnable.signature, threads, runnable.renamed))
    return _fitting(_named_as_before(_onnx_model(runnable.path, threads, device), runnable.renamed))


def import_runtime(runnable: Runnable, threads: int = 0) -> None:
    """Import the runtime, so that importing it is no part of what is timed; raises UsageError where it is not installed."""
    if runnable.runtime == "tensorflow":
        from inspector.runtimes.tensorflow.loading_child import import_tensorflow

        import_tensorflow(threads)
    elif runnable.runtime == "litert":
        import inspector.runtimes.litert.timed_child  # noqa: F401
    else:
        import onnxruntime  # noqa: F401


def seed_randomness(runnable: Runnable, seed: int) -> None:
    """Seed the random operators that bring no seed of their own, of what is opened from now on.

    ONNX Runtime has one seed for a process; TensorFlow and LiteRT draw one anew whenever something is loaded.
    """
    if runnable.runtime == "onnxruntime":
        import onnxruntime

        onnxruntime.set_seed(seed)
    gc.collect()


def _tensorflow_signature(runnable: Runnable, threads: int, device: str) -> LoadedSignature:
    from inspector.runtimes.tensorflow.loading_child import import_tensorflow, load_signature

    import_tensorflow(threads, device)
    return load_signature(runnable.path, runnable.signature, runnable.tags, runnable.loader, device)


def _onnx_model(path: str, threads: int, device: str) -> LoadedSignature:
    from inspector.runtimes.onnx_runtime.sessions import make_session, run_session, session_inputs, session_outputs

    session = make_session(path, threads, device=device)
    outputs = session_outputs(session)

    def run(feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return run_session(session, feed)

    return LoadedSignature("", session_inputs(session), tuple(one.name for one in outputs), run, (), outputs)


def _named_as_before(loaded: LoadedSignature, renamed: Mapping[str, str]) -> LoadedSignature:
    """Return it with its outputs under the original's names."""
    ours = {there: name for name, there in renamed.items()}
    specs = tuple(replace(spec, name=ours.get(spec.name, spec.name)) for spec in loaded.output_specs)
    return replace(loaded, outputs=tuple(ours.get(name, name) for name in loaded.outputs), output_specs=specs)


def _fitting(loaded: LoadedSignature) -> LoadedSignature:
    """Return it with feeds fitted to what it takes, and whatever it gives as arrays that can be kept and compared."""
    inputs, run_fitted = loaded.inputs, loaded.run

    def run(feed: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return [as_array(one) for one in run_fitted(fitted(feed, inputs))]

    return replace(loaded, run=run)
