"""A quick measurement of a change: session creation and latency before and after, and a control for the noise floor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from inspector.bench.statistics import Interval, outliers, ratio_interval, verdict
from inspector.errors import OperationFailed
from inspector.isolation.child import run_child
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.event import Started, Steps, finish
from inspector.records.measurement import Comparison, ComparisonVerdict, MeasurementKind
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.onnx_runtime.measure import ENTRY, MeasureAnswer, MeasureRequest

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings

BUDGET_SECONDS: Final = 10.0
FEWEST_PAIRS: Final = 6
"""Pairs below which no interval of 95 % exists for a median."""

Triples = Sequence[tuple[float, float, float]]


def quick_comparison(
    before: str,
    after: str,
    inputs: InputSet,
    settings: OptimizeSettings,
    cancel: CancelToken | None = None,
    budget_seconds: float = BUDGET_SECONDS,
) -> Steps[tuple[Comparison, ...]]:
    """Measure two models against each other on a CPU and return the comparisons of session creation and latency.

    Sessions of both, and a second one of the original as control, are made anew several times in random order, and runs of
    them are interleaved; where three do not fit into memory, one session at a time. It takes about the budget, three times
    as long at most for slow models. What cannot be measured is a comparison "not measured" that says why in its note.
    Raises ChildFailed where it was cancelled.
    """
    yield Started("measuring")
    try:
        answer, mode = yield from _measured(before, after, inputs, settings, cancel, budget_seconds)
    except OperationFailed as error:
        if isinstance(error, ChildFailed) and error.kind == "cancelled":
            raise
        return tuple(_not_measured(kind, str(error), settings) for kind in ("session_creation", "latency"))
    return _creation(answer, settings, mode), _latency(answer, settings, mode)


def _measured(
    before: str, after: str, inputs: InputSet, settings: OptimizeSettings, cancel: CancelToken | None, budget_seconds: float
) -> Steps[tuple[MeasureAnswer, str]]:
    """Return what was timed, and how: interleaved, or in turns where there was no memory for that."""
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    request = MeasureRequest(
        str(Path(before).absolute()), str(Path(after).absolute()), inputs, settings.threads, budget_seconds, settings.seed
    )
    title = f"measuring {plain_line(Path(before).name, 80)}"
    try:
        child = run_child(ENTRY, request, MeasureAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
        return (yield from finish(child)).result, ""
    except ChildFailed as error:
        if error.kind != "out_of_memory":
            raise
    request = MeasureRequest(request.before, request.after, inputs, settings.threads, budget_seconds, settings.seed, "in turns")
    child = run_child(ENTRY, request, MeasureAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    return (yield from finish(child)).result, "one session at a time, for want of memory"


def _creation(answer: MeasureAnswer, settings: OptimizeSettings, mode: str) -> Comparison:
    first = f"the first of the process, of {answer.first_subject}, {_ms(answer.first_creation)}: not counted"
    rounds = [[one.creation] for one in answer.rounds]
    return _compared("session_creation", rounds, answer, settings, (*answer.notes, first, mode))


def _latency(answer: MeasureAnswer, settings: OptimizeSettings, mode: str) -> Comparison:
    first = _first_runs([one.first_run for one in answer.rounds])
    how = f"{answer.feeds} inputs, sessions made anew {len(answer.rounds)} times"
    mean = f"each sample the mean of up to {answer.repeats:,} runs" if answer.repeats > 1 else ""
    return _compared("latency", [one.runs for one in answer.rounds], answer, settings, (*answer.notes, first, how, mean, mode))


def _first_runs(runs: Triples) -> str:
    """Return the median of what the first run of a session takes, which is no part of the comparison."""
    if not runs:
        return ""
    return (
        f"the first run of a session: {_ms(median(run[0] for run in runs))} before, {_ms(median(run[1] for run in runs))} after"
    )


def _compared(
    kind: MeasurementKind, rounds: Sequence[Triples], answer: MeasureAnswer, settings: OptimizeSettings, notes: Sequence[str]
) -> Comparison:
    """Return the comparison of times in ms (before, after, again), grouped by the sessions they share."""
    triples = [triple for group in rounds for triple in group]
    if not triples:
        return _not_measured(kind, "; ".join(note for note in notes if note), settings, answer.threads)
    ratios = [[after / before for before, after, _ in group] for group in rounds]
    ratio = ratio_interval(ratios, settings.seed)
    noise = ratio_interval([[again / before for before, _, again in group] for group in rounds], settings.seed)
    said = "; ".join(note for note in (*_remarks([one for group in ratios for one in group]), *notes) if note)
    return Comparison(
        kind,
        median(before for before, _, _ in triples),
        median(after for _, after, _ in triples),
        ratio.value,
        ratio.low,
        ratio.high,
        _claim(ratio, noise, len(triples)),
        len(triples),
        noise.low,
        noise.high,
        settings.device,
        answer.threads,
        said,
    )


def _claim(ratio: Interval, noise: Interval, pairs: int) -> ComparisonVerdict:
    return verdict(ratio, noise) if pairs >= FEWEST_PAIRS else "no difference shown"


def _remarks(ratios: Sequence[float]) -> tuple[str, ...]:
    """Return what a reader should know of the ratios themselves."""
    far = len(outliers(ratios))
    few = f"{len(ratios)} pairs are too few for an interval of 95 %: {FEWEST_PAIRS} at least"
    return (
        few if len(ratios) < FEWEST_PAIRS else "",
        f"{far} of {len(ratios)} pairs are outliers, and counted" if far else "",
    )


def _not_measured(kind: MeasurementKind, reason: str, settings: OptimizeSettings, threads: int = 0) -> Comparison:
    note = f"not measured: {reason or 'nothing was timed'}"
    return Comparison(
        kind, 0.0, 0.0, 1.0, 0.0, 0.0, "not measured", 0, device="cpu", threads=threads or settings.threads, note=note
    )


def _ms(milliseconds: float) -> str:
    """Return a time with three digits."""
    return f"{milliseconds:.3g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.3g} s"
