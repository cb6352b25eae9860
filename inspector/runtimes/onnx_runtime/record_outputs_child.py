"""Recording outputs as a child process does it: one sample in memory at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.onnx_runtime.feeds import read_arrays, read_feed, write_arrays
from inspector.runtimes.onnx_runtime.output_values import as_array
from inspector.runtimes.onnx_runtime.record_outputs import RecordAnswer, RecordRequest
from inspector.runtimes.onnx_runtime.sessions import make_session, run_session

SAME_WITHIN: Final = 1e-5
"""Share of an output's scale by which two runs of the same input may differ: threads that add in another order, not chance."""

Report = Callable[[int, int, str], None]


def record_in_child(request: RecordRequest, report: Report) -> RecordAnswer:
    """Run the model on all inputs, then once more on the first. Raises OperationFailed."""
    names = _record(request, report)
    if request.inputs.count:
        _check_repeatable(request, names)
    return RecordAnswer(names)


def _record(request: RecordRequest, report: Report) -> tuple[str, ...]:
    _seed(1)
    session = make_session(request.path, request.threads)
    names = tuple(output.name for output in session.get_outputs())
    for index in range(request.inputs.count):
        report(index, request.inputs.count, "inputs")
        outputs = run_session(session, read_feed(request.inputs, index))
        write_arrays(request.folder, index, [as_array(output) for output in outputs])
    report(request.inputs.count, request.inputs.count, "inputs")
    return names


def _check_repeatable(request: RecordRequest, names: tuple[str, ...]) -> None:
    """Raise OperationFailed where a fresh session, seeded otherwise, gives something else for the first input."""
    _seed(2)
    session = make_session(request.path, request.threads)
    again = run_session(session, read_feed(request.inputs, 0))
    first = read_arrays(request.folder, 0)
    for name, before, after in zip(names, first, again, strict=True):
        if not _same(before, as_array(after)):
            raise OperationFailed(
                f"outputs differ between two runs of the original on the same input ({plain_line(name, 80)}): "
                "parity cannot be judged",
                "it draws random numbers: export it for inference, or give its random operators a seed",
            )


def _seed(seed: int) -> None:
    """Seed the random operators that bring no seed of their own; takes effect on sessions made from now on."""
    import onnxruntime

    onnxruntime.set_seed(seed)


def _same(before: NDArray[Any], after: NDArray[Any]) -> bool:
    if before.shape != after.shape:
        return False
    if before.dtype.kind != "f" or after.dtype.kind != "f":
        return bool(np.array_equal(before, after))
    finite = np.isfinite(before)
    if not np.array_equal(finite, np.isfinite(after)) or not np.array_equal(before[~finite], after[~finite], equal_nan=True):
        return False
    left, right = before[finite], after[finite]
    if left.size == 0:
        return True
    scale = float(np.abs(left).max())
    return float(np.abs(left.astype(np.float64) - right).max()) <= SAME_WITHIN * scale
