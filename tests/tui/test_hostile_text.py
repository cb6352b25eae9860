"""Whatever an artifact calls its parts is shown as text on every screen: no markup, no escape sequence, no action."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspector.errors import UnreadableArtifact
from inspector.isolation.limits import CancelToken
from inspector.records.artifact import Artifact
from inspector.records.event import Progress, Started
from inspector.tui.app import ModelpackApp
from inspector.tui.plain_text import clean
from inspector.tui.recent import RecentList
from tests.tui.driving import opened, press, screen_text, settle, showing, shows, until
from tests.tui.inspections import HOSTILE, hostile_inspection, small_inspection

UNSAFE = {chr(code) for code in (*range(32), *range(127, 160), 0x202E, 0x2028)} - {"\n"}


def assert_harmless(app: ModelpackApp) -> None:
    """The screen holds no control character, and nobody quit by clicking on a name."""
    text = screen_text(app)
    assert not UNSAFE & set(text)
    assert app.is_running
    metas = [
        segment.style.meta for strip in app.screen._compositor.render_strips() for segment in strip if segment.style is not None
    ]
    assert not any("@click" in meta for meta in metas)


ALL_AT_ONCE = " ".join(HOSTILE)
CASES = [*((text, (120, 36)) for text in HOSTILE), (ALL_AT_ONCE, (80, 24)), (ALL_AT_ONCE, (200, 60))]


@pytest.mark.parametrize(("text", "size"), CASES, ids=range(len(CASES)))
async def test_every_tab(text: str, size: tuple[int, int]) -> None:
    async with showing(hostile_inspection(text), size) as (app, pilot):
        for key in "12345678":
            await press(pilot, key, "down")
            assert_harmless(app)
        await press(pilot, "slash", *"[/x", "enter")
        assert_harmless(app)


@pytest.mark.parametrize("text", ["[/foo]", "[batch, 3]", "[bold red]x[/]"])
async def test_names_are_shown_in_full(text: str) -> None:
    async with showing(hostile_inspection(text)) as (_, pilot):
        for key in "123456":
            await press(pilot, key)
            await shows(pilot, clean(text))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_notices(text: str) -> None:
    async with showing(small_inspection()) as (app, pilot):
        app.say(text, text)
        app.explain(UnreadableArtifact(text, text), text)
        await pilot.pause()
        await until(pilot, lambda: len(app.screen.query("Toast")) == 2)
        assert_harmless(app)
        toasts = [str(toast.render()) for toast in app.screen.query("Toast")]
        assert len(toasts) == 2
        assert all(line in toasts[0] for line in (clean(part) for part in text.split("\n")))


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_job_bar_and_header(text: str) -> None:
    def workflow(token: CancelToken):  # type: ignore[no-untyped-def]
        yield Started(text)
        while not token.cancelled:
            yield Progress(1, 2, text)

    inspection = small_inspection()
    artifact = replace(inspection.computation.artifact, path=text)
    inspection = replace(inspection, computation=replace(inspection.computation, artifact=artifact))
    async with showing(inspection) as (app, pilot):
        app.jobs.start(text, workflow, app)
        await shows(pilot, "esc cancel")
        assert_harmless(app)
        app.jobs.cancel_all()


@pytest.mark.parametrize("text", [HOSTILE[0], ALL_AT_ONCE], ids=range(2))
async def test_recents_and_folders(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state_folder: Path) -> None:
    name = text.replace("/", "∕")
    (tmp_path / name).mkdir()
    (tmp_path / name / "model.onnx").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    RecentList.in_state_folder().add(Artifact(str(tmp_path / name / "model.onnx"), text, 3))  # type: ignore[arg-type]
    async with opened(None) as (app, pilot):
        assert "model.onnx" in screen_text(app)
        assert_harmless(app)
        await press(pilot, "o")
        assert_harmless(app)
        await press(pilot, "tab", "down", "down", "tab")
        assert_harmless(app)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_path_that_cannot_be_read(text: str, tmp_path: Path) -> None:
    async with showing(small_inspection()) as (app, pilot):
        app.open_artifact(str(tmp_path / text))
        await settle(pilot)
        await until(pilot, lambda: app.screen.query("Toast"))
        assert_harmless(app)
        assert len(app.screen.query("Toast")) == 1
        assert "small.onnx" in screen_text(app).splitlines()[0]
