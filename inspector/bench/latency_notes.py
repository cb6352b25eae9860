"""What a reader should know of how a latency was measured, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from inspector.records.benchmark import BenchSubject
from inspector.records.measurement import Conditions
from inspector.runtimes.latency import Arrivals, Timings

_CLOCK_SHARE: Final = 0.01
_UNSUSTAINED: Final = 1.0
"""Seconds of work that arrive a second from which on a queue grows without end."""
WARM_UP: Final = "until the median of 5 runs is no more than 5 % below that of the 5 before, for 100 runs or its time at most"
BLOCKS: Final = (
    "single runs, in blocks of which sessions take turns in random order; before a block the threads of other sessions come to "
    "rest, and up to 20 runs are not counted"
)


def method_notes(timings: Timings, conditions: Conditions) -> Iterator[str]:
    """Yield how the measurement was made."""
    facts = timings.facts
    rounds = len({session.round for session in timings.sessions})
    if rounds:
        yield f"{facts.feeds} inputs; sessions made anew {rounds} times"
        yield (
            BLOCKS
            if conditions.load is None
            else "one request at a time, first come first served, by the same schedule for all"
        )
    if facts.known:
        yield "ended early: more samples would say nothing new"
    if facts.capacity_per_second and facts.rate_per_second:
        yield (
            f"requests arrive by a Poisson process, {facts.rate_per_second:.3g} a second: {conditions.load:.0%} of the "
            f"{facts.capacity_per_second:.3g} that a closed loop of the first artifact did just before"
        )
    yield from facts.notes


def run_notes(timings: Timings, subject: BenchSubject) -> Iterator[str]:
    """Yield what is particular to one subject."""
    yield from timings.facts.subject_notes.get(subject, ())
    sessions = [session for session in timings.sessions if session.name == subject]
    if sessions:
        runs = median(session.warm_runs for session in sessions)
        creation = median(session.creation_ms for session in sessions)
        yield f"sessions were made in {ms_text(creation)} and warmed up {WARM_UP}: {runs:.0f} runs"
        firsts = [session.first_ms for session in sessions]
        yield f"the first run of a session, not counted, took {ms_text(min(firsts))} to {ms_text(max(firsts))}"
        if unstable := sum(not session.stable for session in sessions):
            yield f"{unstable} of {len(sessions)} sessions were not stable yet when the time to warm up was over"
    yield from _clock_note(timings, subject)
    yield from _arrival_notes(timings, subject)


def open_loop_objection(timings: Timings) -> str:
    """Return which subjects could not keep up with the requests; empty where all could, or where it was no open loop."""
    labels: dict[BenchSubject, str] = {"before": "the original", "after": "the changed artifact"}
    behind = [label for subject, label in labels.items() if _is_unsustained(_arrivals(timings, subject))]
    return f"the queue of {' and of '.join(behind)} grew: its latency depends on how long one looks" if behind else ""


def _arrivals(timings: Timings, subject: BenchSubject) -> list[Arrivals]:
    return [block.arrivals for block in timings.blocks if block.name == subject and block.arrivals is not None]


def _is_unsustained(arrivals: list[Arrivals]) -> bool:
    """Whether more work arrived than could be done."""
    return bool(arrivals) and (_demand(arrivals) >= _UNSUSTAINED or any(one.lost for one in arrivals))


def _demand(arrivals: list[Arrivals]) -> float:
    """Return the seconds of work that arrived a second: requests a second times the mean seconds each took to serve."""
    served = sum(one.count - one.lost for one in arrivals)
    each = sum(one.busy_seconds for one in arrivals) / max(1, served)
    return each * sum(one.count for one in arrivals) / max(sum(one.seconds for one in arrivals), 1e-9)


def _arrival_notes(timings: Timings, subject: BenchSubject) -> Iterator[str]:
    arrivals = _arrivals(timings, subject)
    if not arrivals:
        return
    count = sum(one.count for one in arrivals)
    waited = sum(one.waited for one in arrivals)
    yield f"{len(arrivals)} times {arrivals[0].count:,} or so requests, each time from an empty queue on"
    yield f"busy {min(1.0, _demand(arrivals)):.0%} of the time; {waited:,} of {count:,} requests waited"
    if late := sum(one.late for one in arrivals):
        yield f"{late:,} of {count:,} requests started over 0.1 ms late with nothing in the way, which is counted as latency"
    if _is_unsustained(arrivals):
        share = sum(one.served for one in arrivals) / count
        yield f"queue grew: {share:.2f} of the arrivals served by the time the last one came"
    if lost := sum(one.lost for one in arrivals):
        yield f"{lost:,} requests were given up and are in no figure: the true latency is longer"


def _clock_note(timings: Timings, subject: BenchSubject) -> Iterator[str]:
    times = [time for block in timings.blocks if block.name == subject for time in block.times_ms]
    clock = timings.facts.clock_ms
    if times and clock > _CLOCK_SHARE * median(times):
        yield f"taking the time takes {clock * 1000:.2g} µs, {clock / median(times):.1%} of a run, and is part of it"


def ms_text(milliseconds: float) -> str:
    """Return a time with three digits."""
    return f"{milliseconds:.3g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.3g} s"
