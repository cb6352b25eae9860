"""The graph tab on the running application: keys, mouse, sizes, search, edges, panel, and names that mean harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from inspector.records.graph import Attribute, Graph, NodeRef
from inspector.records.inspection import Inspection
from inspector.records.tensor import TensorSpec
from inspector.tui.app import ModelpackApp
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.themes import LIGHT
from inspector.tui.widgets.graph.follow import FollowScreen
from inspector.tui.widgets.graph.graph_view import GraphView
from inspector.tui.widgets.graph.header import GraphHeader
from inspector.tui.widgets.graph.minimap import Minimap
from inspector.tui.widgets.graph.pane import GraphPane
from inspector.tui.widgets.graph.rows import BranchRow, FoldRow
from inspector.tui.widgets.graph.state import GraphState
from inspector.tui.widgets.weights_pane import WeightsPane
from tests.tui.driving import SAMPLES, SIZES, opened, press, screen_text, settle, showing, shows
from tests.tui.driving import until as until_true
from tests.tui.inspections import HOSTILE, hostile_inspection
from tests.unit.tui.nets import RESIDUAL, blocks, conditional, inspected, net

PATIENCE_SECONDS = 30.0


@asynccontextmanager
async def graph(
    shown: Graph | Inspection, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[ModelpackApp, Pilot[None], GraphPane, GraphState]]:
    """Run the application on its graph tab."""
    inspection = inspected(shown) if isinstance(shown, Graph) else shown
    async with showing(inspection, size) as (app, pilot):
        await press(pilot, "2")
        pane = app.screen.query_one(GraphPane)
        assert pane.state is not None
        yield app, pilot, pane, pane.state


async def until(pilot: Pilot[None], app: ModelpackApp, text: str) -> None:
    """Wait until the text is on the screen."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while text not in screen_text(app):
            await pilot.pause(0.05)


def lines_with(app: ModelpackApp, text: str) -> list[str]:
    return [line for line in screen_text(app).splitlines() if text in line]


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_one_look_says_what_the_model_is(size: tuple[int, int]) -> None:
    async with graph(blocks(4), size) as (app, _, _, _):
        text = screen_text(app)
        assert "×4 identical" in text
        assert "16 nodes" in text
        assert "x  input" in text
        assert "Softmax" in text
        assert "FLOPs ▾" in text
        header = next(line for line in text.splitlines() if "FLOPs ▾" in line)
        assert ("params" in header) == (size[0] >= 100)
        assert ("memory" in header) == ("name" in header) == (size[0] >= 160)
        assert ("node ─" in text) == (size[0] >= 100)


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_folding_by_keys(size: tuple[int, int]) -> None:
    async with graph(blocks(4), size) as (app, pilot, _, state):
        await press(pilot, "down", "enter")
        assert len(lines_with(app, "▸ ")) == 4
        await press(pilot, "down", "enter", "down", "down")
        assert state.ref == NodeRef("", 1)
        await press(pilot, "z")
        row = state.row
        assert isinstance(row, FoldRow)
        assert row.fold.kind == "block"
        await press(pilot, "Z")
        assert len(lines_with(app, "● Relu")) >= 3
        await press(pilot, "Z")
        assert len(lines_with(app, "● Relu")) == 0


async def test_a_row_that_opens_stays_where_it_is_on_the_screen() -> None:
    async with graph(blocks(40), (80, 24)) as (_, pilot, pane, state):
        await press(pilot, "down", "enter", "pagedown", "pagedown")
        offset = pane.view.cursor_offset
        await press(pilot, "enter")
        assert pane.view.cursor_offset == offset
        await press(pilot, "Z")
        assert pane.view.cursor_offset == offset
        assert isinstance(state.row, FoldRow)


