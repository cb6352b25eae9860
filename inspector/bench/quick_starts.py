"""Whole starts of two ways of calling the same thing, each with its own runtime in fresh processes, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inspector.bench.cold_start import Starter, cold_start
from inspector.bench.compare import Basis, not_compared
from inspector.bench.latency_notes import ms_text
from inspector.errors import OperationFailed, UsageError
from inspector.isolation.failure import ChildFailed
from inspector.records.event import Partial, Started, Steps
from inspector.records.measurement import Comparison, Conditions
from inspector.runtimes.call_starters import starter_of
from inspector.runtimes.calling import label, runtime_notes

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPart, BenchSubject
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.records.runnable import Runnable

BUDGET_SECONDS: Final = 30.0
_IMPORTS: Final = "imports"


def quick_starts(
    before: Runnable,
    after: Runnable,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken | None = None,
    budget_seconds: float = BUDGET_SECONDS,
) -> Steps[tuple[Comparison, ...]]:
    """Start both again and again in fresh processes, files in the page cache, and return the comparison of whole starts.

    A start goes from the process's spawn to the end of its warm-up, the import of its runtime included. Each round starts the
    original, the changed one and the original once more as control, in random order; see cold_start() for when it ends. Too
    few rounds in the time there is, and what does not start, is a comparison "not measured" that says why in its note. Raises
    ChildFailed where it was cancelled.
    """
    yield Started("measuring starts")
    conditions = Conditions(settings.threads, cache="warm")
    try:
        part = yield from _started(before, after, inputs, settings, conditions, cancel, budget_seconds)
    except (OperationFailed, UsageError) as error:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise
        return (not_compared(Basis("cold_start", settings.device, settings.threads, conditions), str(error)),)
    notes = (*runtime_notes(before, after), *_imports(part.comparisons))
    whole = next(one for one in part.comparisons if not one.phase)
    return (replace(whole, note="; ".join(note for note in (whole.note, *notes, "files in the page cache") if note)),)


def _started(
    before: Runnable,
    after: Runnable,
    inputs: InputSet,
    settings: OptimizeSettings,
    conditions: Conditions,
    cancel: CancelToken | None,
    budget_seconds: float,
) -> Steps[BenchPart]:
    """Return the rows of all starts; what is shown of them on the way is for nobody here."""
    device, threads = settings.device, settings.threads
    starters: dict[BenchSubject, Starter] = {
        "before": starter_of(before, inputs, device, threads, settings),
        "after": starter_of(after, inputs, device, threads, settings),
    }
    artifacts: dict[BenchSubject, str] = {"before": label(before), "after": label(after)}
    steps = cold_start(starters, conditions, device, artifacts, budget_seconds, settings.seed, cancel)
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        if not isinstance(event, Partial):
            yield event


def _imports(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Return how much of the starts importing the runtimes takes."""
    found = next((one for one in comparisons if one.phase == _IMPORTS and one.pairs), None)
    if found is None:
        return ()
    return (f"importing the runtime takes {ms_text(found.before_ms)} of it before, {ms_text(found.after_ms)} after",)
