"""Recording outputs as a child process does it: one sample in memory at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.calling_child import open_runnable, seed_randomness
from inspector.runtimes.onnx_runtime.feeds import read_arrays, read_feed, write_arrays
from inspector.runtimes.record_outputs import RecordAnswer, RecordRequest

SAME_WITHIN: Final = 1e-5
"""Share of an output's scale by which two runs of the same input may differ: threads that add in another order, not chance."""

Report = Callable[[int, int, str], None]


def record_in_child(request: RecordRequest, report: Report) -> RecordAnswer:
    """Call it with all inputs, then once more with the first. Raises OperationFailed."""
    names = _record(request, report)
    if request.inputs.count:
        _check_repeatable(request, names)
    return RecordAnswer(names)


def _record(request: RecordRequest, report: Report) -> tuple[str, ...]:
    seed_randomness(request.call, 1)
    loaded = open_runnable(request.call, request.threads)
    for index in range(request.inputs.count):
        report(index, request.inputs.count, "inputs")
        write_arrays(request.folder, index, loaded.run(read_feed(request.inputs, index)))
    report(request.inputs.count, request.inputs.count, "inputs")
    return loaded.outputs


def _check_repeatable(request: RecordRequest, names: tuple[str, ...]) -> None:
    """Raise OperationFailed where it gives something else for the first input when it is loaded afresh, seeded otherwise."""
    seed_randomness(request.call, 2)
    again = open_runnable(request.call, request.threads).run(read_feed(request.inputs, 0))
    first = read_arrays(request.folder, 0)
    for name, before, after in zip(names, first, again, strict=True):
        if not _same(before, after):
            raise OperationFailed(
                f"outputs differ between two runs of the original on the same input ({plain_line(name, 80)}): "
                "parity cannot be judged",
                "it draws random numbers: export it for inference, or give its random operators a seed",
            )


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