async def test_paging_to_both_ends() -> None:
    async with graph(blocks(40), (80, 24)) as (_, pilot, pane, state):
        await press(pilot, "Z", "end")
        assert state.cursor == len(state.outline) - 1
        assert pane.view.cursor_offset == pane.view.size.height - 1
        await press(pilot, "pageup")
        assert state.cursor == len(state.outline) - pane.view.size.height
        await press(pilot, "home")
        assert (state.cursor, pane.view.scroll_offset.y) == (0, 0)


async def test_searching_counts_steps_and_unfolds() -> None:
    async with graph(blocks(5)) as (app, pilot, pane, state):
        await press(pilot, "slash", *"relu")
        assert "1/5" in screen_text(app)
        assert state.ref == NodeRef("", 1)
        await press(pilot, "enter", "n")
        assert "2/5" in screen_text(app)
        assert state.ref == NodeRef("", 5)
        await press(pilot, "N", "N")
        assert "5/5" in screen_text(app)
        assert state.ref == NodeRef("", 17)
        await press(pilot, "escape")
        assert pane.matches is None
        assert "5/5" not in screen_text(app)
        assert state.ref == NodeRef("", 17)


async def test_what_a_search_opened_for_an_earlier_text_closes_again() -> None:
    async with graph(blocks(5)) as (app, pilot, _, state):
        await press(pilot, "slash", *"/layer.3/fc2")
        assert state.ref == NodeRef("", 14)
        rows = len(state.outline)
        await press(pilot, *["backspace"] * 11, *"layer.1/add")
        assert state.ref == NodeRef("", 7)
        assert len(state.outline) == rows
        await press(pilot, *"zzz")
        assert "no match" in screen_text(app)


async def test_searching_by_shape_and_tensor() -> None:
    async with graph(blocks(3)) as (app, pilot, _, state):
        await press(pilot, "slash", *"n,4", "enter")
        assert "/13" in screen_text(app)
        await press(pilot, "slash", *"b2", "enter")
        assert state.ref == NodeRef("", 9)


@pytest.mark.parametrize(("typed", "node"), [("9", 9), ("/layer.2/act", 9), ("y1", 7), ("nowhere", None)])
async def test_going_to_a_node_inside_a_closed_fold(typed: str, node: int | None) -> None:
    async with graph(blocks(5)) as (app, pilot, pane, state):
        await press(pilot, "g", *typed, "enter")
        assert state.ref == (None if node is None else NodeRef("", node))
        assert pane.view.has_focus
        assert (node is None) == ("No node is called" in screen_text(app))


async def test_going_into_a_subgraph_and_back() -> None:
    async with graph(conditional()) as (app, pilot, pane, state):
        await press(pilot, "Z", "Z")
        pane.go_to(NodeRef("/1.else_branch/0.else_branch", 0))
        await pilot.pause()
        assert state.ref == NodeRef("/1.else_branch/0.else_branch", 0)
        assert lines_with(app, "Abs")
        await press(pilot, "left")
        assert state.ref == NodeRef("", 0)
        await press(pilot, "backspace")
        assert state.ref == NodeRef("/1.else_branch/0.else_branch", 0)


async def test_highlighted_nodes_are_stepped_through() -> None:
    async with graph(blocks(3)) as (app, pilot, pane, state):
        pane.highlight([NodeRef("", 1), NodeRef("", 9)], "two of them")
        await pilot.pause()
        assert "two of them" in screen_text(app)
        assert state.ref == NodeRef("", 1)
        await press(pilot, "n")
        assert state.ref == NodeRef("", 9)
        assert "2/2" in screen_text(app)


async def test_following_one_edge_goes_there_and_several_are_a_choice() -> None:
    async with graph(net(RESIDUAL)) as (app, pilot, _, state):
        await press(pilot, "right")
        assert isinstance(app.screen, FollowScreen)
        await press(pilot, "down", "enter")
        assert state.ref == NodeRef("", 3)
        await press(pilot, "left")
        assert isinstance(app.screen, FollowScreen)
        await press(pilot, "escape")
        assert state.ref == NodeRef("", 3)
        await press(pilot, "up", "left")
        assert state.ref == NodeRef("", 1)
        await press(pilot, "right", "right")
        assert state.ref == NodeRef("", 3)


