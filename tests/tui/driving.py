"""Ways to drive the application in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.events import Key
from textual.keys import _character_to_key
from textual.pilot import Pilot

from inspector.records.inspection import Inspection
from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.job_bar import JobBar
from tests.tui.drawing import draw

SIZES = ((80, 24), (120, 36), (200, 60))
SAMPLES = Path(__file__).parents[2] / "sample_models"
MOST_WAITS = 1000


async def until(pilot: Pilot[None], wanted: Callable[[], object]) -> None:
    """Wait until something is the case."""
    for _ in range(MOST_WAITS):
        if wanted():
            return
        await pilot.pause(0.02)
    raise AssertionError("it never happened")


async def shows(pilot: Pilot[None], *words: str) -> None:
    """Wait until all of these words are on the screen."""
    app = pilot.app
    assert isinstance(app, ModelpackApp)
    missing = list(words)
    for _ in range(MOST_WAITS):
        text = screen_text(app)
        missing = [word for word in words if word not in text]
        if not missing:
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{missing} did not appear on\n{screen_text(app)}")


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing is being read or found out any more, and drawn."""
    app = pilot.app
    assert isinstance(app, ModelpackApp)
    await until(pilot, lambda: not app.busy)
    await pilot.pause()
    await until(pilot, lambda: not app.busy and not any(bar.display for bar in app.screen.query(JobBar)))
    await pilot.pause()
    draw(app)


@asynccontextmanager
async def showing(inspection: Inspection, size: tuple[int, int] = (120, 36)) -> AsyncIterator[tuple[ModelpackApp, Pilot[None]]]:
    """Run the application with an inspection on the workbench."""
    app = ModelpackApp(None)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        app.show_inspection(inspection)
        await settle(pilot)
        yield app, pilot


@asynccontextmanager
async def opened(path: Path | None, size: tuple[int, int] = (120, 36)) -> AsyncIterator[tuple[ModelpackApp, Pilot[None]]]:
    """Run the application on a file, as the command line does."""
    app = ModelpackApp(path)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, pilot


def screen_text(app: ModelpackApp) -> str:
    """Return what is on the screen, one line of text a row."""
    width, height = app.size
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines[:height])


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys as the terminal does, each once what the one before set off is done.

    Pilot.press waits for an idle processor twice after every key, which takes long on a busy machine; this waits once.
    """
    driver = pilot.app._driver
    assert driver is not None
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        character = key if len(key) == 1 else {"space": " "}.get(key)
        event = Key(name, character)
        event.set_sender(pilot.app)
        driver.send_message(event)
        for _ in range(3):
            await pilot.pause(0)
    await pilot.pause()
