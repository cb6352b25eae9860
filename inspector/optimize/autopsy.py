"""What is left to wish for in a changed model: the conversions in its file, and what they cost when it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed
from inspector.formats.onnx.read import read
from inspector.isolation.failure import ChildFailed
from inspector.optimize.autopsy_text import CONVERSIONS, sentences
from inspector.records.event import Started, Steps
from inspector.records.node_times import NodeTimes
from inspector.records.optimization import Autopsy, ConversionNode
from inspector.runtimes.onnx_runtime.profile import profile_nodes

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings

COSTLIEST: Final = 10


def autopsy(
    subject_path: str, inputs: InputSet, settings: OptimizeSettings, cancel: CancelToken | None = None
) -> Steps[Autopsy]:
    """Count the conversions in the file, and measure with the runtime's profiler which of them run and how long.

    Where the model cannot be profiled, the counts are all there is, and the note says why. Raises UnreadableArtifact for a
    file that cannot be read, ChildFailed where it was cancelled.
    """
    yield Started("looking at what is left")
    found = conversions_in(subject_path)
    try:
        times = yield from profile_nodes(subject_path, inputs, settings, cancel)
    except OperationFailed as error:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise
        return Autopsy(found, note=f"run time by node not measured: {error}")
    return judged(found, times)


def conversions_in(path: str) -> Mapping[str, int]:
    """Return how often each conversion stands in the file, subgraphs and functions included; weights are not read."""
    counts: Counter[str] = Counter()
    for graph in read(Path(path)).graphs():
        counts.update(node.operator for node in graph.nodes if node.operator in CONVERSIONS)
    return {operator: counts[operator] for operator in CONVERSIONS if counts[operator]}


def judged(found: Mapping[str, int], times: NodeTimes) -> Autopsy:
    """Return the autopsy of a model with these conversions in its file and these times by node."""
    whole = times.node_ms
    executed: dict[str, float] = {}
    for node in times.nodes:
        executed[node.operator] = executed.get(node.operator, 0.0) + (node.milliseconds / whole if whole else 0.0)
    conversions = [node for node in times.nodes if node.operator in CONVERSIONS]
    costliest = tuple(
        ConversionNode(node.name, node.operator, node.milliseconds, node.milliseconds / whole if whole else None)
        for node in conversions[:COSTLIEST]
    )
    share = sum(executed.get(operator, 0.0) for operator in CONVERSIONS) if whole else None
    note = "; ".join((*sentences(found, times), *times.notes))
    return Autopsy(found, share, costliest, dict(sorted(executed.items(), key=lambda item: -item[1])), note)
