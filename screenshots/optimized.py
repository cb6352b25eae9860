"""What the pictures of the optimize tab show: real steps on the digits sample, with the timings of one run written down here.

Timings differ at every run, and so would every picture: those of a run on two cores with AVX512-VNNI take their place.
Everything else (verdicts, sizes, parity, conformance, graphs) is what the steps give when the pictures are made.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress
from inspector.records.inspection import Inspection
from inspector.records.measurement import Comparison
from inspector.records.optimization import (
    Attempt,
    Autopsy,
    Change,
    ConversionNode,
    NodeSensitivity,
    OptimizationRequest,
    OptimizerName,
    StepProgress,
)
from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.optimize import OptimizePane
from inspector.tui.widgets.optimize.step_log import StepLog, StepRow
from inspector.workflows.examine import examine
from inspector.workflows.optimization.session import OptimizationSession

SAMPLES = Path(__file__).resolve().parent.parent / "sample_models"
MODEL, DATA = SAMPLES / "digits_cnn.onnx", SAMPLES / "digits_cnn.npz"
STEPS: tuple[OptimizerName, ...] = ("simplify", "int8", "fp16")

_SECONDS = {"simplify": 11.3, "int8": 28.4, "fp16": 5.5}
_COMPARISONS = (
    Comparison("session_creation", 2.09, 2.36, 1.13, 0.89, 1.54, "no difference shown", 24, 0.94, 1.61, threads=2),
    Comparison("latency", 0.0591, 0.0421, 0.68, 0.64, 0.75, "faster", 336, 0.94, 1.04, threads=2),
)
_LEFT = Autopsy(
    {"QuantizeLinear": 9, "DequantizeLinear": 19},
    0.08,
    (
        ConversionNode("logits_DequantizeLinear", "DequantizeLinear", 0.0041, 0.040),
        ConversionNode("image_QuantizeLinear", "QuantizeLinear", 0.0040, 0.040),
    ),
    {"QLinearConv": 0.43, "QGemm": 0.21, "Transpose": 0.17, "NhwcMaxPool": 0.07},
    "3 of 3 Conv run as QLinearConv; 2 of 2 Gemm run as QGemm",
)
_LOSSES = {"Conv": ((38.4, 38.4), (36.1, 33.0), (35.2, 30.7)), "Gemm": ((41.9, 33.9), (43.0, 36.2))}
"""SQNR in dB, local and accumulated, by operator in the order of its nodes: the sample passes at once, without measuring it."""


@functools.cache
def steps() -> tuple[StepRow, ...]:
    """Run the steps on the sample with its labelled data, and return them as rows."""
    inspection = next(event.result for event in examine(MODEL) if isinstance(event, Finished))
    assert isinstance(inspection, Inspection)
    session = OptimizationSession(inspection, OptimizationRequest(data=str(DATA)))
    log = StepLog()
    for name in STEPS:
        log.begin(name, session.current)
        change = next(event.result for event in session.run(name, CancelToken()) if isinstance(event, Finished))
        log.finish(_with_timings(change, inspection), session.current)
    session.close()
    return log.rows


def _with_timings(change: Change, inspection: Inspection) -> Change:
    fixed = replace(change, seconds=_SECONDS[change.optimizer], parity=change.parity and replace(change.parity, seconds=0.0))
    if change.optimizer != "int8":
        return fixed
    return replace(fixed, comparisons=_COMPARISONS, autopsy=_LEFT, sensitivity=tuple(_sensitivity(inspection)))


def _sensitivity(inspection: Inspection) -> Iterator[NodeSensitivity]:
    losses = {operator: iter(figures) for operator, figures in _LOSSES.items()}
    for node in inspection.computation.graph.nodes:
        if node.operator in losses:
            yield NodeSensitivity(node.name, node.operator, node.index, *next(losses[node.operator]))


def show_after(app: ModelpackApp) -> None:
    """Show what the steps came to, the cursor on the one that was accepted."""
    pane = _pane(app)
    pane.runner.data_note = "2,985 samples, labelled"
    pane.request = OptimizationRequest(data=DATA.name)
    pane.runner.log.rows = steps()
    pane.refresh_all()
    pane.results.focus()
    pane.results.cursor = 2


def show_running(app: ModelpackApp) -> None:
    """Show a step in the middle of its work; the job only waits."""
    show_after(app)
    pane = _pane(app)
    tried = (
        Attempt("static int8, MinMax", "rejected", 'output "logits": SQNR 36.2 dB, at least 40 dB needed', 189_145, 36, 36.2),
        Attempt(
            "static int8, Percentile", "rejected", 'output "logits": SQNR 35.9 dB, at least 40 dB needed', 189_145, 36, 35.9
        ),
    )
    now = StepProgress("int8", "judging static int8, Entropy", tried)
    row = StepRow(2, "int8", "running", 1, progress=now, doing="comparing outputs")
    pane.runner.log.rows = (*steps()[:2], row)

    def workflow(token: CancelToken) -> Iterator[Event[None]]:
        yield Progress(3, 5, "comparing outputs")
        while not token.cancelled:
            time.sleep(0.05)

    pane.runner._running = app.jobs.start("int8", workflow, pane)
    pane.refresh_all()
    pane.results.cursor = 2


def _pane(app: ModelpackApp) -> OptimizePane:
    return app.screen.query_one(OptimizePane)
