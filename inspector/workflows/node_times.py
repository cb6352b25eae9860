"""Measure what each node of an ONNX model takes, by the runtime's own profiler, and find the nodes of the file it means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.isolation.private_folder import temporary_folder
from inspector.records.event import Event, Finished, Started, Steps

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime
    from inspector.isolation.limits import CancelToken
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import InputSet, OptimizationRequest, OptimizeSettings

INPUTS: Final = 8


def node_times(
    inspection: Inspection, request: OptimizationRequest, cancel: CancelToken | None = None
) -> Iterator[Event[MeasuredTime]]:
    """Profile the model on seeded inputs, or the user's, and bring the times back to the nodes of the file.

    Raises UsageError for data that does not fit the model, OperationFailed where it does not run or nothing can be written,
    ChildFailed where it crashes or takes too much.
    """
    yield Finished((yield from _measured(inspection, request, cancel)))


def _measured(inspection: Inspection, request: OptimizationRequest, cancel: CancelToken | None) -> Steps[MeasuredTime]:
    from inspector.analysis.measured_time import node_heat
    from inspector.runtimes.onnx_runtime.profile import profile_nodes
    from inspector.workflows.optimization.grounds import settings_for

    settings = settings_for(request, inspection)
    folder = temporary_folder("inputs")
    try:
        inputs = yield from _inputs(inspection, request, folder.path, settings, cancel)
        yield Started("profiling")
        path = str(Path(inspection.computation.artifact.path).absolute())
        times = yield from profile_nodes(path, inputs, settings, cancel)
    finally:
        folder.close()
    return node_heat(inspection.computation, times)


def _inputs(
    inspection: Inspection, request: OptimizationRequest, folder: Path, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[InputSet]:
    """Make inputs, or take those of the user's file that parity is judged on."""
    if request.data:
        from inspector.verify.data import read_data

        made = folder / "data"
        made.mkdir(mode=0o700)
        yield Started(f"reading {Path(request.data).name}")
        split = yield from read_data(Path(request.data), inspection, str(made), settings, cancel)
        return split.evaluation
    from inspector.verify.inputs import make_inputs

    yield Started("making inputs")
    made = folder / "inputs"
    made.mkdir(mode=0o700)
    return (yield from make_inputs(inspection, str(made), INPUTS, settings.seed, settings, cancel, request.lengths))
