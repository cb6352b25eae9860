"""Choosing an artifact: the opening screen, the open dialog, completion."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Paste
from textual.widgets import Input

from inspector.records.artifact import Artifact
from inspector.tui.candidates import complete, is_openable_folder, recent_candidates, typed_candidates
from inspector.tui.recent import RecentList
from inspector.tui.screens.open_file import OpenFileScreen
from inspector.tui.screens.opening import OpeningScreen, pasted_path
from inspector.tui.screens.workbench import WorkbenchScreen
from tests.tui.driving import SAMPLES, SIZES, opened, press, screen_text, settle, showing
from tests.tui.inspections import small_inspection

CNN = SAMPLES / "digits_cnn.onnx"


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_opening_screen_offers_samples_and_recents(size: tuple[int, int]) -> None:
    recent = RecentList.in_state_folder()
    recent.add(Artifact(str(CNN), "onnx", CNN.stat().st_size))
    recent.add(Artifact("/gone/away.onnx", "onnx", 3))
    async with opened(None, size) as (app, _):
        text = screen_text(app)
        assert isinstance(app.screen, OpeningScreen)
        assert "recent" in text
        assert "sample_models/digits_transformer.onnx" in text
        assert text.count("digits_cnn.onnx") == 1
        assert "away.onnx" not in text


async def test_enter_opens_the_selected_one() -> None:
    async with opened(None) as (app, pilot):
        await press(pilot, "down", "down", "down", "enter")
        await settle(pilot)
        assert isinstance(app.screen, WorkbenchScreen)
        assert "digits_transformer.onnx" in screen_text(app)


async def test_the_list_can_be_filtered() -> None:
    async with opened(None) as (app, pilot):
        await press(pilot, "slash", *"transf", "enter")
        text = screen_text(app)
        assert "digits_transformer.onnx" in text
        assert "digits_cnn.onnx" not in text
        await press(pilot, "escape")
        assert "digits_cnn.onnx" in screen_text(app)


async def test_a_double_click_opens() -> None:
    async with opened(None) as (app, pilot):
        await pilot.click("LineTable", offset=(10, 1), times=2)
        await settle(pilot)
        assert isinstance(app.screen, WorkbenchScreen)


async def test_a_path_can_be_typed_and_completed(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "network.onnx").write_bytes(CNN.read_bytes())
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "o")
        screen = app.screen
        assert isinstance(screen, OpenFileScreen)
        field = screen.query_one(Input)
        field.value = f"{tmp_path}/mod"
        field.cursor_position = len(field.value)
        await pilot.pause()
        await press(pilot, "tab")
        assert field.value == f"{tmp_path}/models/"
        await press(pilot, "tab")
        assert field.value == f"{tmp_path}/models/network.onnx"
        await press(pilot, "enter")
        await settle(pilot)
        assert "network.onnx" in screen_text(app).splitlines()[0]


async def test_rows_are_picked_with_the_arrows_and_folders_entered(tmp_path: Path) -> None:
    (tmp_path / "a_folder").mkdir()
    (tmp_path / "a_folder" / "deep.onnx").write_bytes(CNN.read_bytes())
    (tmp_path / "b.txt").write_text("")
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "o")
        field = app.screen.query_one(Input)
        field.value = f"{tmp_path}/"
        await pilot.pause()
        await press(pilot, "down", "enter")
        assert field.value == f"{tmp_path}/a_folder/"
        await press(pilot, "down", "enter")
        await settle(pilot)
        assert "deep.onnx" in screen_text(app).splitlines()[0]


async def test_escape_opens_nothing() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "o", "x", "escape")
        assert isinstance(app.screen, WorkbenchScreen)
        assert app.jobs.running == ()


async def test_help_of_the_dialog_is_about_the_dialog() -> None:
    async with showing(small_inspection()) as (app, pilot):
        await press(pilot, "o", "f1")
        assert "Complete the path as far as it is clear" in screen_text(app)


def test_completion_goes_as_far_as_names_agree(tmp_path: Path) -> None:
    for name in ("model_a.onnx", "model_b.onnx", "other.bin"):
        (tmp_path / name).write_text("")
    text = f"{tmp_path}/mo"
    assert complete(text, typed_candidates(text)) == f"{tmp_path}/model_"
    assert complete(f"{tmp_path}/zz", []) == f"{tmp_path}/zz"


def test_models_come_first_and_hidden_files_only_when_asked(tmp_path: Path) -> None:
    for name in ("z.onnx", "a.txt", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_text("")
    assert [c.label for c in typed_candidates(f"{tmp_path}/")] == ["saved/", "z.onnx", "folder/", "a.txt"]
    assert [c.label for c in typed_candidates(f"{tmp_path}/.")] == [".hidden"]
    assert is_openable_folder(str(tmp_path / "saved"))


def test_a_folder_that_cannot_be_listed_is_empty(tmp_path: Path) -> None:
    assert typed_candidates(f"{tmp_path}/nowhere/") == []
    assert typed_candidates("\0/") == []


def test_recents_that_are_gone_are_left_out(tmp_path: Path) -> None:
    recent = RecentList(tmp_path / "recent.json")
    (tmp_path / "here.onnx").write_text("")
    recent.add(Artifact(str(tmp_path / "here.onnx"), "onnx", 1))
    recent.add(Artifact(str(tmp_path / "gone.onnx"), "onnx", 1))
    assert [Path(candidate.path).name for candidate in recent_candidates(recent)] == ["here.onnx"]


async def test_the_opening_screen_says_what_can_be_opened_on_a_small_terminal() -> None:
    async with opened(None, (80, 24)) as (app, _):
        text = screen_text(app)
        for words in (
            "model.onnx",
            "SavedModel",
            "docker://name:tag",
            "review.json",
            "a dropped or pasted one opens",
            "sample",
            "? help",
        ):
            assert words in text


async def test_without_samples_it_says_where_some_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.tui.screens.opening.sample_candidates", list)
    async with opened(None, (80, 24)) as (app, _):
        assert "pip install" in screen_text(app)


async def test_a_path_that_is_dropped_on_it_opens() -> None:
    async with opened(None) as (app, pilot):
        app.screen.post_message(Paste(f"'{CNN}'\n"))
        await pilot.pause()
        await settle(pilot)
        assert isinstance(app.screen, WorkbenchScreen)


@pytest.mark.parametrize(
    ("pasted", "path"),
    [
        ("file:///a%20b/m.onnx", "/a b/m.onnx"),
        ("'/a b/m.onnx' ", "/a b/m.onnx"),
        ("/a\\ b/m.onnx", "/a b/m.onnx"),
        ("docker://name:tag", "docker://name:tag"),
        ("two\nlines", ""),
        ("  ", ""),
    ],
)
def test_pasted_paths_are_read_as_terminals_write_them(pasted: str, path: str) -> None:
    assert pasted_path(pasted) == path
