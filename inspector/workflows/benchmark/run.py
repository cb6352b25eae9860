"""Carries out a plan turn by turn: what was measured is told as it arrives, and what fails is a row, not the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from inspector.errors import OperationFailed
from inspector.isolation.failure import ChildFailed
from inspector.records.benchmark import Benchmark, BenchPart, BenchResult
from inspector.records.event import Event, Finished, Partial, Progress, Started, Steps, Warned
from inspector.report.bench_sentences import turn_text
from inspector.workflows.benchmark.measurable import Pace
from inspector.workflows.benchmark.model_pair import SUBJECTS
from inspector.workflows.benchmark.schedule import Turn, schedule, seconds_for

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.artifact import Format
    from inspector.records.benchmark import BenchPlan
    from inspector.records.opened import Opened
    from inspector.workflows.benchmark.measurable import Measurable

ADVICE_WEIGHT: Final = 2.0
"""Turns' worth of time that trying ways to start sooner gets."""


def benchmark(before: Opened, after: Opened | None, plan: BenchPlan, cancel: CancelToken) -> Iterator[Event[BenchResult]]:
    """Measure an artifact, or two side by side: Partial events carry all that is known so far, Finished the whole.

    What fails or cannot be had under some conditions is a run "not measured" that says why. Raises UsageError for two
    artifacts that do not go together, a device that is not there, or data that does not fit; OperationFailed where nothing can
    be laid out to measure, ChildFailed where it was cancelled: the last Partial then holds what was measured.
    """
    from inspector.records.opened import artifact_of
    from inspector.workflows.benchmark.laying_out import lay_out

    yield Started("getting ready to measure")
    measurable = yield from lay_out(before, after, plan, cancel)
    artifact_format = artifact_of(before).format
    advised = artifact_format == "onnx" and "cold_start" in plan.kinds and after is None
    yield from measured(measurable, plan, artifact_format, cancel, advised=advised)


def measured(
    measurable: Measurable, plan: BenchPlan, artifact_format: Format, cancel: CancelToken, *, advised: bool = False
) -> Iterator[Event[BenchResult]]:
    """Measure what is laid out already, and close it; otherwise as benchmark(). advised: look for what would start sooner."""
    from inspector.bench.environment import machine_state, with_load_after

    carrying = _Carrying(plan, cancel)
    with closing(measurable):
        machine = replace(machine_state(), accelerators=measurable.accelerators)
        turns = schedule(plan, artifact_format)
        method = tuple(measurable.notes)
        carrying.so_far = replace(carrying.so_far, device=measurable.device, method=method, machine=machine)
        yield from carrying.all(measurable, turns, advised)
    yield Finished(replace(carrying.so_far, doing="", machine=with_load_after(machine)))


class _Carrying:
    """Carries turns out within the plan's time; so_far is everything that is known."""

    def __init__(self, plan: BenchPlan, cancel: CancelToken) -> None:
        self._plan = plan
        self._cancel = cancel
        self._begun = time.monotonic()
        self.so_far = BenchResult(plan)

    def all(self, measurable: Measurable, turns: Sequence[Turn], advised: bool) -> Iterator[Event[BenchResult]]:
        """Carry out every turn in order, then look for what would start sooner."""
        begun = time.monotonic()
        for place, turn in enumerate(turns):
            left = self._plan.budget_seconds - (time.monotonic() - begun)
            rest = tuple(turns[place + 1 :])
            seconds = seconds_for(turn, rest, left, ADVICE_WEIGHT if advised else 0.0)
            yield from self._turn(measurable, turn, seconds)
        if advised:
            left = self._plan.budget_seconds - (time.monotonic() - begun)
            yield from self._advice(measurable, max(left, 0.0))

    def _turn(self, measurable: Measurable, turn: Turn, seconds: float) -> Iterator[Event[BenchResult]]:
        doing = turn_text(turn.kind, turn.conditions)
        base = self.so_far
        self.so_far = replace(base, doing=doing)
        yield Started(doing)
        yield Partial(self.so_far)
        measure = measurable.starts if turn.kind == "cold_start" else measurable.latencies
        try:
            part = yield from self._following(measure(turn, self._pace(seconds)), base, doing)
        except OperationFailed as error:
            if isinstance(error, ChildFailed) and error.kind == "cancelled":
                raise
            part = _broken_off(self.so_far.runs[len(base.runs) :], turn, measurable, error)
        self.so_far = _with(base, part, doing, self._elapsed)
        yield Partial(self.so_far)

    def _following(self, steps: Steps[BenchPart], base: BenchResult, doing: str) -> Steps[BenchPart]:
        """Follow a turn: its parts so far become results so far; what was measured before it failed is kept."""
        while True:
            try:
                event: Event[Any] = next(steps)
            except StopIteration as end:
                part: BenchPart = end.value
                return part
            if isinstance(event, Partial) and isinstance(event.result, BenchPart):
                self.so_far = _with(base, event.result, doing, self._elapsed)
                yield Partial(self.so_far)
            elif isinstance(event, Progress | Warned):
                yield event

    def _advice(self, measurable: Measurable, seconds: float) -> Iterator[Event[BenchResult]]:
        doing = "what would start sooner"
        self.so_far = replace(self.so_far, doing=doing)
        yield Started(doing)
        yield Partial(self.so_far)
        try:
            found = yield from _without_partials(measurable.advice(self._pace(seconds)))
        except OperationFailed as error:
            if isinstance(error, ChildFailed) and error.kind == "cancelled":
                raise
            self.so_far = replace(self.so_far, warnings=(*self.so_far.warnings, f"no advice on starting: {error.message}"))
            return
        self.so_far = replace(self.so_far, startup=found, elapsed_seconds=self._elapsed)
        yield Partial(self.so_far)

    def _pace(self, seconds: float) -> Pace:
        return Pace(seconds, self._plan.seed, self._cancel)

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._begun


def _without_partials(steps: Steps[Any]) -> Steps[Any]:
    """Pass on progress alone: partial results of other kinds are nobody's here."""
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            return end.value
        if isinstance(event, Started | Progress):
            yield event


def _with(base: BenchResult, part: BenchPart, doing: str, elapsed: float) -> BenchResult:
    return replace(
        base,
        runs=(*base.runs, *part.runs),
        comparisons=(*base.comparisons, *part.comparisons),
        doing=doing,
        elapsed_seconds=elapsed,
    )


def _broken_off(measured: Sequence[Benchmark], turn: Turn, measurable: Measurable, error: OperationFailed) -> BenchPart:
    """Return a turn that failed: what it had measured is kept, cut short, and for whatever it had not, a row says why."""
    from inspector.bench.summary import RunOf, not_measured

    kept = {run.subject: replace(run, status="cut short", note=error.message) for run in measured if run.samples}
    return BenchPart(
        tuple(
            kept.get(subject)
            or not_measured(RunOf(subject, artifact, measurable.device, turn.conditions), turn.kind, error.message, failures=1)
            for subject, artifact in zip(SUBJECTS, measurable.artifacts, strict=False)
        )
    )
