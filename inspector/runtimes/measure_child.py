"""Timing two against each other as a child process does it for a quick comparison; the loop is that of latency_child."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inspector.records.runnable import Runnable
from inspector.runtimes.latency import LABELS, SUBJECTS, Pace, TimedName, TimedSubject, TimingRequest
from inspector.runtimes.latency_child import TimingLoop
from inspector.runtimes.measure import MeasureAnswer, MeasureRequest, Round, Triple
from inspector.runtimes.onnx_runtime.sessions import usable_threads

Report = Callable[[int, int, str], None]


def measure_in_child(request: MeasureRequest, report: Report) -> MeasureAnswer:
    """Time creation and runs until the budget is spent or nothing more would be learned. Raises OperationFailed."""
    loop = TimingLoop(_timing(request), report)
    loop.measure()
    facts = loop.facts
    return MeasureAnswer(
        facts.first_creation_ms,
        LABELS[facts.first_subject],
        tuple(_rounds(loop)),
        request.threads or usable_threads(),
        facts.repeats,
        facts.feeds,
        facts.notes,
    )


def _timing(request: MeasureRequest) -> TimingRequest:
    calls: dict[TimedName, Runnable] = {"before": request.before, "after": request.after, "again": request.before}
    threads = request.threads or usable_threads()  # the same for all, though some runtimes would choose otherwise
    subjects = tuple(TimedSubject(name, calls[name]) for name in SUBJECTS)
    return TimingRequest(
        subjects, request.inputs, threads, request.budget_seconds, request.seed, Pace(quick=True), request.mode
    )


def _rounds(loop: TimingLoop) -> Sequence[Round]:
    """Return what was timed in each round, by subject."""
    found = []
    for number in dict.fromkeys(session.round for session in loop.sessions):
        sessions = {session.name: session for session in loop.sessions if session.round == number}
        times = {
            name: [block.times_ms[0] for block in loop.blocks if (block.round, block.name) == (number, name)]
            for name in SUBJECTS
        }
        creation = _triple({name: session.creation_ms for name, session in sessions.items()})
        first = _triple({name: session.first_ms for name, session in sessions.items()})
        found.append(Round(creation, first, tuple(zip(*(times[name] for name in SUBJECTS), strict=True))))
    return found


def _triple(by_subject: dict[TimedName, float]) -> Triple:
    """Return figures in the order of SUBJECTS."""
    return by_subject["before"], by_subject["after"], by_subject["again"]
