"""Jobs run beside the screen, can be stopped at any time, and hold up nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.pilot import Pilot

from inspector.errors import OperationFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Progress, Started, Warned
from inspector.tui.jobs import Job, Jobs
from inspector.tui.messages import Cancelled, Failed, JobEvent
from inspector.tui.screens.workbench import WorkbenchScreen
from tests.tui.driving import press, screen_text, showing, until
from tests.tui.inspections import small_inspection


class Listener(App[None]):
    """Writes down what jobs say."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs()
        self.heard: list[tuple[Job, Any]] = []

    def on_job_event(self, message: JobEvent) -> None:
        self.heard.append((message.job, message.event))


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Listener, Pilot[None]]]:
    app = Listener()
    async with app.run_test() as pilot:
        yield app, pilot


async def test_events_arrive_in_order_and_progress_is_kept_with_the_job() -> None:
    def workflow(_: CancelToken) -> Iterator[Event[int]]:
        yield Started("counting")
        yield Progress(1, 2, "half")
        yield Warned("careful")
        yield Finished(42)

    async with listening() as (app, pilot):
        job = app.jobs.start("counting", workflow, app)
        await until(pilot, lambda: len(app.heard) == 3)
        assert [event for _, event in app.heard] == [Started("counting"), Warned("careful"), Finished(42)]
        assert job.progress == Progress(1, 2, "half")
        assert app.jobs.running == ()


async def test_an_error_of_the_artifact_is_an_event_and_no_bug() -> None:
    def workflow(_: CancelToken) -> Iterator[Event[int]]:
        yield Started("failing")
        raise OperationFailed("no room", "make some")

    async with listening() as (app, pilot):
        app.jobs.start("failing", workflow, app)
        await until(pilot, lambda: len(app.heard) == 2)
        event = app.heard[-1][1]
        assert isinstance(event, Failed)
        assert str(event.error) == "no room (make some)"
        assert app.jobs.bug is None


async def test_a_defect_is_an_event_and_remembered() -> None:
    def workflow(_: CancelToken) -> Iterator[Event[int]]:
        raise KeyError("ours")
        yield Started("")

    async with listening() as (app, pilot):
        app.jobs.start("broken", workflow, app)
        await until(pilot, lambda: app.heard)
        assert isinstance(app.jobs.bug, KeyError)


async def test_a_cancelled_job_says_nothing_more_and_its_generator_is_closed() -> None:
    closed, may_go_on = threading.Event(), threading.Event()

    def workflow(token: CancelToken) -> Iterator[Event[int]]:
        try:
            yield Started("waiting")
            may_go_on.wait(5)
            assert token.cancelled
            yield Warned("too late")
            yield Finished(1)
        finally:
            closed.set()

    async with listening() as (app, pilot):
        job = app.jobs.start("waiting", workflow, app)
        await until(pilot, lambda: app.heard)
        app.jobs.cancel(job)
        may_go_on.set()
        await until(pilot, lambda: len(app.heard) == 2)
        assert isinstance(app.heard[-1][1], Cancelled)
        assert closed.wait(5)
        await pilot.pause(0.05)
        assert len(app.heard) == 2
        app.jobs.cancel(job)
        await pilot.pause()
        assert len(app.heard) == 2


def _forever(token: CancelToken) -> Iterator[Event[int]]:
    yield Started("for ever")
    done = 0
    while not token.cancelled:
        done += 1
        yield Progress(done % 100, 100, "of nothing")
        time.sleep(0.01)


async def test_the_job_bar_shows_progress_and_escape_stops_it() -> None:
    async with showing(small_inspection()) as (app, pilot):
        assert "esc cancel" not in screen_text(app)
        job = app.jobs.start("working for ever", _forever, app)
        await until(pilot, lambda: "esc cancel" in screen_text(app))
        bar = next(line for line in screen_text(app).splitlines() if "esc cancel" in line)
        assert "working for ever" in bar
        assert "%" in bar
        await press(pilot, "escape")
        assert job.state == "cancelled"
        await until(pilot, lambda: "esc cancel" not in screen_text(app))


async def test_a_click_on_the_job_bar_stops_it() -> None:
    async with showing(small_inspection(), (80, 24)) as (app, pilot):
        job = app.jobs.start("working for ever", _forever, app)
        await until(pilot, lambda: "esc cancel" in screen_text(app))
        await pilot.click("#job-bar", offset=(70, 0))
        await pilot.pause()
        assert job.state == "cancelled"


async def test_quitting_waits_for_no_job() -> None:
    release = threading.Event()

    def stubborn(_: CancelToken) -> Iterator[Event[int]]:
        yield Started("stubborn")
        release.wait(30)

    async with showing(small_inspection()) as (app, pilot):
        job = app.jobs.start("stubborn", stubborn, app)
        assert isinstance(app.screen, WorkbenchScreen)
        await press(pilot, "q")
        assert not app.is_running or app._exit
        assert job.token.cancelled
        assert job.thread is not None
        assert job.thread.daemon
        assert job.thread.is_alive()
    release.set()
