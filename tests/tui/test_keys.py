"""One key for one thing: what holds of the keys over all places at once."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from inspector.tui.actions import REGISTRY, actions_for
from inspector.tui.screens.help import HelpScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.screens.write_report import WriteReportScreen
from inspector.tui.tabs import LISTS
from inspector.tui.widgets.key_bar import KeyBar
from inspector.tui.widgets.tab_strip import TabStrip
from tests.tui.driving import press, screen_text, settle, showing, shows, until
from tests.tui.inspections import small_inspection

OPENING_KEY = "enter"
"""Does what a row is for."""


def test_in_lists_a_key_means_one_thing() -> None:
    meant: dict[str, set[str]] = defaultdict(set)
    for action in actions_for("list", "workbench", "model", "everywhere", *LISTS):
        for key in action.keys.split(","):
            meant[key].add(action.id)
    several = {key: ids for key, ids in meant.items() if len(ids) > 1 and key not in (OPENING_KEY, "escape")}
    assert several == {}


def test_an_action_has_a_key_in_common_wherever_it_is() -> None:
    keys: dict[str, set[str]] = {}
    for action in REGISTRY:
        if action.id in ("choose", "show_files", "leave", "keep", "measure_nodes"):
            continue
        here = set(action.keys.split(","))
        keys[action.id] = keys.get(action.id, here) & here
    assert [name for name, common in keys.items() if not common] == []


def test_a_report_is_written_by_one_key_that_nothing_else_takes() -> None:
    report = next(action for action in REGISTRY if action.id == "write_report")
    others = [action for action in REGISTRY if report.keys in action.keys.split(",") and action.id != report.id]
    assert others == []


async def test_the_main_path_by_mouse_alone(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    async with showing(small_inspection(), (120, 36)) as (app, pilot):

        async def click(label: str, bar: str = "#key-bar", line: int = -1) -> None:
            await until(pilot, lambda: label in screen_text(app).splitlines()[line])
            await pilot.click(bar, offset=(screen_text(app).splitlines()[line].index(label), 0))
            await settle(pilot)

        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        await click("heaviest")
        assert screen.tab == "graph"
        for title in ("Optimize", "Benchmark", "Weights", "Overview"):
            await click(title, "#tab-strip", 1)
            assert screen.tab == title.lower()
        await click("report")
        assert isinstance(app.screen, WriteReportScreen)
        await press(pilot, "enter")
        await shows(pilot, "Written: ")
        assert [path.suffix for path in tmp_path.glob("*-review.html")] == [".html"]
        await click("help")
        assert isinstance(app.screen, HelpScreen)


async def test_reports_never_take_the_place_of_an_input_and_say_so(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    async with showing(small_inspection(), (80, 24)) as (app, pilot):
        await press(pilot, "w")
        screen = app.screen
        assert isinstance(screen, WriteReportScreen)
        screen.take(tmp_path / "review.pdf")
        await shows(pilot, "no report format has the suffix")
        (tmp_path / "there.html").write_text("mine")
        screen.take(tmp_path / "there.html")
        await shows(pilot, "Enter again replaces it")
        assert (tmp_path / "there.html").read_text() == "mine"


async def test_tabs_have_readable_titles_where_it_is_narrow() -> None:
    async with showing(small_inspection(), (80, 24)) as (app, _):
        line = screen_text(app).splitlines()[1]
        assert app.screen.query_one(TabStrip).display
        for title in ("Overview", "Graph", "Weights", "Findings", "Optimize"):
            assert title in line
        assert app.screen.query_one(KeyBar).shown
