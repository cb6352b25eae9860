"""Loading what is to be called as a child process does it."""

from __future__ import annotations

import time
from collections.abc import Callable

from inspector.records.tensor import TensorSpec
from inspector.runtimes.calling_child import import_runtime, open_runnable
from inspector.runtimes.load_call import LoadedCall, LoadRequest

Report = Callable[[int, int, str], None]


def load_in_child(request: LoadRequest, report: Report) -> LoadedCall:
    """Load it; raises RuntimeRefused, UsageError."""
    import_runtime(request.call, request.threads)
    report(0, 1, "")
    start = time.perf_counter()
    loaded = open_runnable(request.call, request.threads)
    milliseconds = (time.perf_counter() - start) * 1000
    outputs = loaded.output_specs or tuple(TensorSpec(name) for name in loaded.outputs)
    return LoadedCall(milliseconds, loaded.inputs, outputs, loaded.notes)
