"""The slim tab on the screen, its session being a recorded one, and hands on its keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.widgets import Input

from inspector.isolation.limits import CancelToken
from inspector.records.event import Finished
from inspector.records.image_inspection import ImageInspection
from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.slim import SlimPane, runner
from inspector.workflows.inspect import inspect
from tests.tui.driving import press, settle, showing, until
from tests.tui.inspections import HOSTILE
from tests.tui.slim_session_stand_in import Recorded

ALL_AT_ONCE = " ".join(HOSTILE)
SMALL = ((80, 24), (120, 36))
WIDE = (200, 60)


def read(path: Path) -> ImageInspection:
    found = [event.result for event in inspect(path, cancel=CancelToken()) if isinstance(event, Finished)]
    assert isinstance(found[-1], ImageInspection)
    return found[-1]


@asynccontextmanager
async def slim_tab(
    image: ImageInspection, recorded: Recorded, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[tuple[ModelpackApp, Any, SlimPane]]:
    """Run the application with the slim tab on the screen, its session being the recorded one."""
    kept, runner.new_session = runner.new_session, recorded  # type: ignore[assignment]
    try:
        async with showing(image, size) as (app, pilot):  # type: ignore[arg-type]
            await press(pilot, "7")
            await settle(pilot)
            yield app, pilot, app.screen.query_one(SlimPane)
    finally:
        runner.new_session = kept


async def enter(app: ModelpackApp, pilot: Any, text: str) -> None:
    """Type a text into the dialog and press Enter."""
    await until(pilot, lambda: app.screen.query(Input))
    app.screen.query_one(Input).value = text
    await pilot.pause()
    await press(pilot, "enter")


async def in_tree(pilot: Any, pane: SlimPane, name: str) -> None:
    """Put the cursor of the tree on a row."""
    pane.tree_table.focus()
    await pilot.pause()
    assert pane.tree_table.go_to(next(row for row in pane.tree_table.view.shown if row.name == name))
    await pilot.pause()


async def on_setting(pilot: Any, pane: SlimPane, title: str) -> None:
    """Put the cursor of the settings on a row."""
    pane.settings_table.focus()
    await pilot.pause()
    assert pane.settings_table.go_to(next(row for row in pane.settings_table.view.shown if row.title == title))
    await pilot.pause()
