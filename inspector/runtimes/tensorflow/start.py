"""One start of TensorFlow with a SavedModel, in a fresh process, as a server makes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import ColdStart
from inspector.records.event import Steps
from inspector.records.measurement import CacheState
from inspector.records.runnable import Runnable
from inspector.runtimes.onnx_runtime.feeds import sample_path
from inspector.runtimes.start import RuntimeStart, StartSettings, start_runtime
from inspector.runtimes.tensorflow.availability import not_installed, require_tensorflow
from inspector.runtimes.tensorflow.child_environment import quiet_environment
from inspector.runtimes.tensorflow.loaders import DEFAULT_SIGNATURE, SERVE_TAGS, SESSION_NOTE, Loader
from inspector.runtimes.tensorflow.messages import refusal_text
from inspector.runtimes.tensorflow.saved_model_files import saved_model_files
from inspector.runtimes.tensorflow.served import call_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.runtimes.tensorflow.served import ServedSignature

PHASES: Final = ("imports", "load", "first call", "warm-up")
_PROGRAM: Final = str(Path(__file__).with_name("start_probe_child.py"))
_DEVICES: Final = ("cpu", "cuda")


def start_saved_model(
    path: str,
    signature: str,
    inputs: InputSet,
    device: str,
    threads: int,
    cache: CacheState | None,
    cpus: float | None,
    settings: StartSettings,
    cancel: CancelToken | None,
    *,
    tags: Sequence[str] = (),
    loader: Loader = "objects",
) -> Steps[ColdStart]:
    """Start TensorFlow with the SavedModel in a folder once and return its phases: spawn, interpreter, imports, read (its
    definition, variables and assets), load, first call (which traces and initializes), warm-up; see start_runtime().

    The first sample of inputs is what the signature ("": the default one) is called with; a call ends when its outputs are
    numpy arrays. threads 0 leaves their number to TensorFlow, which counts processors and not quotas. tags and loader are as
    served_signature() tells them. A start that fails is a ColdStart that says why. Raises UsageError where TensorFlow is not
    installed, ChildFailed where it was cancelled.
    """
    if not settings.interpreter:
        require_tensorflow()
    if inputs.count < 1:
        return ColdStart(0.0, failure="there is no input to call it with")
    if device not in _DEVICES:
        return ColdStart(0.0, failure=f"there is no device {plain_line(device, 40)}")
    absolute = str(Path(path).absolute())
    request = {
        "path": absolute,
        "tags": list(tags or (SERVE_TAGS if loader == "session" else ())),
        "signature": signature or DEFAULT_SIGNATURE,
        "threads": threads,
        "loader": loader,
        "device": device,
        "feed": str(sample_path(inputs.folder, 0).absolute()),
        "names": list(inputs.names),
    }
    files = tuple(str(Path(file).absolute()) for file in settings.files) or saved_model_files(absolute)
    if device == "cuda":  # a CUDA context maps many times the memory of the machine
        settings = replace(settings, memory_bytes=None)
    title = f"starting {plain_line(Path(path).name, 80)}"
    start = RuntimeStart(_PROGRAM, PHASES, request, files, title, _explained, quiet_environment(device))
    found = yield from start_runtime(start, cache, cpus, settings, cancel)
    return replace(found, notes=(*found.notes, SESSION_NOTE)) if loader == "session" and not found.failure else found


def signature_starter(
    served: ServedSignature, inputs: InputSet, device: str, threads: int, settings: OptimizeSettings
) -> Callable[[CacheState | None, float | None, CancelToken | None], Steps[ColdStart]]:
    """Return what starts the signature once, given the cache's state, the processors granted and who may cancel."""
    return call_starter(call_of(served), inputs, device, threads, settings)


def call_starter(
    call: Runnable, inputs: InputSet, device: str, threads: int, settings: OptimizeSettings
) -> Callable[[CacheState | None, float | None, CancelToken | None], Steps[ColdStart]]:
    """Return the same for a Runnable."""
    limits = StartSettings(settings.memory_bytes, settings.step_seconds)
    path, name, tags, loader = call.path, call.signature, call.tags, call.loader

    def start(cache: CacheState | None, cpus: float | None, cancel: CancelToken | None) -> Steps[ColdStart]:
        return start_saved_model(path, name, inputs, device, threads, cache, cpus, limits, cancel, tags=tags, loader=loader)

    return start


def _explained(name: str, message: str) -> str:
    """Return why TensorFlow did not start, as one clean line."""
    if name == "ModuleNotFoundError" and message.endswith("'tensorflow'"):
        return str(not_installed())
    if name in ("ModuleNotFoundError", "ImportError"):
        return plain_line(f"TensorFlow cannot be imported: {message}")
    if name == "KeyError":
        return plain_line(f"it has no signature or input {message}")
    return refusal_text(RuntimeError(message or name))
