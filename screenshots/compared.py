"""What the pictures of the compare screen and of saved reviews show: the digits samples beside others, and a review of one.

The comparisons are real. The review holds what the steps give, with the timings that optimized.py and benchmarked.py stand for.
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

from benchmarked import quantized
from optimized import MODEL, steps

from inspector.records.event import Finished
from inspector.records.graph_outline import GraphOutline
from inspector.records.review import Environment, Review
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.review import ReviewScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.widgets.review.opened import OpenedReview
from inspector.verify.rules.grammar import parse_rule
from inspector.workflows.bench_review import with_benchmarks
from inspector.workflows.examine import examine
from inspector.workflows.gating import gated, gates_for
from inspector.workflows.review import review

RULES = ("size_bytes > 300KB", "latency.p99 > 1.05x", "parity.sqnr_db < 40", "cold_start.median > 600ms", "findings.high > 0")
NEXT = Path("digits_cnn_next.onnx")
"""Made of the sample, in the folder that pictures are taken in."""
FINE_TUNED = 1e-3
"""What every element of a weight of it has become larger by."""
_TIMES = (0.021, 0.004, 0.017, 0.003, 0.002, 0.006, 0.001, 0.001, 0.001, 0.003, 0.001, 0.001)
"""Milliseconds of the sample's nodes in one run on two cores."""


def show_comparison(app: ModelpackApp) -> None:
    """Show the sample beside one that was trained on, with another activation and a node more."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(MODEL)
    nodes = list(model.graph.node)
    nodes[1].op_type = "LeakyRelu"
    nodes[3].name = "stage1_relu"
    nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"], "softmax"))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.output.append(helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["batch", 10]))
    for weight in model.graph.initializer:
        if weight.name == "head.1.weight":
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) + FINE_TUNED, weight.name))
    onnx.save(model, NEXT)
    _beside(app, NEXT)


def show_same(app: ModelpackApp) -> None:
    """Show the sample beside itself, written again with its weights in another order."""
    import onnx

    model = onnx.load(MODEL)
    weights = list(reversed(model.graph.initializer))
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)
    onnx.save(model, "digits_cnn_again.onnx")
    _beside(app, Path("digits_cnn_again.onnx"))


def _beside(app: ModelpackApp, other: Path) -> None:
    workbench = app.screen
    assert isinstance(workbench, WorkbenchScreen)
    assert workbench.inspection is not None
    app.open_comparison(workbench.inspection, other)


def show_saved_review(app: ModelpackApp) -> None:
    """Show the review of the sample, over the sample."""
    app.call_later(_saved, app, "summary")


def show_saved_runs(app: ModelpackApp) -> None:
    """Show what was measured in that review."""
    app.call_later(_saved, app, "benchmarks")


def show_saved_graph(app: ModelpackApp) -> None:
    """Show the graph of that review."""
    app.call_later(_saved, app, "graph")


async def _saved(app: ModelpackApp, tab: str) -> None:
    await app.show_review(OpenedReview("review.json", saved_review(), "2026-11-24"))
    screen = app.screen
    assert isinstance(screen, ReviewScreen)
    await screen.show_tab(tab)


@functools.cache
def saved_review() -> Review:
    """Return the review of the sample with its steps, what was measured, and rules that it is held to."""
    opened = next(event.result for event in examine(MODEL) if isinstance(event, Finished))
    made = review(opened)
    environment = Environment("a processor with AVX512-VNNI", ("avx2", "avx512_vnni"), 2, 16 << 30, "Linux")
    changes = tuple(row.change for row in steps() if row.change is not None)
    made = replace(
        made, environment=environment, changes=changes, artifact=replace(made.artifact, path=MODEL.name), outline=_timed(made)
    )
    gates, _ = gates_for(tuple(parse_rule(rule, "--fail-if") for rule in RULES), None, None, "", False)
    return gated(with_benchmarks(made, quantized(), None), gates)


def _timed(made: Review) -> GraphOutline | None:
    if made.outline is None:
        return None
    times = iter(_TIMES)
    rows = tuple(replace(row, milliseconds=next(times, 0.0)) if row.node_count else row for row in made.outline.rows)
    return replace(made.outline, rows=rows)
