"""One start of LiteRT with a .tflite file, in a fresh process, as a server makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import ColdStart
from inspector.records.event import Steps
from inspector.records.measurement import CacheState
from inspector.runtimes.litert.availability import installed_package, not_installed, require_litert
from inspector.runtimes.litert.child_environment import quiet_environment
from inspector.runtimes.litert.messages import refusal
from inspector.runtimes.onnx_runtime.feeds import sample_path
from inspector.runtimes.start import RuntimeStart, StartSettings, start_runtime

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings

PHASES: Final = ("imports", "load", "first run", "warm-up")
_PROGRAM: Final = str(Path(__file__).with_name("start_probe_child.py"))
_MODULES: Final = ("'ai_edge_litert'", "'tensorflow'")
_NO_RENAMES: Final[Mapping[str, str]] = {}


def start_tflite(
    path: str,
    signature: str,
    inputs: InputSet,
    threads: int,
    cache: CacheState | None,
    cpus: float | None,
    settings: StartSettings,
    cancel: CancelToken | None,
    *,
    renamed: Mapping[str, str] = _NO_RENAMES,
) -> Steps[ColdStart]:
    """Start LiteRT with a .tflite file once and return its phases: spawn, interpreter, imports, read, load (which makes the
    interpreter and allocates its tensors), first run, warm-up; see start_runtime().

    The first sample of inputs is what the signature ("": the default one) is called with; renamed holds what the file
    calls an input, by its name there. threads 0 leaves their number to LiteRT, which takes one. A start that fails is a
    ColdStart that says why. Raises UsageError where LiteRT is not installed, ChildFailed where it was cancelled.
    """
    if not settings.interpreter:
        require_litert()
    if inputs.count < 1:
        return ColdStart(0.0, failure="there is no input to run it with")
    absolute = str(Path(path).absolute())
    request = {
        "package": installed_package() or "ai_edge_litert",
        "path": absolute,
        "signature": signature,
        "threads": threads,
        "feed": str(sample_path(inputs.folder, 0).absolute()),
        "names": [renamed.get(name, name) for name in inputs.names],
    }
    files = tuple(str(Path(file).absolute()) for file in settings.files) or (absolute,)
    title = f"starting {plain_line(Path(path).name, 80)}"
    start = RuntimeStart(_PROGRAM, PHASES, request, files, title, _explained, quiet_environment())
    return (yield from start_runtime(start, cache, cpus, settings, cancel))


def tflite_starter(
    path: str,
    signature: str,
    inputs: InputSet,
    threads: int,
    settings: OptimizeSettings,
    renamed: Mapping[str, str] = _NO_RENAMES,
) -> Callable[[CacheState | None, float | None, CancelToken | None], Steps[ColdStart]]:
    """Return what starts the file once, given the cache's state, the processors granted and who may cancel."""
    limits = StartSettings(settings.memory_bytes, settings.step_seconds)

    def start(cache: CacheState | None, cpus: float | None, cancel: CancelToken | None) -> Steps[ColdStart]:
        return start_tflite(path, signature, inputs, threads, cache, cpus, limits, cancel, renamed=renamed)

    return start


def _explained(name: str, message: str) -> str:
    """Return why LiteRT did not start, as one clean line."""
    if name == "ModuleNotFoundError" and message.endswith(_MODULES):
        return str(not_installed())
    if name in ("ModuleNotFoundError", "ImportError"):
        return plain_line(f"LiteRT cannot be imported: {message}")
    if name == "KeyError":
        return plain_line(f"it has no signature or input {message}")
    return refusal(RuntimeError(message or name)).text
