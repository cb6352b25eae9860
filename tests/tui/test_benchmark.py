"""The benchmark tab: what it says before, while and after something is measured, and that everything it offers works."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import BenchPlan, BenchResult
from inspector.records.event import Event, Finished, Partial, Progress, Started, Warned
from inspector.records.opened import Opened
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.bench_value import BenchValueScreen
from inspector.tui.screens.compare_with import CompareWithScreen
from inspector.tui.tabs import PANES
from inspector.tui.widgets.benchmark import BenchmarkPane
from inspector.workflows import benchmark as workflow
from tests.tui import benchmarks
from tests.tui.driving import SAMPLES, SIZES, opened, press, screen_text, settle, showing, shows, until
from tests.tui.inspections import HOSTILE, hostile_inspection, small_inspection
from tests.tui.test_hostile_text import assert_harmless

ALL_AT_ONCE = " ".join(HOSTILE)
CNN = SAMPLES / "digits_cnn.onnx"
SMALL = ((80, 24), (120, 36))


def pane_of(app: ModelpackApp) -> BenchmarkPane:
    return app.screen.query_one(BenchmarkPane)


async def show_result(app: ModelpackApp, pilot: Any, result: BenchResult, key: str = "8") -> BenchmarkPane:
    """Show the tab with a result made by hand."""
    await press(pilot, key)
    pane = pane_of(app)
    pane.runner.result = result
    pane.refresh_all()
    pane.runs.focus()
    await pilot.pause()
    return pane


async def only_latency(app: ModelpackApp, pilot: Any, seconds: float = 1.0) -> BenchmarkPane:
    """Show the tab, ready to measure latency alone in a short time."""
    await press(pilot, "8")
    pane = pane_of(app)
    plan = replace(pane.draft.plan, kinds=("latency",), budget_seconds=seconds)
    pane.keep_draft(replace(pane.draft, plan=plan, off=frozenset({"cold_start", "loads", "cpus", "node_times"})))
    await pilot.pause()
    return pane


class Planted:
    """Takes the place of measuring: tells of results as a test wants, and then ends, or waits to be stopped."""

    def __init__(self, *results: BenchResult, error: Exception | None = None, waits: bool = True) -> None:
        self.results = results
        self.error = error
        self.waits = waits
        self.seen: list[tuple[Opened, Opened | None, BenchPlan]] = []

    def __call__(
        self, before: Opened, after: Opened | None, plan: BenchPlan, cancel: CancelToken
    ) -> Iterator[Event[BenchResult]]:
        self.seen.append((before, after, plan))
        yield Started("getting ready")
        yield Progress(1, 4, "of it")
        for result in self.results:
            yield Partial(result)
        if self.error is not None:
            raise self.error
        while self.waits and not cancel.cancelled:
            time.sleep(0.01)
        yield Warned("somebody else used the processor")
        yield Finished(self.results[-1])


def put(monkeypatch: pytest.MonkeyPatch, planted: Planted) -> Planted:
    monkeypatch.setattr(workflow, "benchmark", planted)
    return planted


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_stranger_reads_what_will_be_measured(size: tuple[int, int]) -> None:
    async with showing(small_inspection(), size) as (_, pilot):
        await press(pilot, "8")
        await shows(pilot, "[x]  cold start", "cold and warm cache", "[x]  latency", "batch 1", "[ ]  open loop")
        await shows(pilot, "[ ]  CPU quota", "device", "60 s in all", "A fresh process a sample")
        await press(pilot, "down", "down")
        await shows(pilot, "Requests arrive at random")


async def test_every_kind_of_artifact_has_the_tab_and_what_makes_sense_for_it() -> None:
    async with opened(SAMPLES / "digits_keras") as (app, pilot):
        await press(pilot, "8")
        await shows(pilot, "cold start", "latency", "open loop")
        assert "node times" not in screen_text(app)
        await press(pilot, "m")
        await shows(pilot, "Only the runtime of ONNX models")
    async with opened(SAMPLES / "digits_image.tar") as (app, pilot):
        await press(pilot, "8")
        await shows(pilot, "ready when", "the image's own", "125.0 MB/s, modelled")
        assert "latency" not in screen_text(app)
        await press(pilot, "g")
        await shows(pilot, "An image runs where its engine is")
    assert "benchmark" not in PANES["pack"]
    assert "benchmark" not in PANES["kit"]


async def test_rows_are_switched_by_key_and_mouse() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "8", "down", "space")
        pane = pane_of(app)
        await shows(pilot, "[ ]  latency")
        assert pane.draft.chosen().kinds == ("cold_start",)
        await pilot.click(pane.plan, offset=(3, 4))
        await shows(pilot, "[x]  CPU quota")
        assert pane.draft.chosen().cpus == (1.0, 0.5, 0.25)
        await pilot.click(pane.plan, offset=(3, 1))
        await pilot.pause()
        await press(pilot, "enter")
        await shows(pilot, "Nothing is switched on")
        assert pane.runner.result is None
        await pilot.click(pane.plan, offset=(3, 6))
        await shows(pilot, "There is nothing to compare with yet")


async def test_values_are_typed_and_what_is_wrong_with_them_is_said() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "8", "a")
        await until(pilot, lambda: isinstance(app.screen, BenchValueScreen))
        await press(pilot, "backspace", *"0,x", "enter")
        await shows(pilot, "not understood")
        await press(pilot, *("backspace",) * 3, *"1,8", "enter")
        await shows(pilot, "batch 1, 8")
        await press(pilot, "n", *("backspace",) * 3, *"1,2", "enter")
        await shows(pilot, "threads     1, 2")
        await press(pilot, "u", *("backspace",) * 3, *"2m", "enter")
        await shows(pilot, "2 min in all")
        await press(pilot, "g", "g")
        await shows(pilot, "cuda")
        await press(pilot, "down", "down", "e", *("backspace",) * 8, *"80", "enter")
        await shows(pilot, "[x]  open loop", "80 % load")
        await press(pilot, "down", "e", "escape")
        plan = pane_of(app).draft.chosen()
        assert (plan.batches, plan.threads, plan.budget_seconds) == ((1, 8), (1, 2), 120.0)
        assert (plan.device, plan.loads, plan.cpus) == ("cuda", (0.8,), ())
        assert app.bench_plans["/models/small.onnx"] == plan


async def test_what_the_command_line_says_is_there(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    shutil.copy(CNN, path)
    plan = BenchPlan(("latency",), batches=(1, 8), threads=(2,), loads=(0.5,), budget_seconds=5)
    app = ModelpackApp(path, bench=plan)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "8")
        await shows(pilot, "[ ]  cold start", "batch 1, 8", "threads     2", "[x]  open loop", "50 % load", "5 s in all")
        assert pane_of(app).draft.chosen() == replace(plan, cpus=())


@pytest.mark.parametrize("size", SMALL, ids=str)
async def test_a_real_benchmark_end_to_end(size: tuple[int, int]) -> None:
    async with opened(CNN, size) as (app, pilot):
        pane = await only_latency(app, pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: pane.runner.live is not None)
        await settle(pilot)
        assert not pane.runner.busy
        assert pane.runner.problem == ""
        assert app.jobs.bug is None
        result = pane.runner.result
        assert result is not None
        assert [run.kind for run in result.runs] == ["latency"]
        assert result.runs[0].samples >= 8
        await shows(pilot, "latency, batch 1", "▲median", "✓ done", "needs")
        assert pane.runs.has_focus


async def test_a_stopped_benchmark_keeps_what_was_measured() -> None:
    async with opened(CNN) as (app, pilot):
        await press(pilot, "8", "down", "space", "down", "down", "down", "space")
        pane = pane_of(app)
        await press(pilot, "enter")
        await until(pilot, lambda: pane.runner.result and any(run.samples for run in pane.runner.result.runs))
        await press(pilot, "escape")
        await shows(pilot, "■ stopped by you", "imports", "session")
        await settle(pilot)
        result = pane.runner.result
        assert result is not None
        assert result.runs[0].kind == "cold_start"
        assert result.runs[0].starts
        assert result.runs[0].starts[0].phases[0].name == "spawn"


async def test_another_artifact_is_measured_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(CNN, tmp_path / "other.onnx")
    async with opened(CNN) as (app, pilot):
        pane = await only_latency(app, pilot, 1.5)
        await press(pilot, "v")
        await until(pilot, lambda: isinstance(app.screen, CompareWithScreen))
        await press(pilot, *"nowhere.onnx", "enter")
        await shows(pilot, "nowhere.onnx")
        assert isinstance(app.screen, CompareWithScreen)
        await press(pilot, *("backspace",) * 12, *"other.onnx", "enter")
        await until(pilot, lambda: not isinstance(app.screen, CompareWithScreen))
        await shows(pilot, "[x]  compare", "other.onnx")
        await press(pilot, "enter")
        await until(pilot, lambda: pane.runner.result is not None and bool(pane.runner.result.runs))
        await settle(pilot)
        result = pane.runner.result
        assert result is not None
        assert [run.subject for run in result.runs] == ["before", "after"]
        assert result.comparisons
        await shows(pilot, "before", "after")


async def test_what_does_not_go_together_is_said_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES)
    async with opened(CNN) as (app, pilot):
        pane = await only_latency(app, pilot)
        await press(pilot, "v", *"digits_transformer.onnx", "enter")
        await until(pilot, lambda: pane.named is not None)
        await press(pilot, "enter")
        await until(pilot, lambda: bool(pane.runner.problem))
        await settle(pilot)
        assert "signature" in pane.runner.problem
        await shows(pilot, "signature")
        await press(pilot, "v", *("backspace",) * 30, *"digits_keras", "enter")
        await until(pilot, lambda: pane.named is not None and pane.named.computation.saved_model is not None)


async def test_the_model_that_steps_came_to_is_taken_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    from inspector.tui.widgets.optimize import OptimizePane
    from tests.tui.optimizations import accepted, rejected, shown_rows

    planted = put(monkeypatch, Planted(benchmarks.onnx_result(), waits=False))
    inspection = small_inspection()
    async with showing(inspection) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        optimize = app.screen.query_one(OptimizePane)
        optimize.runner.log.rows = shown_rows(inspection, accepted(), rejected())
        await press(pilot, "8")
        await shows(pilot, "[x]  compare", "after int8")
        await press(pilot, "space", "enter")
        await shows(pilot, "✓ done")
        before, after, _ = planted.seen[0]
        assert before is inspection
        assert after is not None


async def test_samples_are_shown_as_they_come_and_the_cursor_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = benchmarks.onnx_result()
    parts = [replace(whole, runs=whole.runs[:2], comparisons=(), doing="cold start, cold cache")]
    parts.append(replace(whole, runs=whole.runs[:6], comparisons=(), doing="latency, batch 1"))
    put(monkeypatch, Planted(*parts))
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "8", "enter")
        await shows(pilot, "▶ latency, batch 1", "▶ measuring", "esc cancel", "▲median")
        pane = pane_of(app)
        assert pane.runs.row is not None
        assert pane.runs.row.live
        await press(pilot, "home")
        await shows(pilot, "interpreter")
        await press(pilot, "enter")
        await shows(pilot, "Escape stops it")
        await press(pilot, "escape")
        await shows(pilot, "■ stopped by you", "interpreter")
        assert len(pane.runs.view.shown) == 6


async def test_a_failure_keeps_what_was_measured_and_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = benchmarks.alone_result()
    put(monkeypatch, Planted(replace(whole, startup=()), error=OperationFailed("no space is left", "set TMPDIR")))
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "8", "enter")
        await shows(pilot, "■ no space is left", "cold start, cold cache", "not measured")
        assert app.jobs.bug is None


@pytest.mark.parametrize("size", SMALL, ids=str)
async def test_before_and_after_with_verdict_interval_and_noise(size: tuple[int, int]) -> None:
    async with showing(small_inspection(), size) as (app, pilot):
        pane = await show_result(app, pilot, benchmarks.onnx_result())
        await press(pilot, "down")
        await shows(
            pilot, "✓ faster 0.89×", "(0.86–0.92)", "noise 0.97–1.03", "12 pairs", "imports", "73 %" if size[0] > 80 else "82 %"
        )
        await press(pilot, "end")
        await shows(pilot, "= no difference shown", "p90", "p99 needs 662", "latency, batch 8")
        await press(pilot, "home")
        await pilot.click(pane.runs, offset=(5, 2))
        await shows(pilot, "interpreter")
        for _ in range(6):
            await press(pilot, "J")
        await shows(pilot, "by phase, after / before")


@pytest.mark.parametrize("size", SMALL, ids=str)
async def test_one_model_alone_with_advice_and_what_could_not_be_had(size: tuple[int, int]) -> None:
    async with showing(small_inspection(), size) as (app, pilot):
        await show_result(app, pilot, benchmarks.alone_result())
        await press(pilot, "end")
        await shows(
            pilot, "✓ offline-optimized, external data", "440.0 KB", "bound to this processor", "warmstart", "session 0.20×"
        )
        await press(pilot, "up")
        await shows(pilot, "start, cold, 0.25 CPU", "grants no CPU quota")
        await press(pilot, "up")
        await shows(pilot, "open loop 70 %, batch 1", "needs 6,636")


@pytest.mark.parametrize("size", SMALL, ids=str)
async def test_an_image_with_and_without_an_engine(size: tuple[int, int]) -> None:
    async with opened(SAMPLES / "digits_image.tar", size) as (app, pilot):
        pane = await show_result(app, pilot, benchmarks.image_result(), "8")
        await press(pilot, "down")
        await shows(pilot, "transfer", "▒", "modelled" if size[0] < 100 else "unpack", "ready", "✓ faster 0.40×")
        pane.runner.result = BenchResult(BenchPlan(), (benchmarks.image_run(engine=False),))
        pane.refresh_all()
        await shows(pilot, "not measured: no engine", "DOCKER_HOST=unix", "transfer")


async def test_a_real_image_without_an_engine_says_so_and_how_to_get_on() -> None:
    async with opened(SAMPLES / "digits_image.tar") as (app, pilot):
        await press(pilot, "8", "enter")
        await settle(pilot)
        pane = pane_of(app)
        assert app.jobs.bug is None
        said = screen_text(app)
        assert "no engine" in said or "engine" in pane.runner.problem
        assert "DOCKER_HOST" in said


async def test_the_time_of_each_node_fills_the_heat_of_the_graph() -> None:
    async with opened(CNN) as (app, pilot):
        await press(pilot, "2", "h", "h", "h")
        assert "time" not in screen_text(app).splitlines()[3]
        await press(pilot, "m")
        await shows(pilot, "time ▾", "µs")
        await settle(pilot)
        await press(pilot, "Z", "down", "down")
        await shows(pilot, "measured time", "of node time is on")
        await press(pilot, "h")
        await shows(pilot, "params ▾")
        await press(pilot, "8")
        await shows(pilot, "ms a run")


async def test_node_times_follow_a_benchmark_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, Planted(benchmarks.alone_result(), waits=False))
    async with opened(CNN) as (_, pilot):
        await press(pilot, "8", "enter")
        await shows(pilot, "ms a run")
        await settle(pilot)
        await press(pilot, "2")
        await shows(pilot, "time ▾")


@pytest.mark.parametrize("size", SMALL, ids=str)
async def test_whatever_things_are_called_is_shown_as_text(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, Planted(benchmarks.alone_result(ALL_AT_ONCE), error=OperationFailed(ALL_AT_ONCE, ALL_AT_ONCE)))
    async with showing(hostile_inspection(ALL_AT_ONCE), size) as (app, pilot):
        await press(pilot, "8")
        assert_harmless(app)
        pane = pane_of(app)
        pane.named = hostile_inspection(ALL_AT_ONCE)
        pane.refresh_all()
        await pilot.pause()
        assert_harmless(app)
        await press(pilot, "enter")
        await until(pilot, lambda: bool(pane.runner.problem))
        await pilot.pause(0.1)
        assert_harmless(app)
        await press(pilot, "tab")
        for key in ("home", "down", "down", "down", "down", "J", "J", "J"):
            await press(pilot, key)
            assert_harmless(app)


async def test_it_reads_without_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert os.environ["NO_COLOR"]
    async with showing(small_inspection()) as (app, pilot):
        await show_result(app, pilot, benchmarks.onnx_result())
        await shows(pilot, "✓ faster", "= no difference shown", "[x]", "[ ]", "▌")
        strips = app.screen._compositor.render_strips()
        colors = {segment.style.color.triplet for strip in strips for segment in strip if segment.style and segment.style.color}
        assert all(triplet is None or len(set(triplet)) == 1 for triplet in colors)
