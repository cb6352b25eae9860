"""Comparing outputs as a child process does it."""

from __future__ import annotations

from collections.abc import Callable

from inspector.records.optimization import Reference
from inspector.runtimes.calling_child import open_runnable
from inspector.runtimes.onnx_runtime.feeds import read_arrays, read_feed
from inspector.verify.parity import ParityAnswer, ParityRequest
from inspector.verify.parity_figures_child import OutputFigures, finite_scale

Report = Callable[[int, int, str], None]


def compare_in_child(request: ParityRequest, report: Report) -> ParityAnswer:
    """Hold the changed artifact against the reference, sample by sample. Raises RuntimeRefused, UsageError."""
    reference = request.reference
    figures = _empty_figures(reference)
    loaded = open_runnable(request.call, request.threads)
    for index in range(reference.inputs.count):
        report(index, reference.inputs.count, "inputs")
        given = dict(zip(loaded.outputs, loaded.run(read_feed(reference.inputs, index)), strict=True))
        for one, name, expected in zip(figures, reference.names, read_arrays(reference.folder, index), strict=True):
            one.add(index, expected, given.pop(name, None))
    report(reference.inputs.count, reference.inputs.count, "inputs")
    return ParityAnswer(tuple(one.result() for one in figures))


def _empty_figures(reference: Reference) -> list[OutputFigures]:
    """Go once through the reference to learn the scale of every output, which relative figures need beforehand."""
    scales = [0.0] * len(reference.names)
    for index in range(reference.inputs.count):
        for place, array in enumerate(read_arrays(reference.folder, index)):
            scales[place] = max(scales[place], finite_scale(array))
    return [OutputFigures(name, scale) for name, scale in zip(reference.names, scales, strict=True)]
