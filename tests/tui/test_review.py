"""The screen of a saved review: its tabs, keys and mouse, and whatever may stand in a file of one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from inspector.records.artifact import Artifact
from inspector.records.difference import ArtifactComparison, ComparedArea, Difference
from inspector.records.graph_outline import GraphOutline, OutlineRow
from inspector.records.review import Check, IgnoredFinding, Review
from inspector.report.json import from_json, to_json
from inspector.tui import app as app_module
from inspector.tui.app import ModelpackApp, run_app
from inspector.tui.palette import ActionProvider
from inspector.tui.recent import RecentList
from inspector.tui.reviewing import opened_review
from inspector.tui.screens.compare import CompareScreen
from inspector.tui.screens.opening import OpeningScreen
from inspector.tui.screens.review import ReviewScreen
from inspector.tui.screens.workbench import WorkbenchScreen
from inspector.tui.widgets.compare.pane import ComparePane
from inspector.tui.widgets.key_bar import MOST_KEYS, KeyBar
from inspector.tui.widgets.line_table import LineTable
from inspector.tui.widgets.review.bars import ReviewTabStrip
from inspector.tui.widgets.review.tabs import TABS, strip_tabs, tabs_of
from inspector.tui.widgets.text_block import TextBlock
from tests.golden.bench_reviews import hostile_measured_review, measured_review
from tests.golden.converted_reviews import converted_review
from tests.golden.image_reviews import artifact_review, hostile_image_review, image_review
from tests.golden.optimization_reviews import hostile_optimization_review, optimized_review
from tests.golden.reviews import hostile_review, ordinary_review
from tests.golden.saved_model_reviews import hostile_saved_model_review, served_review
from tests.golden.slim_reviews import hostile_slim_review, slimmed_review, unproven_review
from tests.tui.driving import press, screen_text, settle, shows, until
from tests.tui.inspections import HOSTILE, small_inspection
from tests.tui.test_hostile_text import assert_harmless

ALL_AT_ONCE = " ".join(HOSTILE)
PLAIN = (converted_review, image_review, artifact_review, served_review)
HARMFUL = (
    *(hostile_review, hostile_measured_review, hostile_image_review, hostile_optimization_review),
    *(hostile_saved_model_review, hostile_slim_review),
)


def _outline(name: str) -> GraphOutline:
    rows = (
        OutlineRow("input", "data", shape="float32[batch,3]"),
        OutlineRow("node", "Conv", name, "float32[batch,8]", 1, parameters=100, flops=2_000, milliseconds=0.5, sources=(0,)),
        OutlineRow("repeat", f"blocks {name}", "", "", 12, 4, 4_000, 16_000, 900, None, 2.5, (1, 99, -3)),
        OutlineRow("output", name, sources=(2,)),
    )
    return GraphOutline(rows, left_out=3)


def full_review(text: str = "resnet") -> Review:
    """Return a review that has a use for every tab of a model."""
    review = optimized_review()
    compared = ArtifactComparison(
        "onnx",
        Artifact(f"other/{text}.onnx", "onnx", 12),
        False,
        (ComparedArea("weights", False, changed=1), ComparedArea("files", False, unknown=text)),
        (Difference("weights", "changed", text, "float32[3]", "float32[4]", text, text, {"largest error": 0.5}),),
        summary=f"1 weight changed: {text}",
    )
    return replace(
        review,
        outline=_outline(text),
        comparison=compared,
        ignored=(IgnoredFinding(review.findings[0], f"known since {text}", text),),
        checks=(*review.checks, Check(f"size_bytes > {text}", "failed", text, "--fail-if", text)),
        baseline=f"{text}.json",
        plan=measured_review().plan,
        benchmarks=measured_review().benchmarks,
        comparisons=measured_review().comparisons,
    )


@asynccontextmanager
async def reviewing(
    review: Review, size: tuple[int, int] = (120, 36), path: str = "review.json"
) -> AsyncIterator[tuple[ModelpackApp, ReviewScreen, Pilot[None]]]:
    """Run the application on a review, as the command line does."""
    app = ModelpackApp(None)
    app.begin_with(review, Path(path), None)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        yield app, screen, pilot
    assert app.fatal is None
    assert app.jobs.bug is None


def _is_drawn(screen: ReviewScreen) -> bool:
    """Return whether the tab that is shown has got its place, and lines where it is text."""
    pane = next(pane for pane in screen.query("#panes > *") if pane.display)
    blocks = [one for one in pane.query(TextBlock) if one.display]
    return pane.size.height > 0 and (not blocks or any(block.size.height for block in blocks))


async def walk(app: ModelpackApp, pilot: Pilot[None], reviews: Sequence[Review]) -> None:
    """Show every tab of every review, one review in place of the other."""
    for review in reviews:
        await app.show_review(opened_review(review, "review.json"))
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        for tab in tabs_of(review):
            assert screen.tab == tab.id
            await until(pilot, partial(_is_drawn, screen))
            assert_harmless(app)
            await screen.action_next_tab()


async def test_every_tab_of_every_kind_of_review() -> None:
    async with reviewing(slimmed_review(), (80, 24)) as (app, _, pilot):
        await walk(app, pilot, [full_review(), *(make() for make in PLAIN)])


async def test_a_wide_terminal() -> None:
    async with reviewing(full_review(), (200, 60)) as (app, _, pilot):
        await walk(app, pilot, [full_review()])


async def test_hostile_texts() -> None:
    async with reviewing(full_review(ALL_AT_ONCE), path=f"{ALL_AT_ONCE}.json") as (app, _, pilot):
        await walk(app, pilot, [full_review(ALL_AT_ONCE), *(make() for make in HARMFUL)])
        await press(pilot, "2", "slash", *"[/x", "enter")
        assert_harmless(app)


def _with(value: Any, whole: int, fraction: float) -> Any:
    """Return a document with every number but versions replaced."""
    if isinstance(value, list):
        return [_with(one, whole, fraction) for one in value]
    if isinstance(value, dict):
        return {key: one if key == "schema" else _with(one, whole, fraction) for key, one in value.items()}
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return whole if isinstance(value, int) else fraction


@pytest.mark.parametrize(("whole", "fraction"), [(0, 0.0), (2**63 - 1, 1e308)])
async def test_numbers_that_no_artifact_has(whole: int, fraction: float) -> None:
    made = (full_review(), image_review(), slimmed_review())
    bent = [from_json(json.dumps(_with(json.loads(to_json(one)), whole, fraction)).encode()) for one in made]
    async with reviewing(bent[0]) as (app, _, pilot):
        await walk(app, pilot, bent)


async def test_what_stands_where() -> None:
    async with reviewing(full_review()) as (app, screen, pilot):
        header = screen_text(app).splitlines()[0]
        assert "review of resnet50.onnx" in header
        assert "by modelpack-tui 1.2.3 · artifact not opened" in header
        await shows(pilot, "✗ fail", "2 failed · 1 unknown · 1 passed", "checks that did not pass", "1 more ignored")
        for key, words in (
            ("2", ("✗ failed", "fails if size_bytes > resnet", "the contract")),
            ("3", ("✓ accepted", "smaller but slower", "outputs beside the original's")),
            ("4", ("cold start, cold cache", "interpreter", "✓ faster")),
            ("5", ("● ", "Conv", "blocks resnet", "12 nodes", "bars: FLOPs", "3 nodes left out")),
            ("6", ("16 operators", "23.5 M", "92 % of all")),
            ("7", ("fc.weight", "all weights by element type")),
            ("8", ("data", "float32", "batch")),
            ("9", ("– ignored", "1 ignored")),
            ("0", ("1 weight changed: resnet", "≠ not the same", "max error")),
        ):
            await press(pilot, key)
            await shows(pilot, *words)
        await press(pilot, "right_square_bracket")
        await shows(pilot, "preprocessing", "tolerances")
        await press(pilot, "right_square_bracket")
        await shows(pilot, "how to reproduce", "modelpack-tui --replay review.json", "abababab")
        assert screen.tab == "method"
        await press(pilot, "right_square_bracket", "left_square_bracket", "left_square_bracket")
        assert screen.tab == "contract"


async def test_a_level_that_was_not_proven_is_never_called_accepted() -> None:
    async with reviewing(unproven_review()) as (app, _, pilot):
        await shows(pilot, "◆ not proven")
        await press(pilot, "2")
        await shows(pilot, "levels, each made from the original", "◆ not proven", "flatten")
        assert "accepted" not in screen_text(app)


def test_tabs_that_a_review_has_no_use_for_are_absent() -> None:
    assert [tab.id for tab in tabs_of(full_review())] == [
        *("summary", "checks", "changes", "benchmarks", "graph", "operators", "weights", "signatures", "findings"),
        *("comparison", "contract", "method"),
    ]
    assert [tab.id for tab in tabs_of(image_review())][1:-2] == ["image", "layers", "packages", "waste"]
    assert "layers" not in [tab.id for tab in tabs_of(artifact_review())]
    assert "saved-model" in [tab.id for tab in tabs_of(served_review())]
    keys = [tab.key for tab in strip_tabs(full_review())]
    assert keys == [*"1234567890", "", ""]
    seen = {tab.id for make in (full_review, image_review, served_review) for tab in tabs_of(make())}
    assert seen == {tab.id for tab in TABS}


async def test_lists_sort_and_filter() -> None:
    async with reviewing(full_review()) as (app, screen, pilot):
        await press(pilot, "6")
        table = screen.query_one("#review-operators").query_one(LineTable)
        whole = len(table.view.shown)
        await press(pilot, "slash", *"relu", "enter")
        await until(pilot, lambda: len(table.view.shown) == 1)
        await press(pilot, "escape")
        await until(pilot, lambda: len(table.view.shown) == whole)
        assert app.screen is screen
        await press(pilot, "s")
        names = [use.name.casefold() for use in table.view.shown]
        assert names == sorted(names)
        await pilot.click(table, offset=(4, 0))
        await until(pilot, lambda: [use.name.casefold() for use in table.view.shown] == sorted(names, reverse=True))


async def test_bars_of_the_graph() -> None:
    async with reviewing(full_review()) as (_, screen, pilot):
        await press(pilot, "5")
        for figure in ("params", "time", "FLOPs"):
            await press(pilot, "h")
            await shows(pilot, f"bars: {figure}")
        await shows(pilot, "takes from", "◇ data")
        await press(pilot, "down")
        await shows(pilot, "×4", "takes from", "● Conv")
        assert screen.tab == "graph"


async def test_mouse() -> None:
    async with reviewing(full_review(), (80, 24)) as (app, screen, pilot):
        strip = screen.query_one(ReviewTabStrip)
        line = screen_text(app).splitlines()[1]
        assert line.rstrip().endswith("›")
        await pilot.click(strip, offset=(line.index("Checks"), 0))
        await until(pilot, lambda: screen.tab == "checks")
        await pilot.click(strip, offset=(line.index("›"), 0))
        await until(pilot, lambda: screen.tab not in ("checks", "summary"))
        await shows(pilot, "‹")
        await press(pilot, "1")
        await pilot.click(screen.query_one("#verdict-card"))
        await until(pilot, lambda: screen.tab == "checks")


async def test_read_again(tmp_path: Path) -> None:
    file = tmp_path / "review.json"
    file.write_bytes(to_json(ordinary_review()))
    async with reviewing(ordinary_review(), path=str(file)) as (app, screen, pilot):
        await press(pilot, "3")
        tab = screen.tab
        file.write_bytes(to_json(replace(ordinary_review(), verdict="fail", checks=(Check("a > 1", "failed"),))))
        await press(pilot, "ctrl+r")
        await shows(pilot, "Checks ✗1")
        assert screen.tab == tab
        file.write_bytes(file.read_bytes()[:-40])
        await press(pilot, "ctrl+r")
        await until(pilot, lambda: app.screen.query("Toast"))
        await settle(pilot)
        assert "is no review of this version" in str(next(iter(app.screen.query("Toast"))).render())
        assert "Checks ✗1" in screen_text(app)


async def test_open_dialog_and_recent_list(tmp_path: Path) -> None:
    file = tmp_path / "saved.json"
    file.write_bytes(to_json(image_review()))
    app = ModelpackApp(None)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "o", *str(file), "enter")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await shows(pilot, "review of", "Layers", "esc back")
        await press(pilot, "escape")
        assert isinstance(app.screen, OpeningScreen)
        assert [(one.path, one.format) for one in RecentList.in_state_folder().entries()] == [(str(file), "review")]
        app.show_inspection(small_inspection())
        await settle(pilot)
        app.open_artifact(str(file))
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        app.show_inspection(small_inspection())
        await settle(pilot)
        assert isinstance(app.screen, WorkbenchScreen)


async def test_a_damaged_review_leaves_what_is_open(tmp_path: Path) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(b'{"schema": 1, "tool": {"version": 7}, "\x1b]52;c;x": 1}')
    app = ModelpackApp(None)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        app.open_artifact(str(file))
        await until(pilot, lambda: app.screen.query("Toast"))
        assert "is no review of this version" in str(next(iter(app.screen.query("Toast"))).render())
        assert_harmless(app)
        assert isinstance(app.screen, OpeningScreen)


async def test_beside_another_review(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_bytes(to_json(replace(measured_review(), findings=())))
    async with reviewing(measured_review()) as (app, screen, pilot):
        await press(pilot, "C")
        await shows(pilot, "compare with")
        await press(pilot, *str(file), "enter")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.query(ComparePane))
        await shows(pilot, "≠ not the same", "findings", "−")
        await press(pilot, "escape")
        assert app.screen is screen


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_footer_help_and_palette(size: tuple[int, int]) -> None:
    async with reviewing(full_review(), size) as (app, screen, pilot):
        for tab in tabs_of(full_review()):
            await until(pilot, lambda tab=tab: screen.tab == tab.id)
            bar = screen.query_one(KeyBar)
            await until(pilot, lambda bar=bar: {"help", "quit"} <= {action.id for action in bar.shown})
            assert len(bar.shown) <= MOST_KEYS
            await press(pilot, "right_square_bracket")
        found = [str(hit.text) async for hit in ActionProvider(screen).discover()]
        for said in ("Read the review again", "Compare with another review", "Draw bars", "Go to the next difference"):
            assert any(said in text for text in found)
        await press(pilot, "question_mark")
        await shows(pilot, "Review  here")
        assert app.screen is not screen


def test_the_command_line_opens_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[str] = []

    async def drive(other: Path | None, pilot: Pilot[None]) -> None:
        await shows(pilot, "≠ not the same" if other else "review of resnet50.onnx")
        seen.append(type(pilot.app.screen).__name__)
        await press(pilot, "q")

    run: Callable[..., Any] = ModelpackApp.run
    other = tmp_path / "other.json"
    other.write_bytes(to_json(optimized_review()))
    for beside in (None, other):
        driven = partial(run, headless=True, size=(120, 36), auto_pilot=partial(drive, beside))
        monkeypatch.setattr(app_module.ModelpackApp, "run", lambda app, driven=driven: driven(app))
        assert run_app(None, compare_with=beside, review=ordinary_review(), path=tmp_path / "review.json") == 0
    assert seen == ["ReviewScreen", "CompareScreen"]
