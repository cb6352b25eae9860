"""The timing loop as a child process runs it: sessions made anew, in random order, samples of them interleaved.

It knows no runtime: a module of each opens artifacts that can be run.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import permutations
from math import ceil
from typing import Final

from inspector.errors import OperationFailed
from inspector.isolation.child_main import Reporter
from inspector.runtimes.calling_child import import_runtime
from inspector.runtimes.feed_fitting_child import Feed
from inspector.runtimes.latency import LABELS, Block, SessionTimes, TimedName, TimedSubject, TimingFacts, TimingRequest, Timings
from inspector.runtimes.latency_feeds_child import few_inputs, read_feeds
from inspector.runtimes.latency_open_child import serve
from inspector.runtimes.latency_pace_child import WARM_SECONDS, block_runs, clock_ms, offsets, rest, settling_runs, warm_up
from inspector.runtimes.latency_plan_child import Estimate, patience, planned_rounds
from inspector.runtimes.latency_session_child import Refused, Session, open_session
from inspector.runtimes.latency_stop_child import is_enough, is_quick_enough

_FEWEST_PAIRS: Final = 24
_MOST_PAIRS: Final = 320
_ROUNDS: Final = 9
"""Times that sessions are made anew, beside the first."""
_FEWEST_ROUNDS: Final = 6
"""The fewest that give a median an interval of 95 %; no more in an open loop, where a queue needs time to form."""
_FEWEST_LATE: Final = 12
"""The fewest pairs where the budget is spent before there are more: what is left to do then is to make sessions."""
_SAMPLE_MS: Final = 0.5
_MOST_REPEATS: Final = 2_000
_WARM_RUNS: Final = 3
_QUICK_FIRST_MS: Final = 100
_CAPACITY_SHARE: Final = 0.05
_CAPACITY_SECONDS: Final = 2.0
_FEWEST_FOR_CAPACITY: Final = 5
_FEWEST_ARRIVALS: Final = 8
_MOST_ARRIVALS: Final = 1_000
_WARM_SHARE: Final = 0.4
"""Share of the budget that all warming up may take."""
_SEND_SECONDS: Final = 0.25
"""How often it sends what there is."""
_QUIET_SECONDS: Final = 0.025
"""How long it waits then, for whoever takes it to be done with it and off the processor."""


def time_in_child(request: TimingRequest, report: Reporter) -> Timings:
    """Time artifacts until the budget is spent or nothing more would be learned. Raises OperationFailed."""
    loop = TimingLoop(request, report, report)
    loop.measure()
    return loop.unsent()


@dataclass(slots=True)
class TimingLoop:
    """One measurement while it goes on."""

    request: TimingRequest
    report: Callable[[int, int, str], None]
    sender: Reporter | None = None
    """Takes partial records; None: what was timed stays here."""
    sessions: list[SessionTimes] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    failures: dict[TimedName, str] = field(default_factory=dict)
    facts: TimingFacts = field(default_factory=TimingFacts)
    repeats: dict[TimedName, int] = field(default_factory=dict)
    warm_ms: dict[TimedName, float] = field(default_factory=dict)
    """Of a run of each subject when it was tried."""
    samples: int = 0
    """Of each subject."""
    chance: random.Random = field(init=False)
    start: float = field(init=False)
    _feeds: list[Feed] = field(init=False)
    _sent: tuple[int, int] = (0, 0)
    _sent_at: float = 0.0
    _rest_seconds: float = 0.0
    _run_ms: float = 0.0
    _warm_seconds: float = WARM_SECONDS
    _counts: dict[tuple[int, int], int] = field(default_factory=dict)
    _creation_orders: list[tuple[TimedName, ...]] = field(default_factory=list)
    _run_orders: list[tuple[TimedName, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.request.seed)  # noqa: S311 - an order, not a secret
        self._feeds = read_feeds(self.request.inputs)
        notes = () if self.request.pace.quick else tuple(filter(None, (few_inputs(self._feeds),)))
        self.facts = TimingFacts(len(self._feeds), self.request.batch, clock_ms=clock_ms(), notes=notes)
        for subject in self.request.subjects:
            import_runtime(subject.call, self.request.threads)
        gc.collect()
        gc.disable()
        self.start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.start

    @property
    def exhausted(self) -> bool:
        """Whether patience has ended."""
        return self.elapsed > patience(self.request.pace.quick) * self.request.budget_seconds

    @property
    def alive(self) -> tuple[TimedName, ...]:
        """The subjects that have not failed; the control only beside both that it is for."""
        named = [subject.name for subject in self.request.subjects if subject.name not in self.failures]
        return tuple(name for name in named if name != "again" or len(named) == len(self.request.subjects))

    def measure(self) -> None:
        """Measure. Raises OperationFailed at the first failure where it is a quick measurement."""
        if self.request.pace.quick:
            self._make_first_of_process()
        planned = self._planned(self._estimate())
        self._warm_seconds = min(WARM_SECONDS, _WARM_SHARE * self.request.budget_seconds / max(1, planned * len(self.alive)))
        for done in range(planned):
            if not self.alive or (done and (self.exhausted or self._is_enough(done, planned))):
                break
            self._round(done, planned, max(self.request.budget_seconds - self.elapsed, 0.0) / (planned - done))
            self.report(done + 1, planned, "rounds of sessions")

    def unsent(self) -> Timings:
        """Return what was timed since this was last asked for."""
        sessions, blocks = self._sent
        self._sent = len(self.sessions), len(self.blocks)
        return Timings(tuple(self.sessions[sessions:]), tuple(self.blocks[blocks:]), dict(self.failures), self.facts)

    def _send(self) -> None:
        """Send what is new, if that is due, and leave the processor to whoever takes it."""
        if self.sender is not None and self.elapsed - self._sent_at >= _SEND_SECONDS:
            self.sender.partial(self.unsent())
            time.sleep(_QUIET_SECONDS)
            self._sent_at = self.elapsed

    @contextmanager
    def _guarded(self, name: TimedName) -> Iterator[None]:
        """Let a subject drop out that fails; in a quick measurement that ends it."""
        try:
            yield
        except Refused as error:
            if self.request.pace.quick:
                raise OperationFailed(f"{LABELS[name]}: {error.message}") from None
            self.failures[name] = error.message

    def _subject(self, name: TimedName) -> TimedSubject:
        return next(subject for subject in self.request.subjects if subject.name == name)

    def _open(self, name: TimedName) -> Session:
        session = open_session(self._subject(name), self.request, self._feeds)
        if name not in self.facts.subject_notes:
            notes = {**self.facts.subject_notes, name: session.timed.notes}
            self.facts = replace(self.facts, subject_notes=notes)
        return session

    def _make_first_of_process(self) -> None:
        """Make the first session of the process, which takes longer than any later one."""
        name = self.chance.choice([subject.name for subject in self.request.subjects])
        with self._guarded(name):
            session = self._open(name)
            self.facts = replace(self.facts, first_creation_ms=session.timed.creation_ms, first_subject=name)
            session.close()

    def _estimate(self) -> Estimate:
        """Return what sessions and runs of each take, and choose how many runs make a sample."""
        found = Estimate()
        seen: dict[tuple[str, ...], tuple[float, float, float, float]] = {}
        for name in self.alive:
            subject = self._subject(name)
            key = (subject.call.path, subject.call.runtime, subject.call.signature, subject.device)
            same = None if self.request.pace.quick else seen.get(key)
            with self._guarded(name):
                seen[key] = taken = same or self._tried(name)
                found.add(*taken)
        self.facts = replace(self.facts, repeats=max(self.repeats.values(), default=1))
        return found

    def _tried(self, name: TimedName) -> tuple[float, float, float, float]:
        """Return the ms of making a session, of its first run, of one when warm, and until it rests. Raises Refused."""
        session = self._open(name)
        first = session.run(0)
        slow = first / 1000 > self.request.budget_seconds / 10
        warm = first if slow else min(session.run(0) for _ in range(_WARM_RUNS))
        self._run_ms, self.warm_ms[name], idle = max(self._run_ms, warm), warm, 0.0
        if self.request.pace.quick:
            self.repeats[name] = min(max(1, ceil(_SAMPLE_MS / warm)), _MOST_REPEATS)
        else:
            idle = rest()
            self._rest_seconds = max(self._rest_seconds, idle)
            self._find_rate(session)
        session.close()
        return session.timed.creation_ms, first, warm, 1000 * idle

    def _planned(self, estimate: Estimate) -> int:
        """Return how often sessions are made anew."""
        budget, quick = self.request.budget_seconds, self.request.pace.quick
        if self.alive and self.elapsed + estimate.creation + estimate.run > patience(quick) * budget:
            self.facts = replace(self.facts, notes=(*self.facts.notes, "one round takes longer than the time there is"))
            return 0
        planned = planned_rounds(estimate, budget, quick)
        return planned if self.request.load is None else min(planned, _FEWEST_ROUNDS)

    def _round(self, number: int, planned: int, seconds: float) -> None:
        """Make a session of each subject and take samples of them until the time is over."""
        fewest, most = self._bounds(planned)
        if self.request.mode == "in turns":
            self._round_in_turns(number, fewest, most, seconds)
            return
        end = self.elapsed + seconds
        sessions: dict[TimedName, Session] = {}
        for name in self._shuffled(self._creation_orders):
            with self._guarded(name):
                sessions[name] = self._opened_warm(name, number)
        turn, before = 0, self.samples
        share = max(end - self.elapsed, 0.0) / max(1, len(sessions))
        while sessions and not self._is_over(self.samples - before, fewest, most, self.elapsed > end):
            count = 0
            for name in self._shuffled(self._run_orders):
                with self._guarded(name):
                    count = self._take(sessions[name], number, turn, share)
            turn += 1
            self.samples += count
            for name in [name for name in sessions if name not in self.alive]:
                sessions.pop(name).close()
            self._send()
        for session in sessions.values():
            session.close()

    def _round_in_turns(self, number: int, fewest: int, most: int, seconds: float) -> None:
        """Do the same with one session at a time: samples of the same input are pairs, though minutes may lie between them."""
        turns, before = 0, self.samples
        order = self._shuffled(self._creation_orders)
        share = seconds / len(order)
        for name in order:
            begin, turn = self.elapsed, 0
            self.samples = before
            with self._guarded(name):
                session = self._opened_warm(name, number)
                while turn < turns or not (
                    turns or self._is_over(self.samples - before, fewest, most, self.elapsed - begin > share)
                ):
                    self.samples += self._take(session, number, turn, share)
                    turn += 1
                    self._send()
                session.close()
                del session
            turns = turns or turn

    def _is_over(self, taken: int, fewest: int, most: int, late: bool) -> bool:
        """Whether a round has as many samples as it needs."""
        if self.request.load is not None:
            return taken > 0
        return taken >= most or (late and taken >= fewest) or (taken > 0 and self.exhausted)

    def _bounds(self, planned: int) -> tuple[int, int]:
        """Return the fewest and the most samples of a round."""
        pace = self.request.pace
        if pace.quick:
            late = self.elapsed > self.request.budget_seconds
            return ceil((_FEWEST_LATE if late else _FEWEST_PAIRS) / planned), ceil(_MOST_PAIRS / planned)
        return ceil(pace.fewest_samples / planned), ceil(pace.most_samples / planned)

    def _opened_warm(self, name: TimedName, number: int) -> Session:
        """Return a new session, warm, and note what that took. Raises Refused."""
        if not self.request.pace.quick:
            rest()
        session = self._open(name)
        if self.request.pace.quick:
            first, warm_runs, stable = session.run(0), 0, True
            if min(first, self.warm_ms.get(name, first)) < _QUICK_FIRST_MS:
                for place in range(_WARM_RUNS):
                    session.run(place)
        else:
            found = warm_up(session.run, self._warm_seconds)
            first, warm_runs, stable, session.run_ms = found.first_ms, found.runs, found.stable, found.typical_ms
        self.sessions.append(SessionTimes(number, name, session.timed.creation_ms, first, warm_runs, stable))
        return session

    def _take(self, session: Session, number: int, turn: int, share: float) -> int:
        """Take the samples of one block and return how many. Raises Refused."""
        if self.request.pace.quick:
            times = [session.run(self.samples, self.repeats[session.subject.name])]
            self.blocks.append(Block(number, turn, session.subject.name, tuple(times)))
            return 1
        self._rest_seconds = 0.8 * self._rest_seconds + 0.2 * rest()
        for place in range(settling_runs(session.run_ms)):
            session.run(place)
        if self.request.load is not None:
            block = self._served(session, number, turn, share)
        else:
            count = block_runs(self._run_ms, self._rest_seconds, self.request.budget_seconds)
            times, phases = session.block(self.samples, self._counts.setdefault((number, turn), count))
            named = {name: tuple(values) for name, values in phases.items()}
            block = Block(number, turn, session.subject.name, tuple(times), named)
        self.blocks.append(block)
        return len(block.times_ms)

    def _served(self, session: Session, number: int, turn: int, share: float) -> Block:
        """Serve requests that arrive at the rate of this measurement, by the schedule of this round. Raises Refused."""
        rate = self.facts.rate_per_second or 1.0
        seconds = max(share, _FEWEST_ARRIVALS / rate)
        most = min(_MOST_ARRIVALS, ceil(self.request.pace.most_samples / _FEWEST_ROUNDS))
        schedule = offsets(rate, seconds, most, f"{self.request.seed}/{number}")
        times, arrivals = serve(session.run, schedule, schedule[-1])
        return Block(number, turn, session.subject.name, tuple(times), arrivals=arrivals)

    def _find_rate(self, session: Session) -> None:
        """Choose the rate at which requests arrive in an open loop, from how many a closed loop of the first subject does."""
        if self.request.load is None or self.facts.rate_per_second is not None:
            return
        warm_up(session.run, WARM_SECONDS)
        seconds = min(_CAPACITY_SECONDS, _CAPACITY_SHARE * self.request.budget_seconds)
        begin, runs = time.monotonic(), 0
        while runs < _FEWEST_FOR_CAPACITY or time.monotonic() - begin < seconds:
            session.run(runs)
            runs += 1
        capacity = runs / max(time.monotonic() - begin, 1e-9)
        self.facts = replace(self.facts, capacity_per_second=capacity, rate_per_second=capacity * self.request.load)

    def _shuffled(self, orders: list[tuple[TimedName, ...]]) -> tuple[TimedName, ...]:
        """Return a random order of who is left; all orders come before one comes again, so that no place favors anybody."""
        if not orders or set(orders[-1]) != set(self.alive):
            every = list(permutations(self.alive))
            orders[:] = self.chance.sample(every, len(every))
        return orders.pop()

    def _is_enough(self, done: int, planned: int) -> bool:
        """Whether more samples would say nothing new."""
        pace, budget = self.request.pace, self.request.budget_seconds
        if pace.quick:
            return done >= min(_ROUNDS, planned) and is_quick_enough(self.blocks, self.elapsed, budget)
        known = is_enough(self.blocks, self.alive, pace, self.elapsed, budget)
        self.facts = replace(self.facts, known=known)
        return known
