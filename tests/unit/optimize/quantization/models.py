"""Models for tests of int8, and what a search needs around them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto, helper

from inspector.isolation.limits import CancelToken
from inspector.optimize.optimizer import StepWork
from inspector.records.event import Finished, Progress
from inspector.records.inspection import Inspection
from inspector.records.optimization import Candidate, InputSet, Judgement, OptimizeSettings, Reference, Subject
from inspector.records.parity import Gate, GateCheck, OutputParity, Parity
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.workflows.inspect import inspect
from inspector.workflows.optimization.facts import model_facts
from tests.builders import model_of, save, value, weight

Value = TypeVar("Value")

SETTINGS = OptimizeSettings(memory_bytes=2 << 30, step_seconds=60, budget_seconds=120)


def result(steps: Generator[Any, None, Value]) -> Value:
    """Run part of a workflow to its end."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]


def inspection_of(model: ModelProto, path: Path) -> Inspection:
    """Write the model and inspect it."""
    save(model, path)
    return next(event.result for event in inspect(path) if isinstance(event, Finished))


def subject_of(model: ModelProto, path: Path) -> Subject:
    """Write the model and make it a subject."""
    inspection = inspection_of(model, path)
    return Subject(str(path), inspection, model_facts(inspection.computation))


def inputs_of(folder: Path, feeds: Sequence[Mapping[str, NDArray[Any]]], source: str = "data") -> InputSet:
    """Write feeds as an InputSet."""
    for index, feed in enumerate(feeds):
        write_feed(str(folder), index, list(feed.values()))
    return InputSet(str(folder), tuple(feeds[0]), len(feeds), source, 0)  # type: ignore[arg-type]


def work_of(folder: Path, feeds: Sequence[Mapping[str, NDArray[Any]]], settings: OptimizeSettings = SETTINGS) -> StepWork:
    """Return what a step may use: the feeds both to calibrate and to judge by."""
    inputs = inputs_of(folder / "inputs", feeds)
    (folder / "work").mkdir(exist_ok=True)
    return StepWork(str(folder / "work"), settings, inputs, Reference("", (), inputs))


def cancel() -> CancelToken:
    """Return a token nobody cancels."""
    return CancelToken()


def conv_chain(length: int = 3, channels: int = 8, opset: int = 17) -> ModelProto:
    """Return Conv and Relu, length times, then pooling and a Gemm, on image float32[batch, 3, 8, 8]."""
    random = np.random.default_rng(0)
    nodes, weights, name, width = [], [], "image", 3
    for at in range(length):
        shape = (channels, width, 3, 3)
        weights.append(weight(f"w{at}", (random.normal(size=shape) / np.sqrt(9 * width)).astype(np.float32)))
        weights.append(weight(f"b{at}", random.normal(size=channels).astype(np.float32)))
        nodes.append(helper.make_node("Conv", [name, f"w{at}", f"b{at}"], [f"c{at}"], f"conv{at}", pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{at}"], [f"r{at}"], f"relu{at}"))
        name, width = f"r{at}", channels
    nodes.append(helper.make_node("GlobalAveragePool", [name], ["pooled"], "pool"))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"], "flatten"))
    nodes.append(helper.make_node("Gemm", ["flat", "head"], ["scores"], "head"))
    weights.append(weight("head", random.normal(size=(channels, 10)).astype(np.float32)))
    inputs, outputs = [value("image", ["batch", 3, 8, 8])], [value("scores", ["batch", 10])]
    return model_of(nodes, inputs, outputs, weights, {"": opset})


def images(count: int = 8, seed: int = 0) -> list[dict[str, NDArray[Any]]]:
    """Return feeds of conv_chain()."""
    random = np.random.default_rng(seed)
    return [{"image": random.normal(size=(2, 3, 8, 8)).astype(np.float32)} for _ in range(count)]


def mlp(layers: int = 2, width: int = 32, opset: int = 17) -> ModelProto:
    """Return MatMul and Relu, layers times, on x float32[batch, width]."""
    random = np.random.default_rng(1)
    nodes, weights, name = [], [], "x"
    for at in range(layers):
        weights.append(weight(f"w{at}", (random.normal(size=(width, width)) / np.sqrt(width)).astype(np.float32)))
        nodes.append(helper.make_node("MatMul", [name, f"w{at}"], [f"m{at}"], f"matmul{at}"))
        nodes.append(helper.make_node("Relu", [f"m{at}"], [f"r{at}"], f"relu{at}"))
        name = f"r{at}"
    return model_of(nodes, [value("x", ["batch", width])], [value(name, ["batch", width])], weights, {"": opset})


def vectors(count: int = 8, width: int = 32) -> list[dict[str, NDArray[Any]]]:
    """Return feeds of mlp()."""
    random = np.random.default_rng(2)
    return [{"x": random.normal(size=(3, width)).astype(np.float32)} for _ in range(count)]


def operators_of(path: str) -> list[str]:
    """Return the operators of a file's main graph."""
    return [node.op_type for node in onnx.load(path).graph.node]


def sqnr_db(reference: NDArray[Any], changed: NDArray[Any]) -> float:
    """Return 10 log10 of the signal's energy over that of the difference."""
    noise = float(np.sum((reference - changed).astype(np.float64) ** 2))
    return 10 * float(np.log10(np.sum(reference.astype(np.float64) ** 2) / max(noise, 1e-30)))


class SqnrJudge:
    """A judge that runs candidates beside the subject and demands an SQNR of every output, counting what it judged."""

    def __init__(self, subject: Subject, feeds: Sequence[Mapping[str, NDArray[Any]]], least_db: float) -> None:
        self._reference = run_all(subject.path, feeds)
        self._feeds = feeds
        self._least = least_db
        self.judged: list[str] = []

    def __call__(self, candidate: Candidate) -> Generator[Any, None, Judgement]:
        """Return whether the candidate is near enough."""
        yield Progress(0, 1, "running it")
        self.judged.append(candidate.name)
        found = run_all(candidate.path, self._feeds)
        figures = [sqnr_db(one, other) for one, other in zip(self._reference, found, strict=True)]
        outputs = tuple(OutputParity(str(at), "float32", 1, sqnr_db=figure) for at, figure in enumerate(figures))
        gate = Gate("sqnr_db", "at least", self._least)
        worst = min(figures)
        checks = (GateCheck(gate, "0", worst, worst >= self._least),)
        reason = "" if worst >= self._least else f"SQNR {worst:.1f} dB, at least {self._least:g} needed"
        parity = Parity(outputs, len(self._feeds), "data")
        return Judgement(not reason, reason, parity=parity, gates=checks, failed_at="parity" if reason else "")


def run_all(path: str, feeds: Sequence[Mapping[str, NDArray[Any]]]) -> list[NDArray[Any]]:
    """Return each output over all feeds, stacked."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    runs = [session.run(None, dict(feed)) for feed in feeds]
    return [np.stack(arrays) for arrays in zip(*runs, strict=True)]
