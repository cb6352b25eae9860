"""Rows of a latency measurement from what was timed: a run of each artifact, and what is said of the two side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Final

from inspector.bench.compare import Basis, Triple, compared, not_compared
from inspector.bench.latency_notes import method_notes, open_loop_objection, run_notes
from inspector.bench.statistics import median_interval, sign_test_interval
from inspector.bench.summary import RunOf, latency_run, not_measured, percentiles
from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import Benchmark, BenchPart, BenchSubject, PhaseFigures
from inspector.records.measurement import Comparison, Conditions
from inspector.runtimes.latency import TimedName, Timings

IN_TURNS: Final = "one session at a time, for want of memory: minutes may lie between the runs of a pair"
FEWEST_TURNS: Final = 3
"""Rounds below which sessions in turns show drift as well as difference."""


@dataclass(slots=True)
class Taken:
    """What a latency measurement is of, and everything that has been timed so far."""

    paths: dict[BenchSubject, str]
    devices: dict[BenchSubject, str]
    conditions: Conditions
    seed: int = 0
    timings: Timings = field(default_factory=Timings)
    failures: dict[TimedName, str] = field(default_factory=dict)
    """Of subjects measured alone."""
    cut_short: str = ""
    mode_note: str = ""
    method: tuple[str, ...] = ()
    """What a reader should know of both together."""
    nodes_on_cpu: dict[BenchSubject, tuple[str, ...]] = field(default_factory=dict)
    notes: dict[BenchSubject, str] = field(default_factory=dict)

    def reason(self, subject: TimedName) -> str:
        """Return why a subject has no more samples than it has; empty where nothing went wrong."""
        return self.timings.failures.get(subject, "") or self.failures.get(subject, "") or self.cut_short

    def sessions(self, subject: TimedName) -> list[list[float]]:
        """Return the ms of single runs, those of a session in one list, in the order they were taken."""
        groups: dict[int, list[float]] = {}
        for block in self.timings.blocks:
            if block.name == subject:
                groups.setdefault(block.round, []).extend(block.times_ms)
        return list(groups.values())

    def triples(self) -> list[list[Triple]]:
        """Return paired ms of the original, the changed one and the control, those of the same sessions in one list."""
        turns: dict[tuple[int, int], dict[TimedName, Sequence[float]]] = {}
        for block in self.timings.blocks:
            turns.setdefault((block.round, block.turn), {})[block.name] = block.times_ms
        groups: dict[int, list[Triple]] = {}
        for (number, _), times in turns.items():
            paired = zip(times.get("before", ()), times.get("after", ()), times.get("again", ()), strict=False)
            groups.setdefault(number, []).extend(paired)
        return [group for group in groups.values() if group]


def bench_part(taken: Taken) -> BenchPart:
    """Return the rows of a measurement that has ended."""
    runs = tuple(_run(taken, subject) for subject in taken.paths)
    return BenchPart(runs, (_comparison(taken),) if len(taken.paths) > 1 else ())


def live_part(taken: Taken) -> BenchPart:
    """Return the rows of one that goes on, as they are reported if it is cut off now; quickly made, and claiming nothing."""
    rounds = len({block.round for block in taken.timings.blocks})
    ended = f"ended after {rounds} rounds of sessions"
    runs = tuple(_live_run(taken, subject, ended) for subject in taken.paths)
    return BenchPart(runs, (_live_comparison(taken, ended),) if len(taken.paths) > 1 else ())


def _of(taken: Taken, subject: BenchSubject) -> RunOf:
    nodes = taken.nodes_on_cpu.get(subject, ())
    return RunOf(subject, plain_line(taken.paths[subject]), taken.devices[subject], taken.conditions, nodes)


def _run(taken: Taken, subject: BenchSubject) -> Benchmark:
    """Return everything that is known of one subject."""
    sessions, reason = taken.sessions(subject), taken.reason(subject)
    failure = taken.timings.failures.get(subject, "")
    particular = (*run_notes(taken.timings, subject), taken.notes.get(subject, ""))
    notes = (*taken.method, *particular, *method_notes(taken.timings, taken.conditions), taken.mode_note)
    run = latency_run(
        _of(taken, subject),
        sessions,
        first_ms=_first(taken, subject),
        throughput_per_second=_served_per_second(taken, subject),
        failures=(failure,) if failure else (),
        notes=[note for note in notes if note],
        cut_short="ended by a failure" if failure and sessions else reason or ("" if sessions else _why_nothing(taken)),
        controls=taken.sessions("again") if subject == "before" else (),
    )
    return replace(run, phases=_phases(taken, subject))


def _live_run(taken: Taken, subject: BenchSubject, ended: str) -> Benchmark:
    of, times = _of(taken, subject), [time for session in taken.sessions(subject) for time in session]
    if not times:
        return not_measured(of, "latency", taken.reason(subject) or ended)
    middle = sign_test_interval(sorted(times))
    return Benchmark(
        of.subject,
        "latency",
        of.device,
        len(times),
        middle.value,
        middle.low,
        middle.high,
        conditions=of.conditions,
        artifact=of.artifact,
        status="cut short",
        note=taken.reason(subject) or ended,
        percentiles=percentiles(times),
        throughput_per_second=_served_per_second(taken, subject) or 1000 * of.conditions.batch * len(times) / sum(times),
        first_ms=_first(taken, subject),
        times_ms=tuple(times),
        control_ms=tuple(time for session in taken.sessions("again") for time in session) if subject == "before" else (),
    )


def _basis(taken: Taken) -> Basis:
    after_device = taken.devices["after"] if taken.devices["after"] != taken.devices["before"] else ""
    return Basis("latency", taken.devices["before"], taken.conditions.threads, taken.conditions, after_device=after_device)


def _comparison(taken: Taken) -> Comparison:
    groups, basis = taken.triples(), _basis(taken)
    if not groups:
        reasons = {taken.reason(name) for name in ("before", "after")} - {""}
        return not_compared(basis, "; ".join(sorted(reasons)) or _why_nothing(taken))
    notes = [
        *taken.method,
        f"sessions made anew {len(groups)} times",
        taken.mode_note,
        taken.cut_short,
        open_loop_objection(taken.timings),
    ]
    return compared(basis, groups, taken.seed, [note for note in notes if note], _objection(taken, len(groups)))


def _live_comparison(taken: Taken, ended: str) -> Comparison:
    groups, basis = taken.triples(), _basis(taken)
    triples = [triple for group in groups for triple in group if min(triple) > 0]
    if not triples:
        return not_compared(basis, ended)
    ratio = sign_test_interval(sorted(after / before for before, after, _ in triples))
    noise = sign_test_interval(sorted(again / before for before, _, again in triples))
    return replace(
        not_compared(basis, ended),
        before_ms=median(before for before, _, _ in triples),
        after_ms=median(after for _, after, _ in triples),
        ratio=ratio.value,
        low=ratio.low,
        high=ratio.high,
        pairs=len(triples),
        noise_low=noise.low,
        noise_high=noise.high,
    )


def _objection(taken: Taken, rounds: int) -> str:
    if taken.mode_note and rounds < FEWEST_TURNS:
        return f"{rounds} turns in the time there is, {FEWEST_TURNS} at least are needed"
    return ""


def _first(taken: Taken, subject: BenchSubject) -> float | None:
    firsts = [session.first_ms for session in taken.timings.sessions if session.name == subject]
    return median(firsts) if firsts else None


def _served_per_second(taken: Taken, subject: BenchSubject) -> float | None:
    """Return batch elements served a second of an open loop; None for a closed one."""
    blocks = [block for block in taken.timings.blocks if block.name == subject and block.arrivals is not None]
    seconds = sum(block.arrivals.seconds + block.times_ms[-1] / 1000 for block in blocks if block.arrivals and block.times_ms)
    served = sum(len(block.times_ms) for block in blocks)
    return taken.conditions.batch * served / seconds if seconds else None


def _phases(taken: Taken, subject: BenchSubject) -> dict[str, PhaseFigures]:
    """Return the figures of the phases that runs are told apart into, where they are."""
    return {name: _figures(groups) for name, groups in _phase_sessions(taken, subject)}


def _phase_sessions(taken: Taken, subject: BenchSubject) -> Iterator[tuple[str, list[list[float]]]]:
    blocks = [block for block in taken.timings.blocks if block.name == subject]
    for name in dict.fromkeys(name for block in blocks for name in block.phases_ms):
        groups: dict[int, list[float]] = {}
        for block in blocks:
            groups.setdefault(block.round, []).extend(block.phases_ms.get(name, ()))
        yield name, list(groups.values())


def _figures(groups: Sequence[Sequence[float]]) -> PhaseFigures:
    middle = median_interval(groups)
    return PhaseFigures(middle.value, middle.low, middle.high)


def _why_nothing(taken: Taken) -> str:
    return "; ".join(taken.timings.facts.notes)
