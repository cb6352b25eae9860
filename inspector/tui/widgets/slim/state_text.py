"""What goes on, how it ended, or how to go on, in a line for the border."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from inspector.records.slimming import SlimProgress, SlimRequest, SlimStep
from inspector.report.figures import bytes_text, plural
from inspector.tui.plain_text import plain, shorten
from inspector.tui.widgets.benchmark.figures import seconds_text
from inspector.tui.widgets.optimize.figures import ROLE_STYLES, ratio_text
from inspector.tui.widgets.slim.figures import VERDICT_GLYPHS, VERDICT_ROLES, size_ratio
from inspector.tui.widgets.slim.level_rows import LevelRow, smallest
from inspector.tui.widgets.slim.runner import SlimRunner

_OTHER_CELLS = 40
_PLACE_CELLS = 40


def state_text(runner: SlimRunner, request: SlimRequest, rows: Sequence[LevelRow], width: int, *, beside: bool) -> Content:
    """Return the line for a box of so many cells; beside: whether there is room to spare."""
    spent = seconds_text(round(runner.seconds, 1) if runner.seconds < 10 else runner.seconds)
    if runner.busy:
        doing = plain(shorten(runner.doing or "starting", max(12, width - _OTHER_CELLS)))
        counts = _counts(runner.run.progress) if beside else ()
        return Content.assemble(("▶ ", "$accent-text"), doing, *counts, f" · {spent}")
    if runner.ran_with is None:
        return Content("" if beside else ", ".join(request.levels) or "none is switched on")
    if runner.ran_with != request:
        return Content.assemble(("◆ ", "$medium"), "choices changed: ", ("↵", "$accent-text bold"), " runs again")
    if runner.run.problem or runner.run.stopped:
        word = "stopped by you" if runner.run.stopped else "failed"
        return Content.assemble(("■ ", "$medium"), f"{word} · {spent}")
    best = smallest(rows)
    return _best_text(best.step, spent) if best is not None and best.step is not None else Content(f"done · {spent}")


def _counts(progress: SlimProgress | None) -> tuple[str, ...]:
    if progress is None:
        return ()
    opened = (f" · {plural(progress.opened, 'file')} opened",) if progress.opened else ()
    return (*opened, f" · {plural(progress.answers, 'answer')} compared") if progress.answers else opened


def _best_text(step: SlimStep, spent: str) -> Content:
    ratio = size_ratio(step)
    size = f" {bytes_text(step.after.size_bytes)}" if step.after is not None else ""
    share = f" ({ratio_text(ratio)})" if ratio is not None else ""
    mark = f"{VERDICT_GLYPHS[step.verdict]} ", ROLE_STYLES[VERDICT_ROLES[step.verdict]]
    where = (
        plain(shorten(step.output, _PLACE_CELLS))
        if step.output
        else Content.assemble(("^s", "$accent-text bold"), " writes it")
    )
    return Content.assemble(mark, f"{step.level}{size}{share} · ", where, f" · {spent}")
