"""Fill in the shapes that the file leaves out, in a limited child process, and analyze again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Partial, Progress, Started, Warned
from inspector.records.inspection import Inspection

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken, Limits


def infer_shapes(
    inspection: Inspection, limits: Limits | None = None, cancel: CancelToken | None = None
) -> Iterator[Event[Inspection]]:
    """Infer shapes and return the inspection made anew; the same analysis again where nothing was missing.

    Raises OperationFailed (with kind) when the child fails, crashes, runs out of time or memory, or is cancelled.
    """
    for event in with_shapes(inspection.computation, limits, cancel):
        if isinstance(event, Finished):
            yield from _fitted(inspection, event.result)
        elif not isinstance(event, Partial):
            yield event


def with_shapes(
    computation: Computation, limits: Limits | None = None, cancel: CancelToken | None = None
) -> Iterator[Event[Computation]]:
    """Return the computation with the shapes inferred that the file leaves out; nothing is started where none is missing.

    Raises OperationFailed as infer_shapes() does.
    """
    if computation.inferred or not lacks_shapes(computation):
        yield Finished(replace(computation, inferred=True))
        return
    from inspector.formats.onnx.shape_inference import infer
    from inspector.isolation.limits import Limits

    yield Started("inferring shapes")
    for event in infer(computation, limits or Limits(), cancel):
        if isinstance(event, Finished | Progress | Warned):
            yield event


def lacks_shapes(computation: Computation) -> bool:
    """Return whether any node output in the main graph or its subgraphs has no known rank or a length inference may know.

    Unnamed lengths are what inference makes of unnamed input lengths, so they count only where every input length is given.
    Nothing here infers the shapes of TensorFlow's operators, so a SavedModel or .tflite lacks none that could be had.
    """
    if computation.artifact.format != "onnx":
        return False
    given = all(spec.shape is not None and None not in spec.shape for spec in computation.graph.inputs)
    return any(
        name and ((spec := graph.values.get(name)) is None or spec.shape is None or (given and None in spec.shape))
        for graph in computation.graphs()
        if not graph.path.startswith(("function:", "training:"))
        for node in graph.nodes
        for name in node.outputs
    )


def _fitted(inspection: Inspection, computation: Computation) -> Iterator[Event[Inspection]]:
    """Analyze anew where shapes were added, without a Partial, which would show less than is there already."""
    if computation.graph is inspection.computation.graph:
        yield Finished(replace(inspection, computation=computation))
        return
    from inspector.workflows.analyse import analyse_in_steps

    equal_weights = inspection.equal_weights if inspection.weights_compared else None
    for event in analyse_in_steps(computation, inspection.batch, inspection.settings, equal_weights):
        if not isinstance(event, Partial):
            yield event
