"""How a session is made and run: the one place that knows. On the child's side only: onnxruntime is imported here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from inspector.errors import OperationFailed
from inspector.isolation.control_groups import granted
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.messages import refusal_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession, SessionOptions

Optimization = Literal["all", "extended", "basic", "none"]

_LEVELS: Final = {
    "all": "ORT_ENABLE_ALL",
    "extended": "ORT_ENABLE_EXTENDED",
    "basic": "ORT_ENABLE_BASIC",
    "none": "ORT_DISABLE_ALL",
}
_FATAL: Final = 4
_ELEMENT_TYPES: Final = {"float": "float32", "double": "float64"}
"""The names the runtime has for element types, where they are not ONNX's."""
CUDA_PROVIDER: Final = "CUDAExecutionProvider"
_DEVICE_FULL: Final = ("out of memory", "failed to allocate memory", "cuda_error_out_of_memory", "cublas_status_alloc_failed")


class RuntimeRefused(OperationFailed):
    """The runtime said no, in an orderly way: to the model, or to a feed; a crash is isolation's ChildFailed."""


def make_session(
    path: str,
    threads: int = 0,
    *,
    optimization: Optimization = "all",
    optimized_path: str | None = None,
    profile_prefix: str | None = None,
    arena: bool = True,
    device: str = "cpu",
    serving: bool = False,
) -> InferenceSession:
    """Return a session for the model at an absolute path on device "cpu" or "cuda", which it never leaves silently.

    threads 0: as many as the physical cores it may use. Threads do not spin while they wait, so that sessions side by side do
    not disturb each other, and sums are taken in the same order every time. serving: all of that as the runtime does it by
    default, threads 0 included, since that is what a server would have. arena False gives memory back after every run. A
    process that uses CUDA needs address space without a limit (devices.memory_limit()). Raises RuntimeRefused with one clean
    line.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(_FATAL)
    options = _plain_options(threads) if serving else _quiet_options(threads)
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, _LEVELS[optimization])
    options.enable_cpu_mem_arena = arena
    if optimized_path is not None:
        options.optimized_model_filepath = optimized_path
    if profile_prefix is not None:
        options.enable_profiling = True
        options.profile_file_prefix = profile_prefix
    if device == "cuda":
        from inspector.runtimes.onnx_runtime.cuda_provider import cuda_session

        return cuda_session(path, options, serving)
    return open_session(path, options, ["CPUExecutionProvider"])


def _plain_options(threads: int) -> SessionOptions:
    """Return the runtime's own defaults, but for what it logs and, where given, the number of threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    if threads:
        options.intra_op_num_threads = threads
    return options


def _quiet_options(threads: int) -> SessionOptions:
    """Return options under which sessions leave each other alone and do the same thing every time."""
    import onnxruntime

    options = _plain_options(threads or usable_threads())
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return options


def open_session(path: str, options: SessionOptions, providers: Sequence[Any]) -> InferenceSession:
    """Return a session with exactly these options and providers. Raises RuntimeRefused with one clean line."""
    import onnxruntime

    try:
        # The runtime's own fall-back prints, and starts over without the provider that failed.
        return onnxruntime.InferenceSession(os.fspath(path), options, providers=list(providers), enable_fallback=0)
    except MemoryError:
        raise
    except Exception as error:  # the runtime's exceptions share no base class
        raise _refused("the runtime cannot load it", error, _is_cuda(providers)) from None


def run_session(session: InferenceSession, feed: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None) -> list[Any]:
    """Return what the session gives for a feed (outputs None: all of them). Raises RuntimeRefused with one clean line."""
    try:
        return list(session.run(None if outputs is None else list(outputs), dict(feed)))
    except MemoryError:
        raise
    except Exception as error:
        raise refused_run(session, error) from None


def refused_run(session: InferenceSession, error: Exception) -> RuntimeRefused:
    """Return why a run failed as one clean line; raises MemoryError where it was for want of this process's memory."""
    if isinstance(error, MemoryError):
        raise error
    return _refused("the runtime cannot run it", error, _is_cuda(session.get_providers()))


def fitted_feed(session: InferenceSession, feed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return what a session takes of a feed that was made for another version of the model: fewer inputs, other float types."""
    from inspector.runtimes.feed_fitting_child import fitted

    return fitted(feed, session_inputs(session))


def session_inputs(session: InferenceSession) -> tuple[TensorSpec, ...]:
    """Return the inputs as the runtime sees them, by their raw names; see spec_of()."""
    return tuple(spec_of(argument) for argument in session.get_inputs())


def session_outputs(session: InferenceSession) -> tuple[TensorSpec, ...]:
    """Return the outputs as the runtime sees them, by their raw names; see spec_of()."""
    return tuple(spec_of(argument) for argument in session.get_outputs())


def spec_of(argument: Any) -> TensorSpec:
    """Return the runtime's NodeArg as ours; what is no tensor keeps the runtime's type ("seq(tensor(float))") as dtype.

    The runtime gives the shape () to scalars and to tensors of unknown rank alike.
    """
    kind = str(argument.type)
    if kind.startswith("tensor(") and kind.endswith(")"):
        element = kind[len("tensor(") : -1]
        shape = tuple(dim if isinstance(dim, int | str) else None for dim in argument.shape or ())
        return TensorSpec(str(argument.name), _ELEMENT_TYPES.get(element, element), shape)
    return TensorSpec(str(argument.name), kind, None)


@cache
def usable_threads() -> int:
    """Return how many threads a session should have: physical cores, the process's affinity, a container's quota."""
    import psutil

    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    physical = psutil.cpu_count(logical=False) or affinity
    quota = granted().cpu_quota
    return max(1, min(affinity, physical, int(quota) if quota is not None else affinity))


def _is_cuda(providers: Sequence[Any]) -> bool:
    """Whether the first provider of a session, given with its options or without, is the one for CUDA."""
    first = providers[0] if providers else ""
    return (first[0] if isinstance(first, tuple) else first) == CUDA_PROVIDER


def _refused(what: str, error: Exception, cuda: bool = False) -> RuntimeRefused:
    """Return the refusal as one line; where it was for want of memory, as MemoryError, which a child reports as such.

    Of the device's memory a child has no limit, so that is told as what it is.
    """
    text = refusal_text(error)
    lowered = text.lower()
    if cuda and any(words in lowered for words in _DEVICE_FULL):
        return RuntimeRefused(f"{what}: the GPU has too little memory for it: {text}", "free some, or use --device cpu")
    if "bad_alloc" in lowered or "failed to allocate memory" in lowered or "bad_array_new_length" in lowered:
        raise MemoryError(text)
    return RuntimeRefused(f"{what}: {text}")
