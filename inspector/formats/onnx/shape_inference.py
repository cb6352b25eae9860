"""Fill in the shapes a file leaves out: onnx infers them in a child process, from a copy without weights."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.shape_answer import ShapeAnswer, ShapeRequest
from inspector.formats.onnx.shape_merge import ShapeMerger
from inspector.isolation.child import run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.artifact import Computation
from inspector.records.event import Event, Finished, Progress, Started, Warned
from inspector.records.graph import Graph

ENTRY: Final = "inspector.formats.onnx.shape_inference_child:infer_in_child"
_STANDARD: Final = ("", "ai.onnx")


def infer(
    computation: Computation,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    cancel: CancelToken | None = None,
) -> Iterator[Event[Computation]]:
    """Yield what happens and at last the computation with the types and shapes that onnx infers from its operators.

    The file's own symbols are kept, symbols that onnx invents become unknown lengths. Where file and inference contradict
    each other the file's word stays and a finding is added. Raises ChildFailed, OperationFailed or UnreadableArtifact.
    """
    yield Started("inferring shapes")
    path = Path(computation.artifact.path)
    request = ShapeRequest(os.fsencode(path.absolute()))
    title = f"shape inference of {one_line(path.name)}"
    for event in run_child(ENTRY, request, ShapeAnswer, limits, cancel, title=title, environment=NUMPY_ON_ONE_THREAD):
        if isinstance(event, Progress):
            yield event
            continue
        merged = _merge(computation, event.result, title)
        if (warning := _unknown(merged, event.result.problem)) is not None:
            yield warning
        yield Finished(merged)


def _merge(computation: Computation, answer: ShapeAnswer, title: str) -> Computation:
    try:
        return ShapeMerger(answer).merge(computation)
    except ValueError as error:
        raise OperationFailed(f"{title} failed: the file is no longer the one that was opened", "open it again") from error


def _unknown(computation: Computation, problem: str) -> Warned | None:
    """Return a warning that counts the main graph's tensors still without a shape, None if there are none.

    It names the operators at which knowledge ends: those whose operands are all known.
    """
    graph = computation.graph
    lost = _without_shape(graph)
    if not lost:
        return None
    ends: Counter[str] = Counter()
    for node in graph.nodes:
        if lost.intersection(node.outputs) and not lost.intersection(node.inputs):
            ends[node.operator if node.domain in _STANDARD else f"{node.domain}.{node.operator}"] += 1
    named = ", ".join(f"{operator} ({count:,})" for operator, count in ends.most_common(3)) or "a cycle"
    total = sum(1 for node in graph.nodes for name in node.outputs if name)
    message = f"the shapes of {len(lost):,} of {total:,} tensors remain unknown, from {named} on"
    return Warned(message, plain_line(problem))


def _without_shape(graph: Graph) -> set[str]:
    """Return the names of node outputs whose rank is not known; sequences, maps and optionals have none to know."""
    lost = set()
    for node in graph.nodes:
        for name in node.outputs:
            spec = graph.values.get(name)
            if name and (spec is None or (spec.shape is None and "(" not in spec.dtype)):
                lost.add(name)
    return lost
