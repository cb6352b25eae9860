"""The compare screen: planted differences, marked by sign, and how one gets there and back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from inspector.records.opened import Target
from inspector.report.json import to_json
from inspector.tui import app as app_module
from inspector.tui.app import ModelpackApp, run_app
from inspector.tui.palette import ActionProvider
from inspector.tui.screens.compare import CompareScreen
from inspector.tui.screens.compare_choice import CompareChoiceScreen
from inspector.tui.screens.help import HelpScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.widgets.compare.pane import ComparePane
from inspector.workflows.opening import Opening
from tests.compared import images, onnx_models, saved_models
from tests.golden.bench_reviews import hostile_measured_review
from tests.golden.reviews import hostile_review, ordinary_review
from tests.images.build import File
from tests.tui.driving import press, screen_text, settle, showing, shows, until
from tests.tui.inspections import HOSTILE, hostile_inspection, small_inspection
from tests.tui.test_hostile_text import assert_harmless

Pair = tuple[Path, Path]


def _several(model: onnx_models.ModelProto) -> None:
    """Change an operator at the start and an attribute at the end; what lies between stays."""
    onnx_models.swapped_operator(model)
    onnx_models.one_element(model)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def models(folder: Path) -> Pair:
    before, after = onnx_models.base(), onnx_models.base()
    return onnx_models.write(before, folder / "before"), onnx_models.write(after, folder / "after", _several)


@asynccontextmanager
async def comparing(
    before: Path, after: Target, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[ModelpackApp, Pilot[None]]]:
    """Run the application on the first with the second beside it, as the command line does."""
    app = ModelpackApp(before)
    app.begin_with(None, None, after)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(
            pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.query(ComparePane) and not app.screen.busy
        )
        await settle(pilot)
        yield app, pilot
    assert app.jobs.bug is None


def _pane(app: ModelpackApp) -> ComparePane:
    return app.screen.query_one(ComparePane)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_planted_differences_are_marked_by_signs(models: Pair, size: tuple[int, int]) -> None:
    async with comparing(*models, size) as (app, pilot):
        await shows(pilot, "≠ not the same", "structure", "weights", "~1", "LeakyRelu", "equal nodes")
        lines = screen_text(app).splitlines()
        changed = next(line for line in lines if "LeakyRelu" in line)
        assert "~" in changed
        assert "Relu" in changed.replace("LeakyRelu", "")
        assert re.search(r"signatures +=", screen_text(app))
        assert app.screen.query_one("#compare-names").region.height == 1


async def test_keys_walk_through_the_differences(models: Pair) -> None:
    async with comparing(*models) as (app, pilot):
        pane = _pane(app)
        assert pane.steps.row is not None
        assert pane.steps.steps is not None
        assert pane.steps.steps.way(pane.steps.row) == "changed"
        await shows(pilot, "− Relu", "+ LeakyRelu")
        shown = len(pane.steps.view.shown)
        await press(pilot, "d")
        assert [pane.steps.steps.way(row) for row in pane.steps.view.shown] == ["changed"]
        await shows(pilot, "differences only")
        await press(pilot, "d", "Z")
        assert len(pane.steps.view.shown) > shown
        await press(pilot, "Z", "end", "enter")
        assert len(pane.steps.view.shown) > shown
        await press(pilot, "home", "n", "n")
        assert pane.areas.row is not None
        assert pane.areas.row.area == "weights"
        await shows(pilot, "changed elements", "w1")
        await press(pilot, "N")
        assert pane.areas.row.area == "structure"
        await press(pilot, "tab")
        assert pane.areas.has_focus
        await press(pilot, "enter")
        assert pane.steps.has_focus


async def test_a_search_finds_nodes_in_folds(models: Pair) -> None:
    async with comparing(*models) as (app, pilot):
        await press(pilot, "slash", *"gate")
        await until(pilot, lambda: len(_pane(app).steps.view.shown) == 1)
        await shows(pilot, "Sigmoid")
        await press(pilot, "escape")
        await until(pilot, lambda: len(_pane(app).steps.view.shown) > 1)
        assert isinstance(app.screen, CompareScreen)


async def test_mouse(models: Pair) -> None:
    async with comparing(*models) as (app, pilot):
        pane = _pane(app)
        rows = [area.area for area in pane.areas.view.shown]
        await pilot.click(pane.areas, offset=(6, rows.index("weights") + 1))
        await until(pilot, lambda: pane.areas.row is not None and pane.areas.row.area == "weights")
        await shows(pilot, "weights: ", "max error")
        await pilot.click(pane.areas, offset=(6, rows.index("structure") + 1))
        fold = next(at for at, row in enumerate(pane.steps.view.shown) if row.kind == "stretch")
        before = len(pane.steps.view.shown)
        await pilot.click(pane.steps, offset=(20, fold + 1), times=2)
        await until(pilot, lambda: len(pane.steps.view.shown) > before)
        bar = app.screen.query_one("#key-bar")
        await pilot.click(bar, offset=(2, 0))
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen))


async def test_what_is_the_same_is_said_in_one_line(folder: Path, models: Pair) -> None:
    again = onnx_models.write(onnx_models.base(), folder / "again", onnx_models.reordered)
    async with comparing(models[0], again) as (app, pilot):
        await shows(pilot, "✓ the same", "equal nodes")
        assert "≠" not in screen_text(app)
        assert "?" not in screen_text(app).splitlines()[1]


async def test_images_show_files_with_bytes(folder: Path) -> None:
    other = {**images.APP, "app/data": File(b"e" * 1200), "app/new": File(b"n" * 500)}
    pair = images.write(folder / "one.tar"), images.write(folder / "two.tar", [images.package("1.1"), other])
    async with comparing(*pair) as (app, pilot):
        await shows(pilot, "/app/data", "900 B", "1.2 KB", "+300 B", "/app/new")
        pane = _pane(app)
        pane.areas.go_to(next(area for area in pane.areas.view.shown if area.area == "packages"))
        await shows(pilot, "1.0", "1.1")


async def test_a_saved_model_beside_an_onnx_model(folder: Path, models: Pair) -> None:
    model = saved_models.write(folder / "saved")
    async with comparing(model, models[0]) as (app, pilot):
        await shows(pilot, "? unknown", "signatures")
        pane = _pane(app)
        pane.areas.go_to(next(area for area in pane.areas.view.shown if area.unknown))
        await shows(pilot, "Not compared", "? not compared")


async def test_a_model_beside_an_image_is_refused_where_one_was(folder: Path, models: Pair) -> None:
    image = images.write(folder / "image.tar")
    app = ModelpackApp(models[0])
    app.begin_with(None, None, image)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await until(pilot, lambda: app.screen.query("Toast"))
        await settle(pilot)
        assert isinstance(app.screen, WorkbenchScreen)
        toast = str(next(iter(app.screen.query("Toast"))).render())
        assert "cannot be compared" in toast
        assert "name two models or two images" in toast


async def test_escape_stops_and_returns(models: Pair) -> None:
    app = ModelpackApp(models[0])
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        workbench = app.screen
        assert isinstance(workbench, WorkbenchScreen)
        assert workbench.inspection is not None
        app.open_comparison(workbench.inspection, models[1])
        await until(pilot, lambda: isinstance(app.screen, CompareScreen))
        await press(pilot, "escape")
        assert app.screen is workbench
        await until(pilot, lambda: not any(job.title.startswith("comparing") for job in app.jobs.running))


async def test_the_dialog_asks_with_what(folder: Path, models: Pair) -> None:
    review = folder / "beside.json"
    review.write_bytes(to_json(ordinary_review()))
    app = ModelpackApp(models[0])
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "C")
        await until(pilot, lambda: isinstance(app.screen, CompareChoiceScreen))
        await press(pilot, *str(review), "enter")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.query(ComparePane))
        await shows(pilot, "model.onnx", "resnet50.onnx", "≠ not the same")


async def test_help_and_palette_list_its_actions(models: Pair) -> None:
    async with comparing(*models) as (app, pilot):
        found = [str(hit.text) async for hit in ActionProvider(app.screen).discover()]
        for said in ("Go to the next difference", "Leave out equal nodes", "Return to the screen before", "Keep the rows"):
            assert any(said in text for text in found)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await shows(pilot, "Comparison  here", "Leave out equal nodes")


@pytest.mark.parametrize("make", [hostile_review, hostile_measured_review])
@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_hostile_names(make: Callable[[], object], size: tuple[int, int]) -> None:
    app = ModelpackApp(None)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        app.open_comparison(ordinary_review(), make())  # type: ignore[arg-type]
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.query(ComparePane))
        pane = _pane(app)
        for area in pane.areas.view.shown:
            pane.areas.go_to(area)
            await press(pilot, "down")
            assert_harmless(app)
        await press(pilot, "slash", *"[/x", "enter")
        assert_harmless(app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_hostile_names_in_graphs(size: tuple[int, int]) -> None:
    async with showing(small_inspection(), size) as (app, pilot):
        app.open_comparison(small_inspection(), hostile_inspection(" ".join(HOSTILE)), ("", "[/foo]"))
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and not app.screen.busy)
        pane = _pane(app)
        assert pane.steps.steps is not None
        for area in pane.areas.view.shown:
            pane.areas.go_to(area)
            await press(pilot, "n")
            assert_harmless(app)
        pane.areas.go_to(next(one for one in pane.areas.view.shown if one.area == "structure"))
        await press(pilot, "Z", "end", "J")
        assert_harmless(app)


def test_the_command_line_opens_it_over_the_workbench(models: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    async def drive(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, ModelpackApp)
        await shows(pilot, "≠ not the same", "LeakyRelu")
        seen.append(type(app.screen).__name__)
        await press(pilot, "escape")
        await settle(pilot)
        seen.append(type(app.screen).__name__)
        await press(pilot, "q")

    run = ModelpackApp.run
    monkeypatch.setattr(app_module.ModelpackApp, "run", lambda app: run(app, headless=True, size=(120, 36), auto_pilot=drive))
    assert run_app(Opening(models[0]), compare_with=models[1]) == 0
    assert seen == ["CompareScreen", "WorkbenchScreen"]
