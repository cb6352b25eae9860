"""The levels as rows: the original, and what each level would do, does, or came to; no drawing here."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from inspector.records.slimming import SLIM_LEVELS, SlimGroup, SlimLevel, SlimProgress, SlimRequest, SlimStep, SlimSurvey
from inspector.records.written_image import ImageBytes
from inspector.tui.widgets.slim.choices import Amounts, choice_of, total
from inspector.tui.widgets.slim.settings import NO_EXERCISE

State = Literal["original", "planned", "waiting", "running", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One row. before is the original; would_go what leaving it to the survey gives, None where that cannot be told."""

    level: SlimLevel | None
    state: State
    on: bool = True
    before: ImageBytes | None = None
    would_go: Amounts | None = None
    lacks: str = ""
    """Why the level cannot be run as things are."""
    step: SlimStep | None = None
    progress: SlimProgress | None = None
    doing: str = ""
    problem: str = ""
    begun: float = field(default=0.0, compare=False)
    """time.monotonic() of the start of the run, 0 where nobody counts."""

    @property
    def groups(self) -> tuple[SlimGroup, ...]:
        """What is known of what goes and stays at this level since it was begun."""
        if self.step is not None:
            return self.step.groups
        return self.progress.groups if self.progress is not None else ()


@dataclass(frozen=True, slots=True)
class RunState:
    """What a run has told so far: levels that are done, and what is known of the one that is, or was last, at work."""

    steps: Mapping[SlimLevel, SlimStep] = field(default_factory=dict)
    progress: SlimProgress | None = None
    running: bool = False
    doing: str = ""
    """What was last said to go on."""
    queue: tuple[SlimLevel, ...] = ()
    """Levels of this run, in order."""
    begun: float = field(default=0.0, compare=False)
    problem: str = ""
    stopped: bool = False


def level_rows(request: SlimRequest, survey: SlimSurvey | None, run: RunState) -> list[LevelRow]:
    """Return the original and every level."""
    told = [step.before for step in run.steps.values()]  # what is pulled is known better once the image was packed
    before = told[-1] if told else survey.original if survey is not None else None
    rows = [LevelRow(None, "original", before=before)]
    return rows + [_level_row(level, request, survey, run, before) for level in SLIM_LEVELS]


def _level_row(
    level: SlimLevel, request: SlimRequest, survey: SlimSurvey | None, run: RunState, before: ImageBytes | None
) -> LevelRow:
    step, progress = run.steps.get(level), run.progress
    of_run = level in run.queue and step is None
    state: State = "done" if step is not None else "planned"
    mine = progress if progress is not None and progress.level == level and of_run else None
    if of_run and run.running:
        state = "running" if _is_next(level, run) else "waiting"
    elif of_run and _is_next(level, run) and (run.problem or run.stopped):
        state = "failed" if run.problem else "stopped"
    return LevelRow(
        level,
        state,
        level in request.levels,
        before,
        would_go(level, request, survey),
        NO_EXERCISE if level == "trace" and not request.exercises else "",
        step,
        mine,
        run.doing if state in ("running", "stopped", "failed") else "",
        run.problem if state == "failed" else "",
        run.begun,
    )


def _is_next(level: SlimLevel, run: RunState) -> bool:
    if run.progress is not None and run.progress.level not in run.steps:
        return run.progress.level == level
    return next((one for one in run.queue if one not in run.steps), None) == level


def would_go(level: SlimLevel, request: SlimRequest, survey: SlimSurvey | None) -> Amounts | None:
    """Return what a level would leave out, as far as that can be told without running anything."""
    if survey is None or level == "trace":
        return None
    waste = Amounts(survey.flatten_bytes, survey.flatten_files)
    if level == "flatten":
        return waste
    sums = total(survey.clean, request) + _chosen_packages(survey.packages, request)
    return waste + Amounts(max(0, sums.goes_bytes), max(0, sums.goes_files))


def _chosen_packages(groups: Sequence[SlimGroup], request: SlimRequest) -> Amounts:
    """Return what choices of packages change: of what goes of a package by itself, leftovers tell already."""
    sums = Amounts()
    for group in groups:
        choice = choice_of(request, group.pattern)
        if choice == "drop":
            sums += Amounts(group.kept_bytes, group.kept_files)
        elif choice == "keep":
            sums += Amounts(-group.dropped_bytes, -group.dropped_files)
    return sums


def seconds_of(row: LevelRow) -> float:
    """Return how long the run has taken."""
    return time.monotonic() - row.begun if row.begun else 0.0


def smallest(rows: Sequence[LevelRow]) -> LevelRow | None:
    """Return the row that would be saved: the last level that was accepted."""
    return next((row for row in reversed(rows) if row.step is not None and row.step.status == "accepted"), None)
