"""Per-node sensitivity: how much each quantized node loses by itself, and with everything before it quantized."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.event import Steps, Warned, finish
from inspector.records.optimization import InputSet, NodeSensitivity, OptimizeSettings
from inspector.runtimes.onnx_runtime.activations import MEMORY_BUDGET
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

ENTRY: Final = "inspector.optimize.quantization.sensitivity_child:measure_in_child"
SECONDS: Final = 60.0

SHARE_OF_BUDGET: Final = 0.25
"""Share of a step's search that measuring sensitivity may take."""


@dataclass(frozen=True, slots=True)
class SensitivityRequest:
    """The models at absolute paths, what to run them on, a folder for what is written on the way, and the time there is."""

    original: str
    quantized: str
    inputs: InputSet
    folder: str
    threads: int
    memory_budget: int
    seconds: float


@dataclass(frozen=True, slots=True)
class MeasuredNode:
    """One quantized node: its index and raw name in the fp32 model; SQNR in dB, inf where nothing is lost, None
    where it was not measured."""

    node: int
    name: str
    operator: str
    local: float | None
    accumulated: float | None


@dataclass(frozen=True, slots=True)
class SensitivityAnswer:
    """What was measured, on how many samples; left counts the nodes there was no time for."""

    nodes: tuple[MeasuredNode, ...]
    samples: int
    left: int = 0


def sensitivity(
    original: str,
    quantized: str,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken,
    *,
    folder: str = "",
    seconds: float | None = None,
    memory_budget: int = MEMORY_BUDGET,
) -> Steps[tuple[NodeSensitivity, ...]]:
    """Return every quantized node, the one that loses most by itself first, those that were not measured last.

    original: absolute path of the fp32 model that the quantized one was made from; node indices are those of its main graph.
    Local SQNR is of a node's output, quantized as its consumers see it, from the fp32 run's activations; accumulated SQNR
    compares the same tensor in a run of the whole quantized model. Both are 10 log10(sum reference^2 / sum difference^2) over
    all samples, inf where nothing is lost. Graph optimizations are off: 8-bit kernels are taken as what they stand for.
    folder: for large inline weights, beside the quantized model if not given. After so many seconds fewer samples are used,
    then nodes are left out, with a warning. Raises OperationFailed or ChildFailed.
    """
    work = Path(folder or Path(quantized).parent / "sensitivity")
    work.mkdir(parents=True, exist_ok=True)
    allowed = seconds if seconds is not None else min(SECONDS, settings.budget_seconds * SHARE_OF_BUDGET)
    request = SensitivityRequest(original, quantized, inputs, str(work), settings.threads, memory_budget, allowed)
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    title = f"measuring what each node of {plain_line(Path(quantized).name, 80)} loses"
    child = run_child(ENTRY, request, SensitivityAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    answer = (yield from finish(child)).result
    if answer.left:
        total = len(answer.nodes)
        yield Warned(f"what {answer.left:,} of {total:,} quantized nodes lose was not measured, for want of time")
    return tuple(sorted((_record(one) for one in answer.nodes), key=_loss))


def _record(one: MeasuredNode) -> NodeSensitivity:
    return NodeSensitivity(plain_line(one.name), one.operator, one.node, one.local, one.accumulated)


def _loss(one: NodeSensitivity) -> tuple[bool, float, float]:
    """Return what sorts the worst node first."""
    local, accumulated = one.local_sqnr_db, one.accumulated_sqnr_db
    return local is None, inf if local is None else local, inf if accumulated is None else accumulated
