"""The slim tab while an image is slimmed and after that: what is live, what came of it, and what is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import Slimming, SlimRequest
from inspector.tui.screens.slim_save import SlimSaveScreen
from inspector.tui.widgets.slim import SlimPane
from inspector.tui.widgets.slim.tree_rows import MOST_OPEN
from inspector.workflows.inspect import inspect
from tests.tui import slimmings
from tests.tui.driving import SAMPLES, opened, press, screen_text, settle, shows
from tests.tui.image_making import demo_archive
from tests.tui.slim_driving import ALL_AT_ONCE, WIDE, enter, in_tree, read, slim_tab
from tests.tui.slim_session_stand_in import Recorded
from tests.tui.test_hostile_text import assert_harmless


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> ImageInspection:
    return read(demo_archive(tmp_path_factory.mktemp("image"), "none"))


@pytest.mark.parametrize("size", [(120, 36)], ids=str)
async def test_it_is_watched_while_it_runs_and_stopped_keeping_what_is_known(
    image: ImageInspection, size: tuple[int, int]
) -> None:
    recorded = Recorded(slimmings.survey(), slimmings.progress())
    async with slim_tab(image, recorded, size) as (app, pilot, pane):
        pane.keep_request(SlimRequest(exercises=(slimmings.EXERCISE,)))
        await press(pilot, "enter")
        await shows(pilot, "▶ running", "comparing answers", "✓ proven", "1.7 GB", "esc cancel")
        await shows(pilot, "1,204 files so far", "7 answers", "what goes and what stays: trace")
        await press(pilot, "enter")
        await shows(pilot, "It is being slimmed")
        pane.details.scroll_end(animate=False)
        await shows(pilot, "500 instead of 200")
        await press(pilot, "escape")
        await settle(pilot)
        assert app.jobs.running == ()
        await shows(pilot, "■ stopped", "stopped by you")
        assert pane.levels.row is not None
        assert pane.levels.row.level == "trace"
        await press(pilot, "tab")
        await shows(pilot, "torch", "812.0 MB", "numpy", "31.0 MB")
        recorded.result = slimmings.slimming()
        await press(pilot, "enter")
        await settle(pilot)
        assert recorded.ran == [pane.request, pane.request]
        await shows(pilot, "s writes it")


async def test_the_table_tells_every_figure_without_color(image: ImageInspection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with slim_tab(image, Recorded(slimmings.survey(), result=slimmings.slimming()), WIDE) as (app, pilot, pane):
        await press(pilot, "enter")
        await settle(pilot)
        row = next(line for line in screen_text(app).splitlines() if "[x]  trace" in line)
        for said in ("✓ proven", "129.0 MB", "0.041×", "64.0 MB", "0.062×", "1,204", "24 equal", "✓ 0.41×", "0.38–0.44"):
            assert said in row
        assert pane.levels.row is not None
        assert pane.levels.row.level == "trace"
        await shows(pilot, "3.1 GB → 129.0 MB  0.041×", "24 answers compared", "added back: package:numpy", "✓ faster 0.41×")
        await shows(pilot, "not exercised: nothing is proven of it", "/app/batch.py", "9090/tcp", "why files stay")
        await press(pilot, "J", "J")
        await shows(pilot, "layers, lowest first", "cdcdcdcdcdcd", "manifest")
        await press(pilot, "K", "K")
        await shows(pilot, "bytecode", "40 files of bytecode are kept", "[x]", "[-]", "[ ]", "▌", "━", "┄")
        strips = app.screen._compositor.render_strips()
        colors = {segment.style.color.triplet for strip in strips for segment in strip if segment.style and segment.style.color}
        assert all(triplet is None or len(set(triplet)) == 1 for triplet in colors)


async def test_what_goes_is_put_back_and_run_again(image: ImageInspection) -> None:
    recorded = Recorded(slimmings.survey(), result=slimmings.slimming())
    async with slim_tab(image, recorded) as (_, pilot, pane):
        await press(pilot, "enter")
        await settle(pilot)
        await in_tree(pilot, pane, "torch")
        await press(pilot, "y")
        await shows(pilot, "choices changed:", "keep")
        await in_tree(pilot, pane, "numpy")
        await press(pilot, "space", "space")
        assert (pane.request.keep, pane.request.drop) == (("package:torch",), ("package:numpy",))
        await in_tree(pilot, pane, "the rest")
        await press(pilot, "y")
        await shows(pilot, "It cannot be kept or dropped by itself")
        await press(pilot, "enter")
        await settle(pilot)
        assert recorded.ran[-1].keep == ("package:torch",)
        await in_tree(pilot, pane, "torch")
        await press(pilot, "f")
        await shows(pilot, "largest of torch that go")


@pytest.mark.parametrize("size", [(80, 24)], ids=str)
async def test_a_rejection_says_why_and_what_is_missing(image: ImageInspection, size: tuple[int, int]) -> None:
    result = slimmings.slimming(slimmings.step("flatten"), slimmings.rejected())
    async with slim_tab(image, Recorded(slimmings.survey(), result=result), size) as (app, pilot, pane):
        await press(pilot, "enter")
        await settle(pilot)
        await shows(pilot, "✗ rejected", "the answers differ", "flatten 3.0 GB (0.95×)")
        pane.levels.cursor = 3
        await pilot.pause()
        said = screen_text(app)
        for _ in range(4):
            await press(pilot, "J")
            said += screen_text(app)
        for words in ("missing, as the failure says", "/usr/share/zoneinfo/UTC", "$.scores[3]", "0.25", "UserWarning: no zone"):
            assert words in said


async def test_failures_become_a_reason_and_the_tab_lives_on(image: ImageInspection) -> None:
    recorded = Recorded(slimmings.survey(), slimmings.progress(), error=OperationFailed("the disk is full", "set TMPDIR"))
    async with slim_tab(image, recorded) as (app, pilot, pane):
        await press(pilot, "enter")
        await settle(pilot)
        await shows(pilot, "✗ failed", "the disk is full (set TMPDIR)", "it was at", "✓ proven")
        assert app.jobs.bug is None
        recorded.error = KeyError("a bug")
        await press(pilot, "enter")
        await settle(pilot)
        await shows(pilot, "a defect of modelpack-tui")
        assert isinstance(app.jobs.bug, KeyError)
        assert pane.runner.survey is not None


async def test_an_image_that_cannot_be_surveyed_says_so(image: ImageInspection) -> None:
    layers = (*image.image.layers[:-1], replace(image.image.layers[-1], entries=None))
    part = replace(image, image=replace(image.image, layers=layers))
    recorded = Recorded(slimmings.survey(), no_survey=OperationFailed("that is too much"))
    async with slim_tab(part, recorded) as (_, pilot, pane):
        await shows(pilot, "Slimming begins once every layer is read")
        pane.show(image)
        await shows(pilot, "that is too much")
        recorded.no_survey = None
        pane.show(image)
        await shows(pilot, "157.0 MB of waste")


async def test_it_is_saved_where_the_user_says(image: ImageInspection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recorded = Recorded(slimmings.survey(), result=slimmings.slimming())
    async with slim_tab(image, recorded) as (app, pilot, _):
        await press(pilot, "enter")
        await settle(pilot)
        await press(pilot, "ctrl+s")
        await shows(pilot, "save the slimmed image", "digits-trace.tar", "docker://name:tag", "trace, 129.0 MB, proven")
        assert isinstance(app.screen, SlimSaveScreen)
        await press(pilot, "enter")
        await settle(pilot)
        await shows(
            pilot, "Written: digits-trace.tar", "trace 129.0 MB (0.041×) · digits-trace.tar", "written    digits-trace.tar"
        )
        (tmp_path / "digits-trace.tar").write_bytes(b"there")
        await press(pilot, "ctrl+s", "enter")
        await shows(pilot, "Enter again replaces it")
        await press(pilot, "enter")
        await settle(pilot)
        await press(pilot, "ctrl+s")
        await enter(app, pilot, "docker://slim:1")
        await settle(pilot)
        assert recorded.saved == ["digits-trace.tar", "digits-trace.tar", "docker://slim:1"]
        await press(pilot, "ctrl+s")
        await enter(app, pilot, image.image.artifact.path)
        await shows(pilot, "would overwrite")
        assert len(recorded.saved) == 3


async def test_thousands_of_packages_begin_folded(image: ImageInspection) -> None:
    groups = tuple(slimmings.group("debian", f"lib{at}", 10, 10, f"package:lib{at}") for at in range(5_000))
    async with slim_tab(image, Recorded(replace(slimmings.survey(), packages=groups))) as (_, pilot, pane):
        assert len(pane.tree_table.view.shown) < MOST_OPEN
        await in_tree(pilot, pane, "Debian packages")
        await press(pilot, "right", "end")
        await shows(pilot, "lib4999")
        await press(pilot, "slash", *"lib123", "enter")
        await shows(pilot, "lib1230", "11 of ")


@pytest.mark.parametrize("size", [(80, 24)], ids=str)
async def test_whatever_things_are_called_is_shown_as_text(image: ImageInspection, size: tuple[int, int]) -> None:
    result = Slimming("x", slimmings.BEFORE, (slimmings.step("clean", ALL_AT_ONCE), slimmings.rejected(ALL_AT_ONCE)))
    recorded = Recorded(slimmings.survey(ALL_AT_ONCE), slimmings.progress(ALL_AT_ONCE))
    async with slim_tab(image, recorded, size) as (app, pilot, pane):
        exercise = replace(slimmings.EXERCISE, told=ALL_AT_ONCE)
        pane.keep_request(SlimRequest(keep=(ALL_AT_ONCE,), exercises=(exercise,)))
        for keys in (("down",), ("tab", "down", "down", "right", "down", "y"), ("tab", "down", "down"), ("enter",)):
            await press(pilot, *keys)
            assert_harmless(app)
        await shows(pilot, "▶ running")
        recorded.result = result
        await settle(pilot)
        for key in ("down", "up", "J", "J", "J", "J", "tab", "down", "down", "Z", "right", "ctrl+s"):
            await press(pilot, key)
            assert_harmless(app)
        recorded.result, recorded.error = None, OperationFailed(ALL_AT_ONCE, ALL_AT_ONCE)
        await press(pilot, "escape", "enter")
        await settle(pilot)
        assert_harmless(app)


async def test_a_real_image_is_slimmed_without_an_engine_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(SAMPLES / "digits_image.tar") as (app, pilot):
        await press(pilot, "7")
        await settle(pilot)
        await shows(pilot, "914.4 KB of waste", "build tools", "package caches", "bytecode")
        await press(pilot, "enter")
        await settle(pilot)
        assert app.jobs.bug is None
        rows = {row.level: row.step for row in app.screen.query_one(SlimPane).levels.view.shown if row.step is not None}
        assert {level: step.verdict for level, step in rows.items()} == {
            "flatten": "not proven",
            "clean": "not proven",
            "trace": "cannot run",
        }
        await shows(pilot, "◆ not proven", "no engine", "· cannot run", "s writes it")
        await press(pilot, "ctrl+s", "enter")
        await settle(pilot)
        await shows(pilot, "Written: digits_image-clean.tar")
        clean = rows["clean"].after
        assert clean is not None
        written = [
            e.result for e in inspect(tmp_path / "digits_image-clean.tar", cancel=CancelToken()) if isinstance(e, Finished)
        ]
        assert written[-1].file_system.file_count == clean.files
