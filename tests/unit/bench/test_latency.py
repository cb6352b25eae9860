"""Latency rows: what is claimed, what is kept when something fails, and that nothing is made up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import psutil
import pytest
from onnx import TensorProto, helper, numpy_helper

from inspector.bench.latency import latency
from inspector.bench.latency_rows import IN_TURNS, Taken, bench_part, live_part
from inspector.bench.statistics import samples_for_percentile
from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import BenchPart
from inspector.records.event import Partial, Steps
from inspector.records.measurement import Conditions
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.latency import Arrivals, Block, SessionTimes, TimedName, TimingFacts, Timings
from inspector.runtimes.onnx_runtime.feeds import write_feed
from tests.builders import chain, save
from tests.unit.bench.slow_digits import SAMPLE, slowed

SETTINGS = OptimizeSettings(memory_bytes=2 << 30, step_seconds=60)
ONE_THREAD = Conditions(threads=1)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> InputSet:
    folder = tmp_path_factory.mktemp("images")
    random = np.random.default_rng(0)
    for index in range(8):
        write_feed(str(folder), index, [random.random((1, 1, 8, 8), np.float32)])
    return InputSet(str(folder), ("image",), 8, "synthetic", seed=0)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digits model with products of matrices at its end that change nothing."""
    return slowed(tmp_path_factory.mktemp("slow") / "slow.onnx")


def followed(steps: Steps[BenchPart]) -> tuple[BenchPart, list[BenchPart]]:
    """Return the rows, and those that were shown on the way."""
    shown = []
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            return end.value, shown
        if isinstance(event, Partial):
            shown.append(event.result)


def test_a_planted_slow_part_is_slower(images: InputSet, slow: str) -> None:
    part, shown = followed(latency(str(SAMPLE), slow, images, ONE_THREAD, "cpu", 4.0, SETTINGS))
    before, after = part.runs
    assert [run.status for run in part.runs] == ["measured", "measured"]
    assert (before.subject, after.subject, after.artifact) == ("before", "after", slow)
    assert before.samples == len(before.times_ms) >= 6
    assert before.low_ms <= before.median_ms <= before.high_ms < after.median_ms
    assert before.first_ms is not None
    assert before.throughput_per_second == pytest.approx(1000 * before.samples / sum(before.times_ms))
    assert len(before.control_ms) == before.samples
    (found,) = part.comparisons
    assert found.verdict == "slower"
    assert found.conditions == ONE_THREAD
    assert "sessions made anew" in found.note
    assert any("not counted, took" in note for note in before.notes)
    assert any("warmed up until" in note for note in before.notes)
    assert len(shown) >= 2
    for one in shown:
        assert [run.subject for run in one.runs] == ["before", "after"]
        assert all(run.status == "cut short" for run in one.runs if run.samples)
        assert all(comparison.verdict == "not measured" for comparison in one.comparisons)


def test_percentiles_only_of_enough_samples(images: InputSet) -> None:
    part, shown = followed(latency(str(SAMPLE), None, images, ONE_THREAD, "cpu", 0.5, SETTINGS))
    assert part.comparisons == ()
    for run in [run for one in (part, *shown) for run in one.runs if run.samples]:
        for percentile in run.percentiles:
            assert (percentile.milliseconds is None) == (run.samples < samples_for_percentile(percentile.share))


def test_an_open_loop_says_what_arrived(images: InputSet, slow: str) -> None:
    conditions = Conditions(threads=1, load=0.7)
    part, _ = followed(latency(str(SAMPLE), slow, images, conditions, "cpu", 3.0, SETTINGS))
    before, after = part.runs
    assert before.conditions == after.conditions == conditions
    assert any("Poisson" in note for note in before.notes)
    assert any("requests waited" in note for note in before.notes)
    assert any("queue grew" in note for note in after.notes), "it is many times as slow"
    assert "the queue of" in part.comparisons[0].note
    assert before.throughput_per_second is not None
    assert after.throughput_per_second is not None
    assert after.throughput_per_second < before.throughput_per_second


def fixed(tmp_path: Path) -> str:
    model = onnx.load(SAMPLE)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    return str(save(model, tmp_path / "fixed.onnx"))


