"""How a CPU session is made and run: the one place that knows. On the child's side only: onnxruntime is imported here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from inspector.errors import OperationFailed
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.messages import refusal_text

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession

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
_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


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
) -> InferenceSession:
    """Return a CPU session for the model at an absolute path. threads 0: as many as the physical cores it may use.

    Threads do not spin while they wait, so that sessions side by side do not disturb each other. arena False gives memory
    back after every run. Raises RuntimeRefused with one clean line.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(_FATAL)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = threads or usable_threads()
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, _LEVELS[optimization])
    options.use_deterministic_compute = True
    options.enable_cpu_mem_arena = arena
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    if optimized_path is not None:
        options.optimized_model_filepath = optimized_path
    if profile_prefix is not None:
        options.enable_profiling = True
        options.profile_file_prefix = profile_prefix
    try:
        return onnxruntime.InferenceSession(os.fspath(path), options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as error:  # the runtime's exceptions share no base class
        raise _refused("the runtime cannot load it", error) from None


def run_session(session: InferenceSession, feed: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None) -> list[Any]:
    """Return what the session gives for a feed (outputs None: all of them). Raises RuntimeRefused with one clean line."""
    try:
        return list(session.run(None if outputs is None else list(outputs), dict(feed)))
    except MemoryError:
        raise
    except Exception as error:
        raise _refused("the runtime cannot run it", error) from None


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
    return max(1, min(affinity, physical, _quota_cores() or affinity))


def _quota_cores() -> int | None:
    """Return the whole cores that a Linux control group grants, None where it grants all of them."""
    try:
        quota, period = _QUOTA.read_text(encoding="ascii").split()
        return max(1, int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None


def _refused(what: str, error: Exception) -> RuntimeRefused:
    """Return the refusal as one line; where it was for want of memory, as MemoryError, which a child reports as such."""
    text = refusal_text(error)
    lowered = text.lower()
    if "bad_alloc" in lowered or "failed to allocate memory" in lowered or "bad_array_new_length" in lowered:
        raise MemoryError(text)
    return RuntimeRefused(f"{what}: {text}")
