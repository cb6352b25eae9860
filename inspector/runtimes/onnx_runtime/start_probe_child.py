"""What a start of ONNX Runtime has of its own; runtimes/start_probe.py runs this file in a process of its own.

It imports numpy and onnxruntime only. The request holds, beside what every start has:

    path, threads, optimization   absolute path; threads of the session; the name of a GraphOptimizationLevel
    providers                     execution providers, the wanted one first, which the session must have
    feed, names                   path of the .npz of one feed by position, and the names of its inputs in that order
"""

from __future__ import annotations

from typing import Any

Request = dict[str, Any]


def load_runtime(request: Request) -> Any:
    """Import what is needed to serve."""
    import numpy  # noqa: F401
    import onnxruntime

    if request["providers"][0] == "CUDAExecutionProvider" and hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()
    return onnxruntime


def open_artifact(runtime: Any, request: Request) -> Any:
    """Create the session, with the options that sessions.make_session() gives it."""
    runtime.set_default_logger_severity(4)
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = request["threads"]
    options.inter_op_num_threads = 1
    options.execution_mode = runtime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, request["optimization"])
    options.use_deterministic_compute = True
    options.enable_cpu_mem_arena = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    session = runtime.InferenceSession(request["path"], options, providers=request["providers"])
    wanted, has = request["providers"][0], session.get_providers()
    if wanted not in has:
        raise RuntimeError(f"the session has no {wanted}: it fell back to {', '.join(has)}")
    return session


def read_feed(_runtime: Any, session: Any, request: Request) -> dict[str, Any]:
    """Return the feed, less what the session does not take."""
    import numpy

    taken = {argument.name for argument in session.get_inputs()}
    with numpy.load(request["feed"], allow_pickle=False) as archive:
        arrays = {name: archive[str(place)] for place, name in enumerate(request["names"]) if name in taken}
    return {name: array.astype(object) if array.dtype.kind in "US" else array for name, array in arrays.items()}


def run(session: Any, feed: dict[str, Any]) -> None:
    """Run once."""
    session.run(None, feed)