def test_a_batch_that_is_fixed_is_not_measured_and_the_other_is(images: InputSet, tmp_path: Path) -> None:
    conditions = Conditions(threads=1, batch=4)
    part, _ = followed(latency(str(SAMPLE), fixed(tmp_path), images, conditions, "cpu", 0.5, SETTINGS))
    before, after = part.runs
    assert (before.status, after.status) == ("measured", "not measured")
    assert after.note == "not measured: batch is fixed at 1"
    assert part.comparisons[0].verdict == "not measured"
    assert "batch is fixed at 1" in part.comparisons[0].note
    assert before.throughput_per_second == pytest.approx(4000 * before.samples / sum(before.times_ms))


def test_what_does_not_load_or_run_is_a_row_that_says_why(images: InputSet, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    other = str(save(chain(2), tmp_path / "other.onnx"))
    for path in (str(broken), str(tmp_path / "missing.onnx"), other):
        part, _ = followed(latency(path, str(SAMPLE), images, ONE_THREAD, "cpu", 0.5, SETTINGS))
        before, after = part.runs
        assert (before.status, after.status) == ("not measured", "measured")
        assert before.note.startswith("not measured: the runtime cannot ")
        assert "\n" not in before.note
        assert part.comparisons[0].verdict == "not measured"


def large(tmp_path: Path) -> str:
    """Return a model that wants 16 GB when it runs."""
    shape = numpy_helper.from_array(np.array([1, 1 << 32], np.int64), "shape")
    nodes = [
        helper.make_node("Expand", ["image_mean", "shape"], ["wide"]),
        helper.make_node("ReduceMean", ["image"], ["image_mean"], axes=[2, 3], keepdims=0),
        helper.make_node("ReduceSum", ["wide"], ["y"], keepdims=1),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ("N", 1, 8, 8))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 1))
    graph = helper.make_graph([nodes[1], nodes[0], nodes[2]], "large", [image], [y], [shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return str(save(model, tmp_path / "large.onnx"))


def test_want_of_memory_is_tried_in_turns_and_said(images: InputSet, tmp_path: Path) -> None:
    part, _ = followed(latency(str(SAMPLE), large(tmp_path), images, ONE_THREAD, "cpu", 0.5, SETTINGS))
    assert part.runs[1].status == "not measured"
    assert "memory" in part.runs[1].note
    assert part.comparisons[0].verdict == "not measured"


def test_a_time_out_keeps_what_there_is(images: InputSet, slow: str) -> None:
    hasty = replace(SETTINGS, step_seconds=0.0)
    part, _ = followed(latency(str(SAMPLE), slow, images, ONE_THREAD, "cpu", 0.02, hasty))
    assert all(run.status in ("cut short", "not measured") for run in part.runs)
    assert all("longer than" in run.note for run in part.runs)


def child_of_this_process() -> psutil.Process:
    """Return the child that measures; tests of the same run may have begun others, such as engines."""
    (child,) = (one for one in psutil.Process().children() if _measures(" ".join(one.cmdline())))
    return child


def _measures(command: str) -> bool:
    return "inspector.isolation.child_main" in command and "tests.warm_children" not in command


def kept_when(steps: Steps[BenchPart], number: int) -> BenchPart:
    """Send the child a signal once there are samples, and return the rows."""
    sent = False
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if not sent and isinstance(event, Partial) and event.result.runs[-1].samples:
            os.kill(child_of_this_process().pid, number)
            sent = True


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_child_that_dies_leaves_what_was_measured(images: InputSet, number: int) -> None:
    part = kept_when(latency(str(SAMPLE), str(SAMPLE), images, ONE_THREAD, "cpu", 10.0, SETTINGS), number)
    for run in part.runs:
        assert run.status == "cut short"
        assert run.samples > 0
        assert "measuring digits_cnn.onnx" in run.note


def cancelled_when_there_are_samples(steps: Steps[BenchPart], cancel: CancelToken, shown: list[BenchPart]) -> None:
    for event in steps:
        if isinstance(event, Partial):
            shown.append(event.result)
            if event.result.runs[0].samples:
                cancel.cancel()


def test_cancelling_shows_all_there_was_and_raises(images: InputSet) -> None:
    cancel, shown = CancelToken(), list[BenchPart]()
    steps = latency(str(SAMPLE), str(SAMPLE), images, ONE_THREAD, "cpu", 10.0, SETTINGS, 0, cancel)
    with pytest.raises(OperationFailed, match="cancelled"):
        cancelled_when_there_are_samples(steps, cancel, shown)
    assert all(run.status == "cut short" and run.samples for run in shown[-1].runs)


def taken(*blocks: Block, conditions: Conditions = ONE_THREAD, **other: object) -> Taken:
    names = {"before": "a.onnx", "after": "b.onnx"}
    sessions = tuple(SessionTimes(block.round, block.name, 5.0, 9.0, 10, block.round != 1) for block in blocks)
    facts = TimingFacts(8, clock_ms=0.02)
    return Taken(names, {"before": "cpu", "after": "cuda"}, conditions, 0, Timings(sessions, blocks, {}, facts), **other)  # type: ignore[arg-type]


def rounds(count: int, factor: float = 1.0) -> Iterator[Block]:
    names: tuple[TimedName, ...] = ("before", "after", "again")
    for number in range(count):
        for name in names:
            time = factor if name == "after" else 1.0
            yield Block(number, 0, name, (time, time + 0.001 * number), {"compute": (time / 2, time / 2)} if time != 1 else {})


def test_rows_of_given_times() -> None:
    part = bench_part(taken(*rounds(8, 0.5)))
    before, after = part.runs
    assert (before.samples, before.first_ms, before.device, after.device) == (16, 9.0, "cpu", "cuda")
    assert part.comparisons[0].verdict == "faster"
    assert (part.comparisons[0].device, part.comparisons[0].after_device) == ("cpu", "cuda")
    assert after.phases["compute"].median_ms == 0.25
    assert not before.phases
    assert any("2.0% of a run" in note for note in before.notes), before.notes
    assert any("1 of 8 sessions were not stable" in note for note in before.notes)


def test_one_sample_is_a_row_and_claims_nothing() -> None:
    part = bench_part(taken(Block(0, 0, "before", (1.0,)), Block(0, 0, "after", (2.0,)), Block(0, 0, "again", (1.0,))))
    assert [run.samples for run in part.runs] == [1, 1]
    assert all("one sample only" in " ".join(run.notes) for run in part.runs)
    assert part.comparisons[0].verdict == "not measured"
    assert live_part(taken(Block(0, 0, "before", (1.0,)))).runs[0].samples == 1


def test_a_failure_between_samples_keeps_them() -> None:
    there = taken(*rounds(8, 2.0))
    there.timings = replace(there.timings, failures={"after": "the runtime cannot run it: Gather node g: out of range"})
    before, after = bench_part(there).runs
    assert (before.status, before.note, before.failures) == ("measured", "", 0)
    assert (after.status, after.samples, after.failures) == ("cut short", 16, 1)
    assert after.note.count("Gather node g") == 1


def test_few_turns_claim_nothing() -> None:
    part = bench_part(taken(*rounds(2, 9.0), mode_note=IN_TURNS))
    assert part.comparisons[0].verdict == "not measured"
    assert bench_part(taken(*rounds(8, 9.0), mode_note=IN_TURNS)).comparisons[0].verdict == "slower"


def test_a_queue_that_grew_is_said() -> None:
    grew = Arrivals(100, 1.0, 93, 4, 90, 2, 1.2)
    kept = Arrivals(100, 1.0, 98, 0, 50, 0, 0.7)
    blocks = [replace(block, arrivals=grew if block.name == "after" else kept, phases_ms={}) for block in rounds(8, 2.0)]
    part = bench_part(taken(*blocks, conditions=Conditions(1, load=0.7)))
    before, after = part.runs
    assert not any("queue grew" in note for note in before.notes)
    assert any("queue grew: 0.93 of the arrivals served" in note for note in after.notes)
    assert any("16 requests were given up" in note for note in after.notes)
    assert any("32 of 800 requests started over 0.1 ms late" in note for note in after.notes)
    assert "the queue of the changed artifact grew" in part.comparisons[0].note
