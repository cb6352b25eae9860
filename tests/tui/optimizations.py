"""Changes made by hand, with every figure a step can tell, and optimizers that do as a test wants."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.optimize.optimizer import Judge, StepWork
from inspector.records.contract import ContractChange
from inspector.records.event import Partial, Progress, Started, Steps
from inspector.records.inspection import Inspection
from inspector.records.measurement import Comparison
from inspector.records.optimization import (
    Attempt,
    Autopsy,
    Change,
    ConversionNode,
    KeptNode,
    ModelFacts,
    NodeSensitivity,
    OptimizerName,
    OptimizeSettings,
    Outcome,
    Preflight,
    StepProgress,
    Subject,
)
from inspector.records.parity import ConformanceResult, Gate, GateCheck, OutputParity, Parity
from inspector.tui.widgets.optimize.step_log import StepRow

BEFORE = ModelFacts(12_000, 5, 0, 2_740, 10_960, 17, 9)
AFTER = ModelFacts(3_600, 11, 2, 2_740, 2_740, 17, 9)


def accepted(text: str = "") -> Change:
    """An int8 change with everything that can be known of one; text, where given, stands for every name and sentence."""

    def said(words: str) -> str:
        return text or words

    output = OutputParity(said("scores"), "float32", 160, 0.01, 0.001, 0.2, 0.01, 0.02, 0.001, 0.99812, 31.4, 1.0, 1.0, 16)
    return Change(
        "int8",
        "accepted",
        "accepted",
        said("the best of two that passed"),
        BEFORE,
        AFTER,
        choice=said("static int8 (QDQ, U8S8)"),
        preflight=Preflight(True, choice=said("static int8"), notes=(said("94 % of FLOPs are in Conv"),)),
        recipe=(said("quantize_static, MinMax"),),
        parity=Parity((output,), 16, "synthetic", 0),
        gates=(
            GateCheck(Gate("cosine", "at least", 0.99), said("scores"), 0.99812, True),
            GateCheck(Gate("sqnr_db", "at least", 20.0), said("scores"), 31.4, True),
        ),
        confirmation=Parity((replace(output, sqnr_db=30.9),), 8, "synthetic", 1),
        conformance=ConformanceResult("accuracy", "underpowered", 0.98, 0.979, 0.001, 0.0072, 0.005, 0.95, 300, 1_200),
        contract_changes=(ContractChange("opset raised", said("ai.onnx"), said("11"), said("13"), True),),
        comparisons=(
            Comparison("session_creation", 20.0, 14.0, 0.7, 0.64, 0.77, "faster", 20, 0.95, 1.05),
            Comparison("latency", 2.0, 2.4, 1.2, 1.11, 1.31, "slower", 64, 0.97, 1.03, note=said("warm")),
        ),
        autopsy=Autopsy({said("QuantizeLinear"): 3}, 0.12, (ConversionNode(said("q0"), said("QuantizeLinear"), 0.1, 0.08),)),
        attempts=(
            Attempt(said("static int8, MinMax"), "rejected", said("SQNR 12.3 dB, at least 20 needed"), 3_400, 11, 12.3, 0.9),
            Attempt(said("static int8, Entropy"), "chosen", "", 3_600, 11, 31.4, 0.998),
        ),
        kept_fp32=(KeptNode(said("stem/conv"), said("Conv"), said("loses most"), 0, 8.2),),
        sensitivity=(
            NodeSensitivity(said("stem/conv"), said("Conv"), 0, 8.2, 8.2, kept_fp32=True),
            NodeSensitivity(said("body/conv"), said("Conv"), 2, 21.0, 9.5),
            NodeSensitivity(said("head/fc"), said("Gemm"), 4, 44.0, None),
        ),
        repairs=(said("sorted nodes"),),
        warnings=(said("calibrated on synthetic inputs"),),
        seconds=12.3,
    )


def rejected(text: str = "") -> Change:
    """An fp16 change that was turned down."""
    reason = text or 'output "scores": SQNR 12.3 dB, at least 50 dB needed'
    return Change("fp16", "rejected", "rejected", reason, BEFORE, attempts=(Attempt(text or "onnxruntime", "failed", reason),))


def shown_rows(inspection: Inspection, *changes: Change) -> tuple[StepRow, ...]:
    """Changes as rows under the original; those that were accepted gave the model of the inspection."""
    subject = Subject("/models/after.onnx", inspection, AFTER)
    rows = [StepRow(0, None, "original", 0, facts=BEFORE, subject=Subject("/models/small.onnx", inspection, BEFORE))]
    rows += [StepRow(at, change.optimizer, "done", at, change=change, subject=subject) for at, change in enumerate(changes, 1)]
    return tuple(rows)


class Patient:
    """An optimizer that judges nothing, tells of one candidate and then waits to be stopped."""

    title = "waiting"
    description = "Waits."

    def __init__(self, name: OptimizerName) -> None:
        self.name: OptimizerName = name
        self.kept: list[tuple[str, ...]] = []

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        return Preflight(True, choice="wait", notes=("somebody will press Escape",))

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        self.kept.append(work.settings.keep_fp32)
        yield Started("waiting for somebody")
        first = Attempt("the first candidate", "rejected", "it was too slow", 900)
        yield Partial(StepProgress(self.name, "making the second candidate", (first,)))
        yield Progress(1, 4, "of the waiting")
        while not cancel.cancelled:
            time.sleep(0.01)
        raise OperationFailed("stopped")


class Idle:
    """An optimizer that has nothing to do, or cannot run."""

    title = "idling"
    description = "Idles."

    def __init__(self, name: OptimizerName, reason: str, *, nothing_to_do: bool = True) -> None:
        self.name: OptimizerName = name
        self._preflight = Preflight(False, reason, nothing_to_do=nothing_to_do)

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        return self._preflight

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        yield Started("what it said it cannot do")
        raise AssertionError(self._preflight.reason)


def all_idle(reason: str = "nothing stands out") -> Mapping[OptimizerName, Idle]:
    """All of them, of which int8-dynamic cannot run."""
    names: tuple[OptimizerName, ...] = ("simplify", "fp16", "int8", "int8-dynamic", "warmstart")
    return {name: Idle(name, reason, nothing_to_do=name != "int8-dynamic") for name in names}
