"""What a start of ONNX Runtime has of its own; runtimes/start_probe.py runs this file in a process of its own.

It imports numpy and onnxruntime only. The request holds, beside what every start has:

    path, threads, optimization   absolute path; threads of the session (0: the runtime's choice); a GraphOptimizationLevel
    provider                      the execution provider that the session must have
    feed, names                   path of the .npz of one feed by position, and the names of its inputs in that order
"""

from __future__ import annotations

from typing import Any

Request = dict[str, Any]

_CPU = "CPUExecutionProvider"
_ERROR = 3
_FATAL = 4
_MOST_BYTES = 1500


class ProviderMissing(Exception):
    """The session would run elsewhere than it was told; what the runtime printed of it is the message."""


def load_runtime(request: Request) -> Any:
    """Import what is needed to serve."""
    import numpy  # noqa: F401
    import onnxruntime

    if request["provider"] != _CPU and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    return onnxruntime


def open_artifact(runtime: Any, request: Request) -> Any:
    """Create the session as a server would: the options of sessions.make_session(serving=True)."""
    provider = request["provider"]
    runtime.set_default_logger_severity(_FATAL if provider == _CPU else _ERROR)
    options = runtime.SessionOptions()
    options.log_severity_level = _FATAL
    if request["threads"]:
        options.intra_op_num_threads = request["threads"]
    options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, request["optimization"])
    if provider == _CPU:
        return runtime.InferenceSession(request["path"], options, providers=[_CPU])
    if provider not in runtime.get_available_providers():
        raise ProviderMissing("")
    return _on_device(runtime, options, request["path"], provider)


def _on_device(runtime: Any, options: Any, path: str, provider: str) -> Any:
    """Return a session that has the provider; what is printed meanwhile says why there is none."""
    import os

    said, kept = os.memfd_create("standard error"), os.dup(2)
    os.dup2(said, 2)
    try:
        session = runtime.InferenceSession(path, options, providers=[provider, _CPU], enable_fallback=0)
    finally:
        os.dup2(kept, 2)
    if provider not in session.get_providers():
        raise ProviderMissing(os.pread(said, _MOST_BYTES, 0).decode("utf-8", "replace"))
    return session


def read_feed(_runtime: Any, session: Any, request: Request) -> dict[str, Any]:
    """Return the feed, less what the session does not take."""
    import numpy

    taken = {argument.name for argument in session.get_inputs()}
    with numpy.load(request["feed"], allow_pickle=False) as archive:
        arrays = {name: archive[str(place)] for place, name in enumerate(request["names"]) if name in taken}
    return {name: array.astype(object) if array.dtype.kind in "US" else array for name, array in arrays.items()}


def run(session: Any, feed: dict[str, Any]) -> None:
    """Run once; the outputs are numpy arrays when this returns, wherever they were made."""
    session.run(None, feed)
