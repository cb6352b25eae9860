"""Comparing outputs as a child process does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.records.optimization import Reference
from inspector.records.tensor import TensorSpec
from inspector.runtimes.onnx_runtime.feeds import read_arrays, read_feed
from inspector.runtimes.onnx_runtime.output_values import as_array
from inspector.runtimes.onnx_runtime.sessions import make_session, run_session, session_inputs
from inspector.verify.parity import ParityAnswer, ParityRequest
from inspector.verify.parity_figures_child import OutputFigures, finite_scale

Report = Callable[[int, int, str], None]


def compare_in_child(request: ParityRequest, report: Report) -> ParityAnswer:
    """Hold the changed model against the reference, sample by sample. Raises RuntimeRefused."""
    reference = request.reference
    figures = _empty_figures(reference)
    session = make_session(request.path, request.threads)
    specs = session_inputs(session)
    there = [output.name for output in session.get_outputs()]
    wanted = [name for name in reference.names if name in there]
    for index in range(reference.inputs.count):
        report(index, reference.inputs.count, "inputs")
        feed = fitted(read_feed(reference.inputs, index), specs)
        given = dict(zip(wanted, run_session(session, feed, wanted), strict=True)) if wanted else {}
        for one, name, expected in zip(figures, reference.names, read_arrays(reference.folder, index), strict=True):
            one.add(index, expected, as_array(given.pop(name)) if name in given else None)
    report(reference.inputs.count, reference.inputs.count, "inputs")
    return ParityAnswer(tuple(one.result() for one in figures))


def fitted(feed: Mapping[str, NDArray[Any]], specs: Sequence[TensorSpec]) -> dict[str, NDArray[Any]]:
    """Return what a changed model takes of a feed, floats in the width it wants them."""
    found = {}
    for spec in specs:
        if spec.name not in feed:
            continue
        array = feed[spec.name]
        wanted = np.dtype(spec.dtype) if spec.dtype in ("float16", "float32", "float64") else array.dtype
        found[spec.name] = array.astype(wanted) if array.dtype.kind == "f" and array.dtype != wanted else array
    return found


def _empty_figures(reference: Reference) -> list[OutputFigures]:
    """Go once through the reference to learn the scale of every output, which relative figures need beforehand."""
    scales = [0.0] * len(reference.names)
    for index in range(reference.inputs.count):
        for place, array in enumerate(read_arrays(reference.folder, index)):
            scales[place] = max(scales[place], finite_scale(array))
    return [OutputFigures(name, scale) for name, scale in zip(reference.names, scales, strict=True)]
