"""Loading a model as a child process does it."""

from __future__ import annotations

import time
from collections.abc import Callable

from inspector.runtimes.onnx_runtime.load_model import LoadedModel, LoadRequest
from inspector.runtimes.onnx_runtime.sessions import make_session, session_inputs, session_outputs

Report = Callable[[int, int, str], None]


def load_in_child(request: LoadRequest, report: Report) -> LoadedModel:
    """Create the session; raises RuntimeRefused."""
    import onnxruntime  # noqa: F401 - so that importing it is not part of what is timed

    report(0, 1, "")
    start = time.perf_counter()
    session = make_session(request.path, request.threads)
    milliseconds = (time.perf_counter() - start) * 1000
    return LoadedModel(milliseconds, session_inputs(session), session_outputs(session))
