"""The search: which rung wins, what the log says of the others, what the settings allow."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.optimize.half import ladder
from inspector.optimize.half_precision import HalfPrecision
from inspector.optimize.optimizer import StepWork
from inspector.records.event import Event
from inspector.records.optimization import Candidate, Judgement, OptimizeSettings, Outcome, Permission, Subject
from tests.adversarial_graphs import interface, ranges, structure
from tests.adversarial_graphs.case import AdversarialGraph, model_of, node, normal, random_weight
from tests.builders import small_cnn, value, weight
from tests.e2e.test_half_precision import result_of_steps, subject_of, work_for

Judge = Callable[[Candidate], Generator[Event[Any], None, Judgement]]


def judge(verdict: Callable[[Candidate], str]) -> Judge:
    """Return a judge that rejects with what the function says, for want of parity, and passes where it says nothing."""

    def judged(candidate: Candidate) -> Generator[Event[Any], None, Judgement]:
        yield from ()
        said = verdict(candidate)
        return Judgement(not said, said, failed_at="parity" if said else "")

    return judged


def run(graph: AdversarialGraph, folder: Path, verdict: Callable[[Candidate], str], **settings: Any) -> Outcome:
    work = work_for(graph, folder)
    return finish(subject_of(graph, folder), replace(work, settings=replace(work.settings, **settings)), judge(verdict))


def finish(subject: Subject, work: StepWork, judged: Judge, cancel: CancelToken | None = None) -> Outcome:
    steps = HalfPrecision().apply(subject, work, judged, cancel or CancelToken())
    return result_of_steps(steps)


def cnn() -> AdversarialGraph:
    return AdversarialGraph("cnn", small_cnn(), normal(image=(2, 3, 8, 8)))


def passes(candidate: Candidate) -> str:
    return ""


def allowed(*more: Permission) -> frozenset[Permission]:
    return frozenset({"growth", *more})


def test_the_first_that_passes_wins(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, passes)
    assert [(one.name, one.outcome) for one in outcome.attempts] == [("onnxruntime float16", "chosen")]
    assert outcome.best is not None
    assert outcome.judgement is not None
    assert any("onnxruntime 1." in line for line in outcome.best.recipe)
    assert any("parity was measured on a CPU" in one for one in outcome.warnings)


def test_every_rung_has_its_own_reason(tmp_path: Path) -> None:
    outcome = run(
        structure.if_captures(),
        tmp_path,
        lambda one: f"{one.name.split()[0]} is off" if "fp16 weights" not in one.name else "x",
    )
    assert outcome.best is None
    reasons = {one.name: one.reason for one in outcome.attempts}
    assert reasons["onnxruntime float16"] == "onnxruntime is off"
    assert "owningGraph" in reasons["onnxsim float16"]
    assert "no weight is large enough" in reasons["fp16 weights only, computation in fp32"]
    assert all(reason in outcome.reason for reason in reasons.values())


def test_islands_are_widened_before_the_next_rung(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, lambda one: "" if "twice" in one.name else "off")
    assert outcome.best is None or "islands widened" in outcome.best.name
    assert any("islands widened once" in one.name for one in outcome.attempts)


def test_what_passes_on_a_cpu_only_is_rejected(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, lambda one: "off" if "rounded" in one.name else "")
    assert "it passes on a CPU, but not rounded to fp16 after every node: off" in {one.reason for one in outcome.attempts}
    assert all("float16" not in one.name or one.outcome == "rejected" for one in outcome.attempts)


def test_nothing_starts_once_the_time_is_up(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, lambda one: "off", budget_seconds=0.0)
    assert [one.outcome for one in outcome.attempts] == ["rejected", "not run", "not run", "not run"]


def test_what_became_no_smaller_is_rejected_unless_it_may_grow(tmp_path: Path) -> None:
    outcome = run(interface.long_chain(), tmp_path, passes, allow=frozenset())
    assert outcome.best is None
    assert outcome.attempts[0].reason.startswith("it is no smaller")


def test_inputs_and_outputs_become_fp16_only_where_that_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "changed").mkdir()
    kept = run(cnn(), tmp_path / "kept", passes)
    changed = run(cnn(), tmp_path / "changed", passes, allow=allowed("io-dtype"))
    for outcome, kind, expected in ((kept, TensorProto.FLOAT, set()), (changed, TensorProto.FLOAT16, {"io-dtype"})):
        assert outcome.best is not None
        graph = onnx.load(outcome.best.path).graph
        assert {one.type.tensor_type.elem_type for one in (*graph.input, *graph.output)} == {kind}
        assert outcome.best.expected_changes == expected


def test_inputs_that_overflow_stay_fp32(tmp_path: Path) -> None:
    nodes = [node("Mul", "x shrink", "a"), node("MatMul", "a w", "y")]
    constants = [weight("shrink", np.array(1e-4, np.float32)), weight("w", random_weight(8, 8))]
    model = model_of(nodes, [value("x", [2, 8])], [value("y", [2, 8])], constants)
    wide = AdversarialGraph("wide", model, lambda random: {"x": random.normal(size=(2, 8)).astype(np.float32) * 1e5})
    outcome = run(wide, tmp_path, passes, allow=allowed("io-dtype"))
    assert outcome.best is not None
    graph = onnx.load(outcome.best.path).graph
    kinds = [one.type.tensor_type.elem_type for one in (*graph.input, *graph.output)]
    assert kinds == [TensorProto.FLOAT, TensorProto.FLOAT16]


def test_nodes_named_by_the_user_stay_in_fp32(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, passes, keep_fp32=("/head/Gemm",))
    assert outcome.best is not None
    assert [(one.name, one.operator, one.node, one.reason) for one in outcome.best.kept_fp32] == [
        ("/head/Gemm", "Gemm", 4, "asked for")
    ]


def test_too_little_memory_is_a_reason(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, passes, memory_bytes=64 << 20)
    assert outcome.best is None
    assert outcome.reason.startswith("it cannot be prepared")


def test_taking_too_long_is_a_reason(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, passes, step_seconds=0.01)
    assert outcome.best is None
    assert "took longer" in outcome.reason


def test_cancelling_ends_it(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed, match="cancelled"):
        finish(subject_of(cnn(), tmp_path), work_for(cnn(), tmp_path), judge(passes), token)


def test_a_failed_candidate_leaves_no_file(tmp_path: Path) -> None:
    outcome = run(cnn(), tmp_path, lambda one: "off")
    assert outcome.best is None
    assert sorted(one.name for one in (tmp_path / "work").iterdir()) == ["nodes.json", "prepared.onnx"]


def test_the_ladder_tries_every_converter() -> None:
    assert ladder.RUNGS == ("onnxruntime", "onnxconverter-common", "onnxsim", "weights only")


def test_the_preflight_says_what_would_be_saved(tmp_path: Path) -> None:
    preflight = HalfPrecision().requires(subject_of(ranges.too_large_constants(), tmp_path), OptimizeSettings())
    assert preflight.runnable
    said = " ".join(preflight.notes)
    assert "would be saved" in said
    assert "2 constants beyond 65,504" in said
    assert "stay fp32" in said
