"""The optimize tab: what it says before, while and after steps run, and that everything it offers works."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from textual.events import Key

from inspector.optimize import catalogue
from inspector.records.event import Started, Steps
from inspector.records.graph import NodeRef
from inspector.records.inspection import Inspection
from inspector.records.optimization import Change, OptimizationRequest, OptimizeSettings
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.graphs import GraphsScreen
from inspector.tui.screens.question import QuestionScreen
from inspector.tui.screens.save_model import SaveModelScreen
from inspector.tui.screens.sensitivity import SensitivityScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.widgets.optimize import OptimizePane
from tests.builders import save, small_cnn
from tests.tui.driving import SAMPLES, SIZES, opened, press, screen_text, settle, showing, shows, until
from tests.tui.inspections import HOSTILE, inspection_of, small_inspection
from tests.tui.optimizations import Idle, Patient, accepted, all_idle, rejected, shown_rows
from tests.tui.test_hostile_text import assert_harmless
from tests.unit.workflows.optimization import planting

ALL_AT_ONCE = " ".join(HOSTILE)


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where candidates are made; timing is not what is tested here."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))
    monkeypatch.setattr("inspector.workflows.optimization.proving.Proof._measured", _not_timed)
    return work


def _not_timed(proof: object, change: Change, best: object) -> Steps[Change]:
    """Take the place of timing and autopsy, which take ten seconds and more."""
    yield Started("not timing it")
    return change


def put(monkeypatch: pytest.MonkeyPatch, optimizers: Mapping[Any, Any]) -> None:
    """Put optimizers of a test in place of the real ones."""
    monkeypatch.setattr(catalogue, "OPTIMIZERS", MappingProxyType({**all_idle(), **optimizers}))


def pane_of(app: ModelpackApp) -> OptimizePane:
    return app.screen.query_one(OptimizePane)


async def show_rows(app: ModelpackApp, pilot: Any, inspection: Inspection, *changes: Change) -> OptimizePane:
    """Show the tab with steps that were made by hand, the cursor on the last."""
    await press(pilot, "7")
    await settle(pilot)
    pane = pane_of(app)
    pane.runner.log.rows = shown_rows(inspection, *changes)
    pane.refresh_all()
    await pilot.pause()
    await press(pilot, "tab", "end")
    return pane


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_stranger_reads_what_will_happen(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {"int8": Patient("int8"), "fp16": Idle("fp16", "weights are fp16", nothing_to_do=True)})
    async with showing(small_inspection(), size) as (app, pilot):
        await press(pilot, "7")
        await shows(pilot, "simplify", "fp16", "int8", "int8-dynamic", "space picks steps", "until you save")
        await shows(pilot, "nothing to do: weights are fp16", "cannot run", "somebody will press Escape")
        assert "16 seeded, synthetic" in screen_text(app)
        await press(pilot, "down", "down")
        await shows(pilot, "would do")


async def test_the_real_steps_say_what_they_would_do_to_a_sample() -> None:
    async with opened(SAMPLES / "digits_cnn.onnx") as (_, pilot):
        await press(pilot, "7", "down", "down")
        await shows(pilot, "static int8", "Conv", "because")


async def test_findings_are_counted_on_their_own_tab() -> None:
    async with showing(small_inspection()) as (app, _):
        assert "6 Findings 3  7 Optimize" in screen_text(app).splitlines()[1]


async def test_steps_are_picked_in_order_and_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {"simplify": Patient("simplify"), "int8": Patient("int8")})
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        pane = pane_of(app)
        await press(pilot, "down", "down", "space", "up", "space", "up", "space")
        assert pane.picks == ("int8", "simplify")
        assert "[1]  int8" in screen_text(app)
        assert "[2]  simplify" in screen_text(app)
        await pilot.click(pane.steps, offset=(3, 3))
        await pilot.pause()
        assert pane.picks == ("simplify",)


async def test_keys_typed_faster_than_messages_are_handled_count_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(monkeypatch, {"simplify": Patient("simplify"), "fp16": Patient("fp16")})
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        for key in ("down", "space", "up", "space", "enter"):
            app.post_message(Key(key, " " if key == "space" else None))
        await shows(pilot, "▶ running")
        pane = pane_of(app)
        assert pane.runner.log.rows[-1].optimizer == "fp16"
        assert pane.runner._queue == ["simplify"]
        await press(pilot, "escape")
        await settle(pilot)


async def test_a_stopped_step_keeps_what_it_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    patient = Patient("simplify")
    put(monkeypatch, {"simplify": patient, "int8": Patient("int8")})
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        await press(pilot, "space", "down", "down", "space", "enter")
        await shows(pilot, "▶ running", "making the second candidate", "the first candidate", "it was too slow", "esc cancel")
        await press(pilot, "escape")
        await shows(pilot, "■ stopped", "the first candidate", "it was too slow")
        await settle(pilot)
        rows = pane_of(app).runner.log.rows
        assert [row.optimizer for row in rows] == [None, "simplify"]
        await press(pilot, "u")
        await shows(pilot, "space picks steps")


async def test_real_steps_end_to_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, work_folder: Path) -> None:
    """A faithful step is accepted, a false one rejected; the graphs stand side by side; saved, asked about, undone."""
    put(
        monkeypatch,
        {
            "simplify": planting.Altering(planting.unaltered),
            "fp16": planting.Altering(planting.one_weight_scaled, "fp16"),
        },
    )
    monkeypatch.chdir(tmp_path)
    path = save(small_cnn(), tmp_path / "model.onnx")
    before = path.read_bytes()
    async with opened(path) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        await press(pilot, "space", "down", "space", "enter")
        await until(pilot, lambda: pane_of(app).runner.log.count == 2)
        await settle(pilot)
        await shows(pilot, "✓ accepted", "✗ rejected", "SQNR")
        await press(pilot, "g")
        await until(pilot, lambda: isinstance(app.screen, GraphsScreen))
        await shows(pilot, "before: the original", "after simplify", "0 new")
        await press(pilot, "escape", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SaveModelScreen))
        await shows(pilot, "model-simplify.onnx", "with the contract inside")
        await press(pilot, *("backspace",) * len("-simplify.onnx"), *".onnx", "enter")
        await shows(pilot, "overwrite")
        await press(pilot, *("backspace",) * len(".onnx"), *"-2.onnx", "enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveModelScreen))
        assert (tmp_path / "model-2.onnx").exists()
        assert path.read_bytes() == before
        await press(pilot, "up")
        await shows(pilot, "written   model-2.onnx")
        await press(pilot, "up", "u")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await press(pilot, "enter")
        await shows(pilot, "space picks steps")
        assert not pane_of(app).runner.session.changes
    for _ in range(500):
        if not list(work_folder.iterdir()):
            break
        await asyncio.sleep(0.02)
    assert not list(work_folder.iterdir())


async def test_another_file_is_replaced_only_when_asked_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(monkeypatch, {"simplify": planting.Altering(planting.unaltered)})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model-simplify.onnx").write_text("mine")
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, lambda: pane_of(app).runner.log.count == 1)
        await settle(pilot)
        await press(pilot, "ctrl+s", "enter")
        await shows(pilot, "Enter again replaces it")
        assert (tmp_path / "model-simplify.onnx").read_text() == "mine"
        await press(pilot, "enter")
        await until(pilot, lambda: not isinstance(app.screen, SaveModelScreen))
        assert (tmp_path / "model-simplify.onnx").read_bytes() != b"mine"


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_a_change_is_told_in_full(size: tuple[int, int], theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {})
    inspection = small_inspection()
    async with showing(inspection, size) as (app, pilot):
        if theme == "light":
            await press(pilot, "t")
        pane = await show_rows(app, pilot, inspection, rejected(), accepted())
        await shows(pilot, "✗ rejected", "✓ accepted", "0.30×")
        told = "\n".join(line.plain for card in pane._cards for line in card.build(60))
    for words in (
        "static int8 (QDQ, U8S8)",
        "94 % of FLOPs are in Conv",
        "12.0 KB → 3.6 KB  0.30×",
        "5 → 11; 9 without constants",
        "1.20× (1.11–1.31)  2 → 2.4 ms",
        "noise 0.97–1.03",
        "✓ cosine 0.99812, at least 0.99",
        "✓ SQNR 31.4 dB, at least 20.0 dB",
        "30.9 dB",
        "8 inputs, synthetic, seed 1; on cpu",
        "◆ underpowered",
        "0.72% at 95%",
        "needs about 1,200",
        "opset raised, 11 → 13",
        "static int8, MinMax",
        "SQNR 12.3 dB, at least 20 needed",
        "Conv stem/conv: loses most",
        "sorted nodes",
        "3 QuantizeLinear, 12 % of the run time",
        "quantize_static, MinMax",
        "calibrated on synthetic inputs",
    ):
        assert words in " ".join(told.split()) or words in told


async def test_a_wide_screen_shows_every_column(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {})
    inspection = small_inspection()
    async with showing(inspection, (200, 60)) as (app, pilot):
        await show_rows(app, pilot, inspection, accepted())
        text = screen_text(app)
    row = next(line for line in text.splitlines() if "✓ accepted" in line and "int8" in line)
    for figure in (
        "12.0 KB → 3.6 KB",
        "0.30×",
        "5 → 11",
        "31.4 dB",
        "0.70×",
        "1.20×",
        "1.11–1.31",
        "the best of two that passed",
    ):
        assert figure in row


async def test_where_one_graph_goes_the_other_follows() -> None:
    inspection = small_inspection()
    graph = inspection.computation.graph
    shorter = replace(graph, nodes=(graph.nodes[0], *(replace(node, index=node.index - 1) for node in graph.nodes[2:])))
    after = inspection_of(replace(inspection.computation, graph=shorter))
    async with showing(inspection) as (app, pilot):
        screen = GraphsScreen(inspection, after, "simplify")
        app.push_screen(screen)
        await shows(pilot, "5 nodes · 1 gone after", "4 nodes · 0 new")
        left, right = (view.state for view in screen.views)
        assert left is not None
        assert right is not None
        await press(pilot, "n")
        assert left.ref == NodeRef("", 1)
        assert right.ref == NodeRef("", 0)  # the row above that both have
        await press(pilot, "down")
        assert (left.ref, right.ref) == (NodeRef("", 2), NodeRef("", 1))
        await press(pilot, "tab", "end")
        assert (left.ref, right.ref) == (NodeRef("", 4), NodeRef("", 3))
        await press(pilot, "n")
        await until(pilot, lambda: len(app.screen.query("Toast")))
        await press(pilot, "escape")
        assert isinstance(app.screen, WorkbenchScreen)


async def test_steps_fold_away_where_there_are_few_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {})
    inspection = small_inspection()
    async with showing(inspection, (80, 24)) as (app, pilot):
        pane = await show_rows(app, pilot, inspection, accepted())
        assert pane.query_one("#steps-box").size.height == 0
        details = pane.details.size.height
        assert "int8-dynamic" not in screen_text(app)
        await press(pilot, "tab")
        assert "int8-dynamic" in screen_text(app)
        assert pane.details.size.height < details


async def test_a_step_is_run_again_with_nodes_kept_in_fp32(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    patient = Patient("int8")
    put(monkeypatch, {"int8": patient})
    async with opened(save(small_cnn(), tmp_path / "model.onnx")) as (app, pilot):
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        assert isinstance(screen.inspection, Inspection)
        pane = await show_rows(app, pilot, screen.inspection, accepted())
        await press(pilot, "n")
        await until(pilot, lambda: isinstance(app.screen, SensitivityScreen))
        await shows(pilot, "stem/conv", "body/conv", "8.2", "21.0", "1 kept in fp32")
        lines = screen_text(app).splitlines()
        stem, body = (next(at for at, line in enumerate(lines) if name in line) for name in ("stem/conv", "body/conv"))
        assert stem < body
        assert "[x]" in lines[stem]
        await press(pilot, "space", "down", "space")
        await shows(pilot, "2 marks turned", "1 kept in fp32")
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await press(pilot, "enter")
        await until(pilot, lambda: patient.kept)
        assert patient.kept[-1] == ("body/conv",)
        await shows(pilot, "▶ running")
        assert pane.runner.log.rows[-1].kept == ("body/conv",)
        await press(pilot, "escape")
        await settle(pilot)


async def test_nodes_without_a_name_of_their_own_are_named_by_number() -> None:
    change = accepted()
    first, second, third = change.sensitivity
    nodes = (replace(first, name="same"), replace(second, name="same"), replace(third, name="", kept_fp32=True))
    async with showing(small_inspection()) as (app, pilot):
        screen = SensitivityScreen(replace(change, sensitivity=nodes))
        chosen: list[object] = []
        app.push_screen(screen, chosen.append)
        await pilot.pause()
        await press(pilot, "enter")
        assert chosen == [("#0", "#4")]


@pytest.mark.parametrize(
    ("text", "size"), [*((text, (120, 36)) for text in HOSTILE), (ALL_AT_ONCE, (80, 24)), (ALL_AT_ONCE, (200, 60))]
)
async def test_hostile_names_are_text(text: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, all_idle(text))
    inspection = small_inspection()
    async with showing(inspection, size) as (app, pilot):
        await show_rows(app, pilot, inspection, accepted(text), rejected(text))
        assert_harmless(app)
        await press(pilot, "up")
        for key in ("J", "n", "down", "escape", "g", "down", "escape", "tab", "u", "escape"):
            await press(pilot, key)
            assert_harmless(app)
        await settle(pilot)
        assert_harmless(app)


async def test_what_the_command_line_says_reaches_the_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {})
    path = save(small_cnn(), tmp_path / "model.onnx")
    app = ModelpackApp(path, request=OptimizationRequest(OptimizeSettings(allow=frozenset({"growth"})), "/data/real.npz"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        await shows(pilot, "real.npz: ")  # and why it cannot be read
        await shows(pilot, "allowed: growth")
        assert pane_of(app).runner.session.request.data == "/data/real.npz"


async def test_keys_that_have_nothing_to_work_on_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, {})
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        for key, words in (
            ("n", "No step has measured"),
            ("g", "No step has given a model"),
            ("ctrl+s", "nothing to save"),
            ("u", "nothing to undo"),
            ("space", "nothing stands out"),
        ):
            await press(pilot, key)
            await until(pilot, lambda words=words: any(words in str(toast.render()) for toast in app.screen.query("Toast")))  # type: ignore[misc]
