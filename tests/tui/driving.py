"""Ways to drive the application in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from inspector.records.inspection import Inspection
from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.job_bar import JobBar

SIZES = ((80, 24), (120, 36), (200, 60))
SAMPLES = Path(__file__).parents[2] / "sample_models"
MOST_WAITS = 2000


async def until(pilot: Pilot[None], wanted: Callable[[], object]) -> None:
    """Wait until something is the case."""
    for _ in range(MOST_WAITS):
        if wanted():
            return
        await pilot.pause(0.02)
    raise AssertionError("it never happened")


async def settle(pilot: Pilot[None]) -> None:
    """Wait until nothing is being read or found out any more, and drawn."""
    app = pilot.app
    assert isinstance(app, ModelpackApp)
    await until(pilot, lambda: not app.busy)
    await pilot.pause()
    await until(pilot, lambda: not app.busy and not any(bar.display for bar in app.screen.query(JobBar)))
    await pilot.pause()


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
    """Press keys and let their consequences happen."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