async def test_enter_offers_weights_too_and_opens_them() -> None:
    async with graph(net(RESIDUAL)) as (app, pilot, _, _):
        await press(pilot, "down", "enter")
        assert isinstance(app.screen, FollowScreen)
        await press(pilot, "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, WorkbenchScreen)
        assert app.screen.query_one(WeightsPane).display


async def test_the_heat_column_is_chosen_by_key_and_by_mouse() -> None:
    async with graph(blocks(3), (80, 24)) as (app, pilot, pane, state):
        assert "FLOPs ▾" in screen_text(app)
        await press(pilot, "h")
        assert "memory ▾" in screen_text(app)
        await press(pilot, "h")
        assert "params ▾" in screen_text(app)
        width = pane.query_one(GraphHeader).size.width
        await pilot.resize_terminal(160, 40)
        await pilot.pause()
        assert pane.query_one(GraphHeader).size.width > width
        line = next(line for line in screen_text(app).splitlines() if "FLOPs" in line)
        await pilot.click(GraphHeader, offset=(line.index("FLOPs") - 1, 0))
        await pilot.pause()
        assert state.metric == "flops"


async def test_the_mouse_selects_toggles_and_jumps() -> None:
    async with graph(blocks(30), (80, 24)) as (app, pilot, pane, state):
        await pilot.click(GraphView, offset=(20, 1))
        assert state.cursor == 1
        assert len(state.outline) == 4
        start = pane.view.painter.label_start(state.row)
        await pilot.click(GraphView, offset=(start, 1))
        await pilot.pause()
        assert len(state.outline) == 34
        await pilot.click(Minimap, offset=(0, pane.query_one(Minimap).size.height - 1))
        await pilot.pause()
        assert state.cursor > 25
        assert pane.view.scroll_offset.y > 0
        assert "last  output" in screen_text(app)


async def test_the_panel_is_beside_the_rows_or_below_them_when_asked_for() -> None:
    async with graph(net(RESIDUAL), (80, 24)) as (app, pilot, pane, _):
        assert not pane.panel.display
        await press(pilot, "down", "i")
        await until_true(pilot, lambda: pane.panel.region.y > pane.view.region.y)
        await shows(pilot, "W1")
        await press(pilot, "i")
        assert "W1" not in screen_text(app)
        await pilot.resize_terminal(120, 36)
        await pilot.pause()
        assert not pane.panel.display
        await press(pilot, "i")
        assert pane.panel.region.x > pane.view.region.x


async def test_lines_of_the_panel_lead_to_nodes_and_weights() -> None:
    async with graph(net(RESIDUAL)) as (app, pilot, pane, state):
        await press(pilot, "down")
        await pilot.pause(0.2)
        await press(pilot, "tab")
        assert pane.panel.view.has_focus
        await press(pilot, "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, WorkbenchScreen)
        assert app.screen.tab == "weights"
        await press(pilot, "2", "tab", "down", "enter")
        assert state.ref == NodeRef("", 1)
        assert pane.view.has_focus


async def test_what_a_node_took_in_is_shown_below_it() -> None:
    shown = net("in x\nshape = Constant() /target\ny = Reshape(x, shape)\nout y")
    async with graph(shown) as (app, pilot, _, _):
        assert not lines_with(app, "Constant")
        await press(pilot, "down", "c")
        assert lines_with(app, "· Constant")
        await press(pilot, "c")
        assert not lines_with(app, "· Constant")


async def test_shapes_that_arrive_change_nothing_but_the_shapes() -> None:
    inspection = inspected(blocks(40))
    async with graph(inspection, (80, 24)) as (app, pilot, pane, state):
        await press(pilot, "g", *"70", "enter", "slash", *"relu", "enter", "n")
        cursor, scroll, rows = state.ref, pane.view.scroll_offset.y, len(state.outline)
        assert scroll > 0
        whole = inspection.computation.graph
        values = {name: TensorSpec(name, "float16", (7, 7)) for name in whole.values}
        fuller = replace(inspection.computation, graph=replace(whole, values=values))
        assert isinstance(app.screen, WorkbenchScreen)
        app.screen.update(replace(inspection, computation=fuller))
        await settle(pilot)
        assert (state.ref, pane.view.scroll_offset.y, len(state.outline)) == (cursor, scroll, rows)
        assert "float16[7,7]" in screen_text(app)
        await press(pilot, "N")
        assert state.ref != cursor


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
async def test_names_that_mean_harm_do_none(text: str) -> None:
    async with graph(hostile_inspection(text)) as (app, pilot, pane, _):
        await press(pilot, "down", "i", "i", "enter", "escape", "slash", *"a", "escape", "end", "enter", "Z", "c", "left")
        await pilot.pause(0.3)
        pane.highlight([NodeRef("", 1)], text)
        await pilot.pause()
        shown = screen_text(app)
        assert not any(ord(character) < 32 and character != "\n" for character in shown)
        assert "\x9b" not in shown
        assert "\u202e" not in shown
        if text.isprintable() and len(text) < 20:
            assert text in shown


async def test_names_are_never_taken_for_markup() -> None:
    shown = net("in x\na = Relu(x)\nout a")
    node = replace(shown.nodes[0], name="[bold]n[/bold]", attributes=(Attribute("axis", "string", "[red]"),))
    async with graph(replace(shown, nodes=(node,)), (200, 60)) as (app, pilot, _, _):
        await press(pilot, "down")
        await until_true(pilot, lambda: len(lines_with(app, "[bold]n[/bold]")) == 2)
        assert lines_with(app, "axis [red]")


async def test_a_light_theme_recolors_the_rows() -> None:
    async with graph(net(RESIDUAL)) as (app, pilot, pane, _):
        dark = pane.view.render_line(0)
        app.theme = LIGHT
        await pilot.pause()
        light = pane.view.render_line(0)
        assert dark.text == light.text
        assert [segment.style for segment in dark] != [segment.style for segment in light]


async def test_large_graphs_are_searched_beside_the_screen() -> None:
    lines = "\n".join(f"t{at} = Relu(t{at - 1})" if at % 9 else f"t{at} = Exp(t{at - 1})" for at in range(1, 5000))
    async with graph(net(f"in x\nt0 = Relu(x)\n{lines}\nout t4999")) as (app, pilot, pane, state):
        await press(pilot, "slash", *"exp")
        await until(pilot, app, "1/555")
        assert state.ref == NodeRef("", 9)
        await press(pilot, "enter", "N")
        assert state.ref == NodeRef("", 4995)
        await press(pilot, "escape", "g", *"t2500", "enter")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while state.ref != NodeRef("", 2500):
                await pilot.pause(0.05)
        assert pane.view.cursor_offset < pane.view.size.height


async def test_a_weights_histogram_is_read_while_the_cursor_rests() -> None:
    async with opened(SAMPLES / "digits_cnn.onnx") as (app, pilot):
        await press(pilot, "2", "slash", *"conv", "enter")
        pane = app.screen.query_one(GraphPane)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "σ" not in pane.panel.view.text:
                await pilot.pause(0.1)
        assert "values" in pane.panel.view.text
        assert any(block in pane.panel.view.text for block in "▁▂▃▄▅▆▇█")


async def test_loops_and_ifs_are_drawn_in_place() -> None:
    async with opened(SAMPLES / "iterative_refinement.onnx") as (app, pilot):
        await press(pilot, "2")
        state = app.screen.query_one(GraphPane).state
        assert state is not None
        rows = [state.outline.row_at(at) for at in range(len(state.outline))]
        assert [row.section.title for row in rows if isinstance(row, BranchRow)] == ["body", "else_branch", "then_branch"]
        assert lines_with(app, "▾ Loop")
