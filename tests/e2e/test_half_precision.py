"""Every adversarial graph ends in fp16 and right, or rejected for its true reason, judged by what the program does not use."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto

from inspector.isolation.limits import CancelToken
from inspector.optimize.half_precision import HalfPrecision
from inspector.optimize.optimizer import StepWork
from inspector.records.event import Event, Finished, Steps
from inspector.records.inspection import Inspection
from inspector.records.optimization import (
    Candidate,
    InputSet,
    Judgement,
    ModelFacts,
    OptimizeSettings,
    Outcome,
    Reference,
    Subject,
)
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.workflows.examine import examine
from tests.adversarial_graphs.case import AdversarialGraph, feeds
from tests.adversarial_graphs.catalogue import MAKERS
from tests.adversarial_graphs.judging import evaluates, outputs_of, problem_of, reference_outputs, verdict
from tests.builders import save

CALIBRATION, UNSEEN = 0, 99


def subject_of(graph: AdversarialGraph, folder: Path) -> Subject:
    """Write the graph and return it as an optimizer gets it."""
    path = save(graph.model, folder / "model.onnx")
    inspection = next(event.result for event in examine(path) if isinstance(event, Finished))
    assert isinstance(inspection, Inspection)
    return Subject(str(path), inspection, ModelFacts(path.stat().st_size, len(graph.model.graph.node), 0))


def work_for(graph: AdversarialGraph, folder: Path, **settings: Any) -> StepWork:
    """Write calibration inputs and return what a step may use."""
    given = feeds(graph, CALIBRATION)
    inputs = InputSet(str(folder / "inputs"), tuple(given[0]), len(given), "synthetic", CALIBRATION)
    for index, feed in enumerate(given):
        write_feed(inputs.folder, index, list(feed.values()))
    (folder / "work").mkdir()
    chosen = OptimizeSettings(memory_bytes=3 << 30, step_seconds=120, allow=frozenset({"growth"}), **settings)
    return StepWork(str(folder / "work"), chosen, inputs, Reference("", (), inputs))


def strict_judge(graph: AdversarialGraph) -> Callable[[Candidate], Generator[Event[Any], None, Judgement]]:
    """Return a judge on the calibration inputs."""
    given = feeds(graph, CALIBRATION)
    reference = outputs_of(graph.model.SerializeToString(), given)

    def judge(candidate: Candidate) -> Generator[Event[Any], None, Judgement]:
        yield from ()
        problem = verdict(Path(candidate.path), given, reference)
        stage: Any = problem.partition(":")[0]
        return Judgement(not problem, problem, failed_at=stage if problem else "")

    return judge


def applied(graph: AdversarialGraph, folder: Path, **settings: Any) -> Outcome:
    """Return what the step makes of a graph."""
    subject, work = subject_of(graph, folder), work_for(graph, folder, **settings)
    return result_of_steps(HalfPrecision().apply(subject, work, strict_judge(graph), CancelToken()))


def result_of_steps(steps: Steps[Outcome]) -> Outcome:
    """Run a part of a workflow to its end and return what it makes."""

    def run() -> Generator[Event[Any]]:
        found.append((yield from steps))

    found: list[Outcome] = []
    for _ in run():
        pass
    return found[0]


def half_tensors(path: str) -> int:
    """Return how many initializers and Casts of all graphs of a file are fp16."""
    text = onnx.load(path)
    found, pending = 0, [text.graph]
    while pending:
        graph = pending.pop()
        found += sum(1 for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT16)
        for node in graph.node:
            found += node.op_type == "Cast" and node.attribute[0].i == TensorProto.FLOAT16
            pending += [one.g for one in node.attribute if one.HasField("g")]
    return found


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_ends_right_or_is_rejected_for_the_true_reason(make: Callable[[], AdversarialGraph], tmp_path: Path) -> None:
    graph = make()
    if graph.ends == "nothing to do":
        preflight = HalfPrecision().requires(subject_of(graph, tmp_path), OptimizeSettings())
        assert preflight.nothing_to_do
        assert graph.reason in preflight.reason
        return
    outcome = applied(graph, tmp_path)
    told = [(one.name, one.outcome, one.reason) for one in outcome.attempts]
    if graph.ends == "rejected":
        assert outcome.best is None
        assert graph.reason in outcome.reason, told
        return
    assert outcome.best is not None, told
    assert ("weights only" in outcome.best.name) == (graph.ends == "weights only"), told
    assert half_tensors(outcome.best.path)
    assert set(graph.islands) <= {one.operator for one in outcome.best.kept_fp32}, outcome.best.kept_fp32
    unseen = feeds(graph, UNSEEN, 8)
    exact = outputs_of(graph.model.SerializeToString(), unseen)
    assert problem_of(outputs_of(outcome.best.path, unseen), exact) == "", told
    if evaluates(graph, unseen, exact):
        assert problem_of(reference_outputs(outcome.best.path, unseen), exact) == "", told
