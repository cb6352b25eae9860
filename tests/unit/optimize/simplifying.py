"""What tests of simplifying share: a subject made of a model, and a judge that checks, loads and compares for real."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto

from inspector.formats.onnx.check_model import check_model
from inspector.isolation.limits import CancelToken
from inspector.optimize.optimizer import StepWork
from inspector.optimize.simplify import Simplify
from inspector.records.event import Steps, result_of
from inspector.records.optimization import (
    Attempt,
    Candidate,
    InputSet,
    Judgement,
    OptimizeSettings,
    Outcome,
    Reference,
    Subject,
)
from inspector.workflows.examine import examine
from inspector.workflows.optimization.facts import model_facts
from tests import builders

Value = TypeVar("Value")

FAST = OptimizeSettings(budget_seconds=0)
"""Lets every tool try alone, and no pair of them."""


def outcome(steps: Generator[Any, None, Value]) -> Value:
    """Run part of a workflow to its end and return its value."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return end.value


def subject_at(path: Path) -> Subject:
    """Return the model at path, inspected."""
    inspection: Any = outcome(result_of(examine(path)))
    return Subject(str(path), inspection, model_facts(inspection.computation))


@dataclass
class ComparingJudge:
    """Passes what onnx.checker accepts and what gives the original's outputs on random inputs, unknown lengths being 3.

    refused names candidates that it fails whatever they are.
    """

    original: Path
    refused: tuple[str, ...] = ()
    judged: list[str] = field(default_factory=list)

    def __call__(self, candidate: Candidate) -> Steps[Judgement]:
        self.judged.append(candidate.name)
        if candidate.name in self.refused:
            return Judgement(False, "refused by the test", failed_at="parity")
        said = yield from check_model(candidate.path, original=str(self.original))
        if said:
            return Judgement(False, said, failed_at="checker")
        same = same_outputs(self.original, Path(candidate.path))
        return Judgement(
            same, "" if same else "its outputs differ", model_facts(subject_at(Path(candidate.path)).inspection.computation)
        )


def same_outputs(one: Path, other: Path) -> bool:
    """Return whether both models take the same inputs and give about the same for them, twice; custom operators are not run."""
    if any(node.domain not in ("", "ai.onnx") for node in onnx.load(one, load_external_data=False).graph.node):
        return True
    sessions = [onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) for path in (one, other)]
    signatures = [[(v.name, v.type, v.shape) for v in session.get_inputs()] for session in sessions]
    if signatures[0] != signatures[1]:
        return False
    random = np.random.default_rng(0)
    for _ in range(2):
        feed = {name: _array(random, kind, shape) for name, kind, shape in signatures[0]}
        results = [session.run(None, feed) for session in sessions]
        if not all(np.allclose(a, b, rtol=1e-4, atol=1e-5) for a, b in zip(*results, strict=True)):
            return False
    return True


def _array(random: np.random.Generator, kind: str, shape: list[Any]) -> Any:
    lengths = [dim if isinstance(dim, int) else 3 for dim in shape]
    if kind == "tensor(bool)":
        return random.integers(0, 2, lengths).astype(bool)
    return random.integers(0, 9, lengths) if "int" in kind else random.normal(size=lengths).astype(np.float32)


@dataclass(frozen=True)
class Simplified:
    """A model and what came of simplifying it."""

    subject: Subject
    outcome: Outcome
    judge: ComparingJudge

    @property
    def model(self) -> ModelProto:
        """What was chosen, without external data."""
        assert self.outcome.best is not None, self.outcome.attempts
        return onnx.load(self.outcome.best.path, load_external_data=False)

    def attempt(self, name: str) -> Attempt:
        """Return the line of the log of that name."""
        (found,) = [one for one in self.outcome.attempts if one.name == name]
        return found

    def operators(self) -> list[str]:
        """Return the operators of the main graph of what was chosen."""
        return [node.op_type for node in self.model.graph.node]


def simplify(
    model: ModelProto | Path, folder: Path, settings: OptimizeSettings | None = None, refused: tuple[str, ...] = ()
) -> Simplified:
    """Simplify a model as the program does."""
    path = model if isinstance(model, Path) else builders.save(model, folder / "model.onnx")
    work = folder / "work"
    work.mkdir()
    subject = subject_at(path)
    inputs = InputSet(str(folder), (), 0, "synthetic")
    step = StepWork(str(work), settings or FAST, inputs, Reference(str(folder), (), inputs))
    judge = ComparingJudge(path, refused)
    before = {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    found = outcome(Simplify().apply(subject, step, judge, CancelToken()))
    assert {file: file.read_bytes() for file in path.parent.iterdir() if file.is_file()} == before
    return Simplified(subject, found, judge)
