"""Choosing an image: archives in the folder, images of engines, names that are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from inspector.records.artifact import Artifact
from inspector.tui.candidates import begun_candidates, complete, recent_candidates, sample_candidates
from inspector.tui.recent import RecentList
from inspector.tui.screens.open_file import OpenFileScreen
from tests.tui.driving import opened, press, settle, shows
from tests.tui.image_making import demo_archive

IMAGES = (("alpine:3.20", 8_000_000), ("acme/digits:latest", 900_000_000))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.formats.image.engine.engine_images", lambda: IMAGES)


async def test_the_opening_screen_lists_images_of_folder_engine_and_samples(
    engine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo_archive(tmp_path, "none")
    monkeypatch.chdir(tmp_path)
    async with opened(None) as (_, pilot):
        await shows(pilot, "docker://alpine:3.20", "900.0 MB", "digits.tar", "sample_models/digits_image.tar")
        await press(pilot, "slash", *"digits.tar", "enter", "enter")
        await settle(pilot)
        await shows(pilot, "acme/digits:latest", "6 layers")


async def test_the_dialog_completes_names_of_images(engine: None) -> None:
    async with opened(None) as (app, pilot):
        await press(pilot, "o")
        screen = app.screen
        assert isinstance(screen, OpenFileScreen)
        await shows(pilot, "docker://acme/digits:latest")
        screen.query_one(Input).value = "docker://al"
        await press(pilot, "tab")
        assert screen.query_one(Input).value == "docker://alpine:3.20"


async def test_an_image_no_engine_has_is_one_line() -> None:
    async with opened(None) as (app, pilot):
        await press(pilot, "o", *"docker://nothing:1", "enter")
        await settle(pilot)
        await shows(pilot, "Not opened", "docker://nothing:1")
        assert app.jobs.bug is None


async def test_a_name_that_cannot_be_one_is_one_line() -> None:
    async with opened(None) as (app, pilot):
        app.open_artifact("docker://UPPER CASE")
        await shows(pilot, "Not opened", "names no image")


def test_images_of_engines_stay_among_the_recent_ones() -> None:
    recent = RecentList.in_state_folder()
    recent.add(Artifact("docker://alpine:3.20", "image", 3))
    assert [one.path for one in recent_candidates(recent)] == ["docker://alpine:3.20"]


def test_the_sample_image_is_offered() -> None:
    assert "sample_models/digits_image.tar" in {one.label for one in sample_candidates()}


def test_names_are_found_with_and_without_the_scheme(engine: None) -> None:
    from inspector.tui.candidates import engine_candidates

    found = engine_candidates()
    assert [one.path for one in begun_candidates("al", found)] == ["docker://alpine:3.20"]
    assert len(begun_candidates("docker://", found)) == 2
    assert complete("docker://a", found) == "docker://a"
