"""Page down through every row of a model's graph: time from the key to the painted frame, and from start to rows.

Usage: python measure_graph_paging.py MODEL; prints one line of JSON: median_ms and worst_ms of a page, cpu_ms of one with all
that follows it, open_s, fold_s (everything unfolded) and rows.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.strip import Strip

from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.graph.pane import GraphPane

PAGES = 100
SIZE = (120, 36)
PATIENCE_SECONDS = 120


class Painted:
    """Tells when the next frame that shows rows drawn anew has been written to the terminal."""

    def __init__(self, app: ModelpackApp, pane: GraphPane) -> None:
        self._event = asyncio.Event()
        self._at = 0.0
        self._rows_drawn = False
        display, render_line = app._display, pane.view.render_line

        def display_and_tell(*arguments: Any) -> None:
            display(*arguments)
            if self._rows_drawn and not self._event.is_set():
                self._at = time.perf_counter()
                self._event.set()

        def render_and_note(y: int) -> Strip:
            self._rows_drawn = True
            return render_line(y)

        setattr(app, "_display", display_and_tell)  # noqa: B010
        setattr(pane.view, "render_line", render_and_note)  # noqa: B010

    async def after(self, pilot: Pilot[None], key: str) -> float:
        """Press a key and return the seconds until the next frame was painted."""
        self._event.clear()
        self._rows_drawn = False
        started = time.perf_counter()
        await pilot.press(key)
        await asyncio.wait_for(self._event.wait(), PATIENCE_SECONDS)
        return self._at - started


async def measure(path: Path) -> dict[str, float]:
    """Open the model, unfold everything, page down."""
    started = time.perf_counter()
    app = ModelpackApp(path)
    async with app.run_test(size=SIZE) as pilot:
        pane = await _graph_pane(app, pilot)
        opened = time.perf_counter() - started
        while app.jobs.running:
            await pilot.pause(0.1)
        painted = Painted(app, pane)
        unfolded = await painted.after(pilot, "Z")
        before = time.process_time()
        pages = [await painted.after(pilot, "pagedown") for _ in range(PAGES)]
        busy = time.process_time() - before
        assert pane.state is not None
        return {
            "median_ms": 1000 * statistics.median(pages),
            "worst_ms": 1000 * max(pages),
            "cpu_ms": 1000 * busy / PAGES,
            "open_s": opened,
            "fold_s": unfolded,
            "rows": len(pane.state.outline),
        }


async def _graph_pane(app: ModelpackApp, pilot: Pilot[None]) -> GraphPane:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        await pilot.press("2")
        pane = next(iter(app.screen.query(GraphPane)), None)
        if pane is not None and pane.state is not None and pane.is_mounted:
            return pane
        await pilot.pause(0.02)
    raise TimeoutError("the graph did not appear")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path(sys.argv[1])))))
