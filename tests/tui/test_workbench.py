"""The workbench on real files: tabs, jumps between them, reading beside the screen, errors, another artifact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.errors import UnreadableArtifact
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Started
from inspector.records.inspection import Inspection
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.opening import OpeningScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.screens.write_report import WriteReportScreen
from inspector.tui.tabs import PANES
from inspector.tui.widgets.graph import GraphPane
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.weights_pane import WeightsPane
from tests.tui.driving import SAMPLES, SIZES, opened, press, screen_text, settle, showing, shows, until
from tests.tui.inspections import small_inspection

CNN = SAMPLES / "digits_cnn.onnx"
TRANSFORMER = SAMPLES / "digits_transformer.onnx"


def workbench(app: ModelpackApp) -> WorkbenchScreen:
    screen = app.screen
    assert isinstance(screen, WorkbenchScreen)
    return screen


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_every_tab_shows_what_it_is_for(size: tuple[int, int], theme: str) -> None:
    telling = {
        "1": ("digits_transformer.onnx", "121", "tokens", "logits", "MatMul"),
        "2": ("LayerNormalization", "graph"),
        "3": ("11 operators", "MatMul", "32"),
        "4": ("1 input", "tokens", "int64", "[batch,64]"),
        "5": ("74 weights", "float32", "65.5 KB"),
        "6": ("Nothing to report",),
    }
    async with opened(TRANSFORMER, size) as (_, pilot):
        if theme == "light":
            await press(pilot, "t")
        for key, expected in telling.items():
            await press(pilot, key)
            await shows(pilot, *expected)


async def test_one_look_at_the_overview_says_what_the_model_is() -> None:
    async with opened(TRANSFORMER, (120, 60)) as (app, _):
        text = screen_text(app)
    for word in (
        "854.7 KB",
        "205.9 K",
        "opset 20",
        "×4",
        "30.5 M",
        "100 %",
        "float32",
        "batch=1",
        "nothing to report",
        "press",
    ):
        assert word in text or word == "press"


async def test_an_operator_jumps_to_its_nodes_and_n_walks_them() -> None:
    async with opened(CNN) as (app, pilot):
        await press(pilot, "3", "slash", *"conv", "enter", "enter")
        await until(pilot, lambda: workbench(app).tab == "graph")
        pane = app.screen.query_one(GraphPane)
        await until(pilot, lambda: pane.matches is not None)
        assert pane.matches is not None
        first = screen_text(app)
        await press(pilot, "n")
        await until(pilot, lambda: screen_text(app) != first)


async def test_a_finding_jumps_to_its_node() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "6", "enter")
        await until(pilot, lambda: workbench(app).tab == "graph")
        await shows(pilot, "body/relu")


async def test_a_finding_jumps_to_its_weight() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "6", "end", "enter")
        await until(pilot, lambda: workbench(app).tab == "weights")
        pane = app.screen.query_one(WeightsPane)
        assert pane.inspection is not None
        row = pane.table.row
        assert row is not None
        assert pane.inspection.computation.weights[row].name == "w3"


async def test_an_input_jumps_to_the_nodes_that_take_it() -> None:
    async with opened(CNN) as (app, pilot):
        await press(pilot, "4", "enter")
        await until(pilot, lambda: workbench(app).tab == "graph")


async def test_a_weight_is_read_when_the_cursor_rests_and_enter_then_follows_it() -> None:
    async with opened(CNN) as (app, pilot):
        await press(pilot, "5")
        await until(pilot, lambda: "sha256" in screen_text(app))
        text = screen_text(app)
        assert "head.1.weight" in text
        assert "range" in text
        assert "█" in text or "▇" in text
        assert "no other weight" in text
        await press(pilot, "enter")
        await until(pilot, lambda: workbench(app).tab == "graph")
        await shows(pilot, "Gemm")


async def test_the_figures_of_a_weight_are_right() -> None:
    import numpy as np
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(CNN))
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    async with opened(CNN) as (_, pilot):
        await press(pilot, "5")
        await shows(pilot, *_figures(stored["head.1.weight"], np.float64), "head.1.weight")
        await press(pilot, "slash", *"head.4.bias", "enter")
        await shows(pilot, *_figures(stored["head.4.bias"], np.float64), "head.4.bias")


def _figures(values: Any, wide: Any) -> tuple[str, str]:
    return f"{values.min():.6g} … {values.max():.6g}", f"{values.mean(dtype=wide):.6g}"


async def test_what_arrives_later_moves_nothing() -> None:
    async with opened(TRANSFORMER) as (app, pilot):
        screen = workbench(app)
        assert screen.inspection is not None
        for key in ("3", "5"):
            await press(pilot, key, "end", "up", "S")
            table = next(table for table in screen.query(LineTable) if table.has_focus)
            before = (table.row, table.cursor, table.scroll_offset, table.view.sort, table.view.reverse)
            screen.update(screen.inspection)
            await settle(pilot)
            assert (table.row, table.cursor, table.scroll_offset, table.view.sort, table.view.reverse) == before


async def test_shapes_and_equal_weights_are_found_beside_the_screen() -> None:
    async with opened(CNN) as (app, _):
        inspection = workbench(app).inspection
        assert inspection is not None
        assert inspection.computation.inferred
        assert inspection.weights_compared


async def test_another_batch_size_changes_the_figures() -> None:
    async with opened(CNN) as (app, pilot):
        before = workbench(app).inspection
        await press(pilot, "b", "backspace", "8", "enter")
        await settle(pilot)
        after = workbench(app).inspection
        assert before is not None
        assert after is not None
        assert after.cost.flops == 8 * before.cost.flops
        assert "batch=8" in screen_text(app)


@pytest.mark.parametrize("typed", ["0", "x", "batch=", "-3", "1 sequence=abc", "99999999999999"])
async def test_a_batch_size_that_is_none_is_told_and_changes_nothing(typed: str) -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "b", "backspace", *typed, "enter")
        assert "not understood" in screen_text(app)
        await press(pilot, "escape")
        assert workbench(app).inspection is not None


async def test_an_unknown_symbol_is_told() -> None:
    async with opened(CNN) as (_, pilot):
        await press(pilot, "b", "space", *"sequence=3", "enter")
        await shows(pilot, "it has batch")


async def test_a_broken_file_opened_from_inside_is_a_notice(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(CNN.read_bytes()[:1000])
    async with opened(CNN) as (app, pilot):
        app.open_artifact(str(broken))
        await settle(pilot)
        await shows(pilot, "Not opened")
        text = screen_text(app)
        assert "digits_cnn.onnx" in text.splitlines()[0]


async def test_a_broken_file_named_at_the_start_ends_the_application_with_the_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(CNN.read_bytes()[:1000])
    app = ModelpackApp(broken)
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.fatal is not None)
    assert isinstance(app.fatal, UnreadableArtifact)


async def test_another_artifact_takes_the_place_of_the_first() -> None:
    async with opened(CNN) as (app, pilot):
        await press(pilot, "3")
        app.open_artifact(str(TRANSFORMER))
        await settle(pilot)
        assert workbench(app).tab == "overview"
        assert "digits_transformer.onnx" in screen_text(app).splitlines()[0]
        await press(pilot, "3")
        assert "11 operators" in screen_text(app)
        assert [Path(entry.path).name for entry in app.recent.entries()] == [TRANSFORMER.name, CNN.name]


async def test_reading_again_keeps_the_tab() -> None:
    async with opened(CNN) as (app, pilot):
        await press(pilot, "5", "ctrl+r")
        await settle(pilot)
        assert workbench(app).tab == "weights"
        assert "11 weights" in screen_text(app)


async def test_a_tab_chosen_before_anything_is_read_is_shown_afterwards() -> None:
    app = ModelpackApp(CNN)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("5")
        await settle(pilot)
        assert workbench(app).tab == "weights"
        assert "11 weights" in screen_text(app)


async def test_stopping_the_first_reading_leads_to_the_opening_screen() -> None:
    app = ModelpackApp(CNN)
    async with app.run_test(size=(120, 36)) as pilot:
        app.open_artifact = lambda path: None  # type: ignore[method-assign]
        await pilot.pause()
        if isinstance(app.screen, WorkbenchScreen) and app.screen.inspection is None:
            app._leave_empty_workbench()
            await pilot.pause()
            assert isinstance(app.screen, OpeningScreen)


async def test_tabs_by_mouse_and_by_bracket() -> None:
    async with showing(small_inspection()) as (app, pilot):
        header = screen_text(app).splitlines()[1]
        for place, title in (("operators", "Operators"), ("findings", "Findings"), ("overview", "Overview")):
            await pilot.click("#tab-strip", offset=(header.index(title), 0))
            await pilot.pause()
            assert workbench(app).tab == place
        for place in (*list(PANES["onnx"])[1:], "overview"):
            await press(pilot, "]")
            assert workbench(app).tab == place
        await press(pilot, "[")
        assert workbench(app).tab == "benchmark"


async def test_footer_keys_by_mouse() -> None:
    async with showing(small_inspection()) as (app, pilot):
        footer = screen_text(app).splitlines()[-1]
        await pilot.click("#key-bar", offset=(footer.index("report"), 0))
        await pilot.pause()
        assert isinstance(app.screen, WriteReportScreen)
        await press(pilot, "escape")
        await pilot.click("#key-bar", offset=(footer.index("help"), 0))
        await shows(pilot, "Show every key of this screen")


async def test_a_double_click_on_an_operator_shows_its_nodes() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "3")
        await pilot.click(LineTable, offset=(4, 2), times=2)
        await until(pilot, lambda: workbench(app).tab == "graph")


async def test_escape_shows_all_rows_again_before_it_stops_anything() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "3", "slash", *"conv", "enter")
        table = app.screen.query_one(LineTable)
        assert len(table.view.shown) == 1
        await press(pilot, "escape")
        assert len(table.view.shown) == 3


async def test_jumps_name_nodes_of_the_right_graph() -> None:
    async with opened(SAMPLES / "iterative_refinement.onnx") as (app, pilot):
        await press(pilot, "3")
        table = app.screen.query_one(LineTable)
        inner = next(use for use in table.view.shown if use.name == "If")
        table.go_to(inner)
        await press(pilot, "enter")
        await pilot.pause(0.1)
        pane = app.screen.query_one(GraphPane)
        await until(pilot, lambda: pane.matches is not None)
        assert pane.matches is not None
        await shows(pilot, " If")
        ref = pane.matches.refs[0]
        inspection = workbench(app).inspection
        assert inspection is not None
        graph = next(graph for graph in inspection.computation.graphs() if graph.path == ref.graph)
        assert graph.path != ""
        assert graph.nodes[ref.index].operator == "If"


async def test_every_step_beside_the_screen_starts_from_the_one_before() -> None:
    def counting(inspection: Inspection, _: CancelToken) -> Iterator[Event[Inspection]]:
        yield Started("counting")
        yield Finished(replace(inspection, batch=inspection.batch + 1))

    async with showing(small_inspection()) as (app, pilot):
        screen = workbench(app)
        for _ in range(20):
            screen.background.add("counting", counting)
        screen.find_out_more()
        await settle(pilot)
        assert screen.inspection is not None
        assert screen.inspection.batch == 21


async def test_cards_of_the_overview_lead_to_their_tabs() -> None:
    async with showing(small_inspection(), (120, 60)) as (app, pilot):
        for card, tab in (
            ("#weights-card", "weights"),
            ("#findings-card", "findings"),
            ("#structure", "graph"),
            ("#model", "signatures"),
        ):
            await press(pilot, "1")
            await pilot.click(card)
            await until(pilot, lambda tab=tab: workbench(app).tab == tab)


@pytest.mark.parametrize(("size", "columns"), [((80, 24), 1), ((120, 36), 2), ((200, 60), 3)], ids=str)
async def test_the_overview_uses_the_width_there_is(size: tuple[int, int], columns: int) -> None:
    async with showing(small_inspection(), size) as (app, _):
        lefts = {column.region.x for column in app.screen.query(".column")}
        assert len(lefts) == columns
        assert not app.screen.query_one("#overview").show_horizontal_scrollbar


async def test_nothing_is_lost_when_the_terminal_is_tiny_or_changes_size() -> None:
    async with showing(small_inspection(), (200, 60)) as (app, pilot):
        for size in ((20, 5), (40, 10), (120, 36)):
            await pilot.resize_terminal(*size)
            await press(pilot, *"123456")
        await press(pilot, "1")
        assert app.is_running
        await shows(pilot, "small.onnx", "Overview", "quit")
