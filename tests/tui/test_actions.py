"""Every action has an owner that carries it out, a key, and a place in palette and help; nothing has a key that is not one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from textual.binding import Binding
from textual.command import CommandInput, CommandList

from inspector.tui.actions import HEADINGS, REGISTRY, SCREEN_PLACES, Action, Where, actions_for
from inspector.tui.app import ModelpackApp
from inspector.tui.palette import ActionProvider
from inspector.tui.screens.bench_value import BenchValueScreen
from inspector.tui.screens.bindings import BindingsScreen
from inspector.tui.screens.compare import CompareScreen
from inspector.tui.screens.compare_with import CompareWithScreen
from inspector.tui.screens.graphs import GraphsScreen
from inspector.tui.screens.help import HelpScreen
from inspector.tui.screens.name_file import NameContractScreen, NameDataScreen
from inspector.tui.screens.open_file import OpenFileScreen
from inspector.tui.screens.opening import OpeningScreen
from inspector.tui.screens.preview import PreviewScreen
from inspector.tui.screens.question import QuestionScreen
from inspector.tui.screens.review import ReviewScreen
from inspector.tui.screens.save_model import SaveModelScreen
from inspector.tui.screens.sensitivity import SensitivityScreen
from inspector.tui.screens.slim_exercise import SlimExerciseScreen
from inspector.tui.screens.slim_save import SlimSaveScreen
from inspector.tui.screens.slim_value import SlimValueScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.screens.write_report import WriteReportScreen
from inspector.tui.tabs import LISTS, MODELS, PANES, Kind
from inspector.tui.widgets.benchmark import BenchmarkPane
from inspector.tui.widgets.compare.pane import ComparePane
from inspector.tui.widgets.findings_pane import FindingsPane
from inspector.tui.widgets.graph import GraphPane
from inspector.tui.widgets.image.blobs_pane import BlobsPane
from inspector.tui.widgets.image.files_pane import FilesPane
from inspector.tui.widgets.image.history_pane import HistoryPane
from inspector.tui.widgets.image.overview import ImageOverviewPane
from inspector.tui.widgets.image.packages_pane import PackagesPane
from inspector.tui.widgets.image.waste_pane import WastePane
from inspector.tui.widgets.key_bar import MOST_KEYS, KeyBar
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.operators_pane import OperatorsPane
from inspector.tui.widgets.optimize import OptimizePane
from inspector.tui.widgets.overview import OverviewPane
from inspector.tui.widgets.review.outline import OutlinePane
from inspector.tui.widgets.signatures_pane import SignaturesPane
from inspector.tui.widgets.slim import SlimPane
from inspector.tui.widgets.weights_pane import WeightsPane
from tests.tui.driving import SIZES, press, screen_text, showing, until
from tests.tui.inspections import small_inspection

OWNERS: dict[Where, tuple[type[Any], ...]] = {
    "everywhere": (ModelpackApp,),
    "opening": (OpeningScreen,),
    **dict.fromkeys(SCREEN_PLACES, (WorkbenchScreen,)),
    "overview": (OverviewPane,),
    "graph": (GraphPane,),
    "operators": (OperatorsPane,),
    "signatures": (SignaturesPane,),
    "weights": (WeightsPane,),
    "image_overview": (ImageOverviewPane,),
    "files": (FilesPane,),
    "packages": (PackagesPane,),
    "waste": (WastePane,),
    "history": (HistoryPane,),
    "blobs": (BlobsPane,),
    "findings": (FindingsPane,),
    "optimize": (OptimizePane,),
    "slim": (SlimPane,),
    "benchmark": (BenchmarkPane,),
    "list": (LineTable,),
    "preview": (PreviewScreen,),
    "sensitivity": (SensitivityScreen,),
    "graphs": (GraphsScreen,),
    "compare": (ComparePane,),
    "compare_screen": (CompareScreen,),
    "review_screen": (ReviewScreen,),
    "review_over": (ReviewScreen,),
    "review_graph": (OutlinePane,),
    "open_dialog": (OpenFileScreen,),
    "path_dialog": (
        NameDataScreen,
        NameContractScreen,
        SaveModelScreen,
        CompareWithScreen,
        SlimExerciseScreen,
        SlimSaveScreen,
        WriteReportScreen,
    ),
    "question": (QuestionScreen,),
    "dialog": (
        *(HelpScreen, OpenFileScreen, BindingsScreen, SaveModelScreen, QuestionScreen, SensitivityScreen, GraphsScreen),
        *(BenchValueScreen, CompareWithScreen, SlimValueScreen, SlimExerciseScreen, SlimSaveScreen),
    ),
}


def _method(action: Action) -> str:
    return "action_" + action.id.partition("(")[0]


def test_every_place_has_an_owner_and_a_heading() -> None:
    assert {action.where for action in REGISTRY} <= set(OWNERS)
    assert set(OWNERS) == set(HEADINGS)


@pytest.mark.parametrize("action", REGISTRY, ids=lambda action: f"{action.where}-{action.id}")
def test_its_owner_carries_it_out_on_its_keys(action: Action) -> None:
    for owner in OWNERS[action.where]:
        assert callable(getattr(owner, _method(action), None))
        keys = {binding.key for binding in Binding.make_bindings(owner.BINDINGS) if binding.action == action.id}
        assert keys >= {binding.key for binding in Binding.make_bindings([Binding(action.keys, action.id)])}


@pytest.mark.parametrize("where", HEADINGS)
def test_no_owner_has_a_key_outside_the_registry(where: Where) -> None:
    known = {action.id for action in REGISTRY}
    for owner in OWNERS[where]:
        own = owner.__dict__.get("BINDINGS", [])
        assert {binding.action.removeprefix("app.") for binding in Binding.make_bindings(own)} <= known


def _places(tab: Where, kind: Kind) -> tuple[Where, ...]:
    model: tuple[Where, ...] = ("model",) if kind in MODELS else ()
    return (tab, "list", "inside", kind, *model, "workbench", "everywhere")


PLACES = [_places(tab, kind) for kind, tabs in PANES.items() for tab in tabs]


@pytest.mark.parametrize("places", PLACES, ids=str)
def test_no_key_means_two_things_in_one_place(places: tuple[Where, ...]) -> None:
    shared = {"escape"}  # closes what is innermost: a search, a filter, a job, a model out of an image
    actions = actions_for(*(place for place in places if place != "list" or places[0] in (*LISTS, "signatures")))
    keys = Counter(key for action in actions for key in action.keys.split(","))
    assert [key for key, uses in keys.items() if uses > 1 and key not in shared] == []


@pytest.mark.parametrize("kind", PANES)
def test_every_tab_is_shown_by_the_key_it_stands_beside(kind: Kind) -> None:
    keys = {action.id: action.keys for action in actions_for(kind)}
    for number, tab in enumerate(PANES[kind], 1):
        assert keys[f"show_tab('{tab}', '{kind}')"] == str(number)


def test_descriptions_are_sentences_that_fit_the_help_screen() -> None:
    for action in REGISTRY:
        assert action.description[0].isupper()
        assert not action.description.endswith(".")
        assert len(action.description) <= 66
        assert action.shown
        assert action.label


async def test_the_palette_lists_every_action_of_the_workbench() -> None:
    async with showing(small_inspection()) as (app, pilot):
        provider = ActionProvider(app.screen)
        found = [str(hit.text) async for hit in provider.discover()]
        screen = app.screen
        assert isinstance(screen, WorkbenchScreen)
        expected = [a for a in actions_for(*screen.all_places) if a.id != "command_palette"]
        assert len(found) == len(expected)
        for action in expected:
            assert any(action.description in text for text in found)
        hits = [hit async for hit in provider.search("theme")]
        assert any("Switch between dark and light" in str(hit.text) for hit in hits)
        await pilot.pause()


async def test_an_action_chosen_in_the_palette_runs_on_its_own_tab() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "ctrl+p")
        await until(pilot, lambda: app.screen.query(CommandInput) and app.screen.query_one(CommandInput).has_focus)
        await press(pilot, *"thisoperator")
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count == 1)
        await press(pilot, "enter")
        await until(pilot, lambda: isinstance(app.screen, WorkbenchScreen))
        await until(pilot, lambda: app.screen.tab == "graph")


async def test_help_lists_every_action() -> None:
    async with showing(small_inspection(), (120, 320)) as (app, pilot):
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = screen_text(app)
        missing = [action.description for action in REGISTRY if action.description not in text]
        assert missing == []
        await press(pilot, "escape")
        assert isinstance(app.screen, WorkbenchScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_the_footer_never_shows_more_than_eight_keys(size: tuple[int, int]) -> None:
    async with showing(small_inspection(), size) as (app, pilot):
        for key in "12345678":
            await press(pilot, key)
            await pilot.pause()
            await until(pilot, lambda: _drawn(app.screen.query_one(KeyBar), screen_text(app).splitlines()[-1]))
            shown = app.screen.query_one(KeyBar).shown
            assert {"help", "quit"} <= {action.id for action in shown}
            assert len(shown) <= MOST_KEYS


def _drawn(bar: KeyBar, footer: str) -> bool:
    """Tell whether the footer is that of the keys the bar shows now."""
    return bool(bar.shown) and all(f" {action.shown} {action.label} " in f"{footer} " for action in bar.shown)
