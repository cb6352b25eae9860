"""Running work: what it is, how far it is, and how to stop it; out of sight when there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.events import Click

from inspector.tui.jobs import Job
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.lines import Lines

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PATIENCE_SECONDS = 0.15
_TICK_SECONDS = 0.1
_BAR_CELLS = 20


class JobBar(Lines):
    """One line for the oldest running job; appears only when it takes longer than a moment."""

    def __init__(self, running: Callable[[], Sequence[Job]]) -> None:
        """running gives the jobs that matter here, oldest first."""
        super().__init__(id="job-bar")
        self._jobs = running
        self.display = False

    def on_mount(self) -> None:
        """Look at the jobs ten times a second; drawing happens only while some run."""
        self.set_interval(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        wanted = any(job.seconds > _PATIENCE_SECONDS for job in self._jobs())
        if wanted or self.display:
            self.display = wanted
            self.refresh(layout=True)

    def build(self, width: int) -> Sequence[Content]:
        """Return the one line."""
        running = self._jobs()
        return [self._line(running[0], len(running) - 1, width)] if running else [Content()]

    def _line(self, job: Job, others: int, width: int) -> Content:
        spinner = _SPINNER[int(job.seconds / _TICK_SECONDS) % len(_SPINNER)]
        right = Content.assemble(
            (f"  +{others} more" if others else "", "$soft"), ("  esc", "$accent-text bold"), (" cancel ", "$soft")
        )
        room = max(0, width - right.cell_length - 3)
        left = Content.assemble((f" {spinner} ", "$accent-text bold"), self._state(job, room))
        return left.pad_right(max(0, width - left.cell_length - right.cell_length)) + right

    def _state(self, job: Job, room: int) -> Content:
        title = shorten(job.title, room)
        if job.progress is None or room < len(title) + _BAR_CELLS + 8:
            return plain(title)
        done, total, note = job.progress.done, job.progress.total, job.progress.note
        if total <= 0:
            return Content.assemble(plain(title), "  ", plain(shorten(note, room - len(title) - 2), "$soft"))
        share = min(1.0, done / total)
        filled = round(share * _BAR_CELLS)
        return Content.assemble(
            plain(title),
            "  ",
            ("━" * filled, "$accent-text"),
            ("━" * (_BAR_CELLS - filled), "$line"),
            f" {share:4.0%}  ",
            plain(shorten(note, room - len(title) - _BAR_CELLS - 9), "$soft"),
        )

    async def on_click(self, event: Click) -> None:
        """Cancel by mouse."""
        event.stop()
        await self.screen.run_action("cancel_job")
