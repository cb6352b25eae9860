"""A quick measurement of a change: session creation and latency before and after, and a control for the noise floor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inspector.bench.compare import Basis, Triples, compared, not_compared
from inspector.bench.latency_notes import ms_text
from inspector.errors import OperationFailed, UsageError
from inspector.isolation.child import run_child
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import Limits
from inspector.records.event import Started, Steps, finish
from inspector.records.measurement import Comparison, MeasurementKind
from inspector.runtimes.calling import child_environment_for, file_runnable, label, runtime_notes
from inspector.runtimes.measure import ENTRY, MeasureAnswer, MeasureRequest

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.records.runnable import Runnable

BUDGET_SECONDS: Final = 10.0
_WANT_OF_MEMORY: Final = re.compile("bad_alloc|allocate memory", re.IGNORECASE)
FEWEST_TURNS: Final = 3
"""Rounds below which sessions in turns show drift as well as difference."""
_KINDS: Final[tuple[MeasurementKind, ...]] = ("session_creation", "latency")


def quick_comparison(
    before: str,
    after: str,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken | None = None,
    budget_seconds: float = BUDGET_SECONDS,
) -> Steps[tuple[Comparison, ...]]:
    """Measure two ONNX models at paths against each other; see quick_comparison_of()."""
    return quick_comparison_of(file_runnable(before), file_runnable(after), inputs, settings, cancel, budget_seconds)


def quick_comparison_of(
    before: Runnable,
    after: Runnable,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken | None = None,
    budget_seconds: float = BUDGET_SECONDS,
) -> Steps[tuple[Comparison, ...]]:
    """Measure two against each other on a CPU, in one process, and return the comparisons of loading and of latency.

    Loading (session creation) begins once the runtimes are imported; a run goes from numpy arrays to numpy arrays. All have as
    many threads, and where they run on different runtimes, notes say which ran which. Sessions of both, and a second one of the
    original as control, are made anew several times in random order, and runs of them are interleaved; where three do not fit
    into memory, one session at a time. It takes about the budget, four times as long at most for slow models. What cannot be
    measured is a comparison "not measured" that says why in its note. Raises ChildFailed where it was cancelled.
    """
    yield Started("measuring")
    try:
        answer, mode = yield from _measured(before, after, inputs, settings, cancel, budget_seconds)
    except (OperationFailed, UsageError) as error:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise
        return tuple(not_compared(Basis(kind, "cpu", settings.threads), str(error)) for kind in _KINDS)
    answer = replace(answer, notes=(*runtime_notes(before, after), *answer.notes))
    return _creation(answer, settings, mode), _latency(answer, settings, mode)


def _measured(
    before: Runnable,
    after: Runnable,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    budget_seconds: float,
) -> Steps[tuple[MeasureAnswer, str]]:
    """Return what was timed, and how: interleaved, or in turns where there was no memory for that."""
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request = MeasureRequest(before, after, inputs, settings.threads, budget_seconds, settings.seed)
    title, environment = f"measuring {label(before)}", child_environment_for(before, after)
    try:
        child = run_child(ENTRY, request, MeasureAnswer, limits, cancel, title=title, environment=environment)
        return (yield from finish(child)).result, ""
    except OperationFailed as error:
        if getattr(error, "kind", "") != "out_of_memory" and not _WANT_OF_MEMORY.search(str(error)):
            raise
    request = replace(request, mode="in turns")
    child = run_child(ENTRY, request, MeasureAnswer, limits, cancel, title=title, environment=environment)
    return (yield from finish(child)).result, "one session at a time, for want of memory"


def _creation(answer: MeasureAnswer, settings: OptimizeSettings, mode: str) -> Comparison:
    first = f"the first of the process, of {answer.first_subject}, {ms_text(answer.first_creation)}: not counted"
    rounds = [[one.creation] for one in answer.rounds]
    return _compared("session_creation", rounds, answer, settings, (*answer.notes, first), mode)


def _latency(answer: MeasureAnswer, settings: OptimizeSettings, mode: str) -> Comparison:
    first = _first_runs([one.first_run for one in answer.rounds])
    how = f"{answer.feeds} inputs, sessions made anew {len(answer.rounds)} times"
    mean = f"each sample the mean of up to {answer.repeats:,} runs" if answer.repeats > 1 else ""
    return _compared("latency", [one.runs for one in answer.rounds], answer, settings, (*answer.notes, first, how, mean), mode)


def _first_runs(runs: Triples) -> str:
    """Return the range of what the first run of a session takes, which is no part of the comparison."""
    if not runs:
        return ""
    ranges = [f"{ms_text(min(run[place] for run in runs))} to {ms_text(max(run[place] for run in runs))}" for place in (0, 1)]
    return f"the first run of a session, not counted, took {ranges[0]} before, {ranges[1]} after"


def _compared(
    kind: MeasurementKind,
    rounds: Sequence[Triples],
    answer: MeasureAnswer,
    settings: OptimizeSettings,
    notes: Sequence[str],
    mode: str,
) -> Comparison:
    """Return the comparison of times in ms (before, after, again), grouped by the sessions they share."""
    few = bool(mode) and len(rounds) < FEWEST_TURNS
    objection = f"{len(rounds)} turns in the time there is, {FEWEST_TURNS} at least are needed" if few else ""
    basis = Basis(kind, settings.device, answer.threads)
    return compared(basis, rounds, settings.seed, (*notes, mode), objection)
