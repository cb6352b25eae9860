"""One start of ONNX Runtime with a model, in a fresh process, as a server makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import ColdStart
from inspector.records.event import Steps
from inspector.records.measurement import CacheState
from inspector.runtimes.onnx_runtime.child_environment import WITHOUT_TELEMETRY
from inspector.runtimes.onnx_runtime.feeds import sample_path
from inspector.runtimes.onnx_runtime.messages import refusal_text
from inspector.runtimes.onnx_runtime.sessions import CUDA_PROVIDER, Optimization
from inspector.runtimes.onnx_runtime.start_files import model_files
from inspector.runtimes.start import RuntimeStart, StartSettings, start_runtime

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings

__all__ = ["PHASES", "StartSettings", "model_starter", "start_model"]

PHASES: Final = ("imports", "session", "first run", "warm-up")
_PROGRAM: Final = str(Path(__file__).with_name("start_probe_child.py"))
_LEVELS: Final = {
    "all": "ORT_ENABLE_ALL",
    "extended": "ORT_ENABLE_EXTENDED",
    "basic": "ORT_ENABLE_BASIC",
    "none": "ORT_DISABLE_ALL",
}
_PROVIDERS: Final = {"cuda": CUDA_PROVIDER, "cpu": "CPUExecutionProvider"}


def start_model(
    path: str,
    inputs: InputSet,
    device: str,
    threads: int,
    cache: CacheState | None,
    cpus: float | None,
    settings: StartSettings,
    cancel: CancelToken | None,
    *,
    optimization: Optimization = "all",
) -> Steps[ColdStart]:
    """Start ONNX Runtime with the model at path once and return its phases: spawn, interpreter, imports, read, session,
    first run, warm-up; see start_runtime().

    The first sample of inputs is what it runs on. The session has the runtime's own defaults, as that of a server, but
    for threads other than 0 and the level of optimization it asks for. device "cuda": it must have that provider, or the start
    fails. A start that fails is a ColdStart that says why. Raises ChildFailed where it was cancelled.
    """
    if inputs.count < 1:
        return ColdStart(0.0, failure="there is no input to run it with")
    if device not in _PROVIDERS:
        return ColdStart(0.0, failure=f"there is no device {plain_line(device, 40)}")
    absolute = str(Path(path).absolute())
    request = {
        "path": absolute,
        "threads": threads,
        "optimization": _LEVELS[optimization],
        "provider": _PROVIDERS[device],
        "feed": str(sample_path(inputs.folder, 0).absolute()),
        "names": list(inputs.names),
    }
    files = tuple(str(Path(file).absolute()) for file in settings.files) or model_files(absolute)
    title = f"starting {plain_line(Path(path).name, 80)}"
    if device == "cuda":  # a CUDA context maps many times the memory of the machine
        settings = replace(settings, memory_bytes=None)
    start = RuntimeStart(_PROGRAM, PHASES, request, files, title, _explained, WITHOUT_TELEMETRY)
    return (yield from start_runtime(start, cache, cpus, settings, cancel))


def model_starter(
    path: str, inputs: InputSet, device: str, threads: int, settings: OptimizeSettings
) -> Callable[[CacheState | None, float | None, CancelToken | None], Steps[ColdStart]]:
    """Return what starts the model at path once, given the cache's state, the processors granted and who may cancel."""
    limits = StartSettings(settings.memory_bytes, settings.step_seconds)

    def start(cache: CacheState | None, cpus: float | None, cancel: CancelToken | None) -> Steps[ColdStart]:
        return start_model(path, inputs, device, threads, cache, cpus, limits, cancel)

    return start


def _explained(name: str, message: str) -> str:
    """Return why the runtime did not start, as one clean line."""
    if name in ("ModuleNotFoundError", "ImportError"):
        return plain_line(f"the runtime cannot be imported: {message}")
    if name == "ProviderMissing":
        from inspector.runtimes.onnx_runtime.cuda_provider import provider_failure

        why = provider_failure(message) if message else "the installed ONNX Runtime has none"
        return f"the CUDA provider cannot be used: {why}"
    return refusal_text(RuntimeError(message or name))
