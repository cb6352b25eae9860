"""The census of ranges: the original runs in fp32 on calibration inputs, and what fp16 could not hold stays in fp32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto

from inspector.formats.clean_text import one_line
from inspector.optimize.half.constant_scan_child import users_of
from inspector.optimize.half.element_types_child import FLOAT, element_types
from inspector.optimize.half.graph_walk_child import all_nodes
from inspector.optimize.half.half_range import ACTIVATION_LIMIT, HEADROOM, LARGEST, SMALLEST_NORMAL
from inspector.optimize.half.kept_nodes_child import WrittenNames
from inspector.optimize.half.messages import PREPARED, Census, CensusRequest, Kept
from inspector.optimize.half.probes_child import Probe, ProbedModel, add_probes
from inspector.runtimes.onnx_runtime.feeds import read_feed
from inspector.runtimes.onnx_runtime.sessions import make_session, run_session

MOST_SAMPLES: Final = 64

_CENSUS: Final = "census.onnx"

Report = Callable[[int, int, str], None]


def take_census(request: CensusRequest, report: Report) -> Census:
    """Run the prepared model with probes and say which nodes cannot be fp16. Raises OperationFailed."""
    folder = Path(request.folder)
    model = onnx.load(str(folder / PREPARED), load_external_data=False)
    probed = add_probes(onnx.ModelProto.FromString(model.SerializeToString()))
    (folder / _CENSUS).write_bytes(probed.model.SerializeToString())
    try:
        samples = min(request.inputs.count, MOST_SAMPLES)
        figures = _run(request, folder / _CENSUS, probed, samples, report)
    finally:
        (folder / _CENSUS).unlink()
    found = {probe: float(figure) for probe, figure in zip(probed.probes, figures, strict=True) if probe.name}
    return _judge(model, found, samples, WrittenNames(folder))


def _run(request: CensusRequest, path: Path, probed: ProbedModel, samples: int, report: Report) -> NDArray[Any]:
    """Return the largest figure of each probe over the samples."""
    session = make_session(str(path), request.threads, optimization="none", arena=False)
    figures = np.zeros(len(probed.probes), np.float32)
    wanted = [one.name for one in session.get_inputs()]
    for index in range(samples):
        feed = {name: array for name, array in read_feed(request.inputs, index).items() if name in wanted}
        figures = np.fmax(figures, run_session(session, feed, [probed.output])[0])
        report(index + 1, samples, "samples")
    return figures


def _judge(model: ModelProto, found: Mapping[Probe, float], samples: int, names: WrittenNames) -> Census:
    """Return the nodes around every tensor, and every sum, that leaves fp16's range."""
    users, kept = users_of(model), dict[str, Kept]()
    makers = {name: node for node in all_nodes(model) for name in node.output if name}
    nodes = {node.name: node for node in all_nodes(model)}
    wide = set()
    for probe, figure in found.items():
        reason = _reason(probe, figure)
        if not reason:
            continue
        if probe.kind == "sum":
            kept.setdefault(probe.name, names.kept(nodes[probe.name], reason))
            continue
        wide.add(probe.name)
        for node in ([makers[probe.name]] if probe.name in makers else []) + users.get(probe.name, []):
            kept.setdefault(node.name, names.kept(node, reason))
    tensors = {probe.name: figure for probe, figure in found.items() if probe.kind == "tensor"}
    largest = max(tensors, key=lambda name: tensors[name], default="")
    floats = sum(1 for name, kind in element_types(model).items() if kind == FLOAT and (name in makers or name in tensors))
    shown = [value.name for value in (*model.graph.input, *model.graph.output)]
    return Census(
        kept=tuple(kept.values()),
        measured=len(tensors),
        unmeasured=floats - len(tensors),
        samples=samples,
        largest=tensors.get(largest, 0.0),
        largest_tensor=one_line(largest),
        wide_io=tuple(name for name in shown if name in wide),
    )


def _reason(probe: Probe, figure: float) -> str:
    """Return why a figure is outside of what fp16 can hold, or nothing."""
    if figure > ACTIVATION_LIMIT:
        beyond = f"fp16 ends at {LARGEST:,.0f}" + ("" if figure > LARGEST else f", and inputs may differ by {HEADROOM:g}x")
        what = "the sum it adds up" if probe.kind == "sum" else f"tensor {one_line(probe.name)}"
        return f"{what} reaches {figure:,.4g}: {beyond}"
    if probe.kind == "tensor" and 0 < figure < SMALLEST_NORMAL:
        return f"tensor {one_line(probe.name)} never exceeds {figure:.3g}: fp16 loses precision below {SMALLEST_NORMAL:.2g}"
    return ""
