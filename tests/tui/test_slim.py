"""The slim tab before anything runs: what could go, and every choice that is to be made."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from inspector.analysis.image.slim.patterns import Patterns
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import SlimRequest
from inspector.tui.screens.slim_exercise import SlimExerciseScreen
from inspector.tui.screens.slim_value import SlimValueScreen
from inspector.tui.tabs import PANES
from inspector.tui.widgets.key_bar import MOST_KEYS, KeyBar
from inspector.tui.widgets.slim import SlimPane
from inspector.tui.widgets.slim.tree_rows import file_pattern
from tests.tui import slimmings
from tests.tui.driving import press, screen_text, settle, shows, until
from tests.tui.image_making import demo_archive
from tests.tui.slim_driving import SMALL, enter, in_tree, on_setting, read, slim_tab
from tests.tui.slim_session_stand_in import Recorded


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> ImageInspection:
    return read(demo_archive(tmp_path_factory.mktemp("image"), "none"))


@pytest.mark.parametrize("size", SMALL, ids=str)
async def test_a_stranger_sees_what_could_go_and_how_to_go_on(image: ImageInspection, size: tuple[int, int]) -> None:
    async with slim_tab(image, Recorded(slimmings.survey()), size) as (app, pilot, _):
        await shows(pilot, "[x]  flatten", "≈3.0 GB", "157.0 MB in 361 files", "[x]  clean", "≈2.5 GB", "3.1 GB")
        await shows(pilot, "needs an exercise: x adds one", "what could go · 157.0 MB of waste · 477.0 MB left over")
        await shows(pilot, "x adds an exercise", "runs the levels", "0 exercises · gzip")
        shown = app.screen.query_one(KeyBar).shown
        assert {"help", "quit", "run_slim", "add_exercise", "save"} <= {action.id for action in shown}
        assert len(shown) <= MOST_KEYS
        await press(pilot, "tab")
        await shows(pilot, "leftovers, by kind", "[x]   ", "▸ tests", "185.0 MB", "docs", "21.0 MB", "torch", "stays")


def test_only_images_have_the_tab() -> None:
    assert {kind for kind, tabs in PANES.items() if "slim" in tabs} == {"image"}
    assert list(PANES["image"])[-2:] == ["slim", "benchmark"]
    assert len(PANES["image"]) == 8


async def test_levels_are_switched_and_what_cannot_be_run_says_why(image: ImageInspection) -> None:
    recorded = Recorded(slimmings.survey())
    async with slim_tab(image, recorded) as (_, pilot, pane):
        await press(pilot, "space")
        await shows(pilot, "That is the image as it is")
        await press(pilot, "down", "space")
        assert pane.request.levels == ("clean", "trace")
        await shows(pilot, "[ ]  flatten")
        await pilot.click(pane.levels, offset=(3, 2))
        await pilot.pause()
        assert pane.request.levels == ("flatten", "clean", "trace")
        pane.keep_request(SlimRequest(levels=("trace",)))
        await press(pilot, "enter")
        await shows(pilot, "trace needs an exercise: x adds one")
        pane.keep_request(SlimRequest(levels=()))
        await press(pilot, "enter", "ctrl+s", "e", "y")
        await shows(pilot, "No level is switched on", "There is nothing to save", "e changes what the cursor is on there")
        assert recorded.ran == []


async def test_kinds_and_packages_are_kept_and_dropped_for_good(image: ImageInspection) -> None:
    recorded = Recorded(slimmings.survey())
    async with slim_tab(image, recorded) as (app, pilot, pane):
        await in_tree(pilot, pane, "tests")
        await press(pilot, "space")
        assert pane.request.keep == ("tests",)
        await shows(pilot, "keep", "292.0 MB left over", "You keep it: --slim-keep tests")
        await press(pilot, "space")
        assert pane.request.keep == ()
        await press(pilot, "y", "y", "y")
        assert pane.request.keep == ("tests",)
        await in_tree(pilot, pane, "docs")
        await press(pilot, "space")
        await in_tree(pilot, pane, "torch")
        await press(pilot, "space")
        assert (pane.request.keep, pane.request.drop) == (("tests",), ("docs", "package:torch"))
        await shows(pilot, "1.1 GB left over", "You drop it", "≈1.9 GB")
        await on_setting(pilot, pane, "drop")
        await shows(pilot, "docs package:torch")
        await in_tree(pilot, pane, "leftovers, by kind")
        await press(pilot, "space")
        await shows(pilot, "Choose one of those below it")
        app.show_inspection(image)
        await settle(pilot)
        fresh = app.screen.query_one(SlimPane)
        assert fresh is not pane
        assert fresh.request.drop == ("docs", "package:torch")
        await until(pilot, lambda: recorded.closed == 1)


async def test_the_tree_is_walked_to_its_largest_files(image: ImageInspection) -> None:
    async with slim_tab(image, Recorded(slimmings.survey())) as (app, pilot, pane):
        await in_tree(pilot, pane, "tests")
        await press(pilot, "right", "right")
        row = pane.tree_table.row
        assert row is not None
        assert row.name == "/usr/lib/python3/test/big.bin"
        await press(pilot, "space")
        assert pane.request.keep == ("/usr/lib/python3/test/big.bin",)
        await press(pilot, "space", "left")
        assert pane.request.keep == ()
        at = pane.tree_table.cursor + 1
        for is_open in (False, True):
            await pilot.click(pane.tree_table, offset=(9, at))
            await pilot.pause()
            assert pane.tree_table.row.is_open == is_open
        assert pane.tree_table.row is not None
        assert pane.tree_table.row.name == "tests"
        await press(pilot, "left", "left", "left")
        assert "headers" not in screen_text(app)
        await press(pilot, "Z")
        await shows(pilot, "headers", "gcc-14")


def test_a_file_is_kept_whatever_its_name_holds(image: ImageInspection) -> None:
    odd = "usr/lib/a*[b]?.so"
    patterns = Patterns.parse(image, (file_pattern(odd),), ())
    assert patterns.keeps(odd)
    assert not patterns.keeps("usr/lib/axbc.so")


async def test_exercises_are_added_changed_and_removed(
    image: ImageInspection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "predict.http").write_text("GET http://localhost:8000/health\n")
    async with slim_tab(image, Recorded(slimmings.survey())) as (app, pilot, pane):
        await press(pilot, "x")
        await enter(app, pilot, "python /app/check.py --quick")
        await shows(pilot, "run: python /app/c", "1 exercise ·")
        assert pane.request.exercises[0].command == ("python", "/app/check.py", "--quick")
        assert "needs an exercise" not in screen_text(app)
        await press(pilot, "x")
        await shows(pilot, "predict.http", "contract:URL")
        await press(pilot, *"pre", "down", "enter")
        await shows(pilot, "requests: ", "predict.http", "2 exercises")
        await press(pilot, "x")
        await enter(app, pilot, "python 'x")
        await shows(pilot, "quotation mark has no partner")
        await press(pilot, "escape")
        await on_setting(pilot, pane, "exercise")
        await press(pilot, "e")
        assert isinstance(app.screen, SlimExerciseScreen)
        assert app.screen.query_one(Input).value == "python /app/check.py --quick"
        await enter(app, pilot, "python /app/check.py twice")
        assert pane.request.exercises[0].command[-1] == "twice"
        await press(pilot, "delete")
        assert [one.kind for one in pane.request.exercises] == ["http"]
        await press(pilot, "delete", "delete")
        await shows(pilot, "There is no exercise to remove", "none: x adds one")


async def test_values_are_typed_and_wrong_ones_explained(image: ImageInspection) -> None:
    async with slim_tab(image, Recorded(slimmings.survey())) as (app, pilot, pane):
        await on_setting(pilot, pane, "ready when")
        await press(pilot, "e")
        await enter(app, pilot, "nonsense")
        await shows(pilot, "not understood: http://HOST:PORT/path")
        await press(pilot, "escape", "space")
        await enter(app, pilot, "log:up")
        assert pane.request.start.ready == "log:up"
        await on_setting(pilot, pane, "inputs")
        await press(pilot, "e")
        await enter(app, pilot, "nowhere.npz")
        await shows(pilot, "not understood: path of an .npz")
        await press(pilot, "escape")
        await on_setting(pilot, pane, "command")
        await press(pilot, "e")
        await enter(app, pilot, "serve --port 80")
        assert pane.request.start.command == ("serve", "--port", "80")
        await on_setting(pilot, pane, "budget")
        await press(pilot, "e")
        await enter(app, pilot, "5m")
        await on_setting(pilot, pane, "keep")
        await press(pilot, "e")
        assert isinstance(app.screen, SlimValueScreen)
        await enter(app, pilot, "tests '/opt/my models/**'")
        assert pane.request.keep == ("tests", "/opt/my models/**")
        await on_setting(pilot, pane, "starts")
        await press(pilot, "space", "p")
        assert (pane.request.compare_starts, pane.request.compression, pane.request.budget_seconds) == (False, "zstd", 300.0)
        await shows(pilot, "5 min a level", "zstd")
