"""Timing two models against each other as a child process does it: in random order, sessions made anew several times."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import permutations
from math import ceil
from typing import Any, Final

from numpy.typing import NDArray

from inspector.errors import OperationFailed
from inspector.runtimes.onnx_runtime.feeds import bytes_of, read_feed
from inspector.runtimes.onnx_runtime.measure import SUBJECTS, MeasureAnswer, MeasureRequest, Round, Triple
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused, make_session, run_session, usable_threads

_FEWEST_PAIRS: Final = 24
_MOST_PAIRS: Final = 320
_ROUNDS: Final = 9
"""Times that sessions are made anew, beside the first."""
_FEWEST_ROUNDS: Final = 6
"""The fewest that give a median an interval of 95 %."""
_MOST_ROUNDS: Final = 24
_EARLIEST: Final = 0.2
"""Share of the budget before which it never ends."""
_FEWEST_LATE: Final = 12
"""The fewest pairs where the budget is spent before there are more: what is left to do then is to make sessions."""
_PATIENCE: Final = 4.0
"""Budgets after which it ends whatever it has."""
_SAMPLE_MS: Final = 0.5
_MOST_REPEATS: Final = 2_000
_TIGHT: Final = 0.01
"""Relative width of the middle half of ratios, over the root of their number, at which more pairs would say nothing new."""
_FEEDS: Final = 16
_FEED_BYTES: Final = 256 << 20
_WARM_RUNS: Final = 3

_LABELS: Final = {"before": "the original", "after": "the changed artifact", "again": "the original"}

Report = Callable[[int, int, str], None]
Feed = dict[str, NDArray[Any]]


def measure_in_child(request: MeasureRequest, report: Report) -> MeasureAnswer:
    """Time creation and runs until the budget is spent or nothing more would be learned. Raises OperationFailed."""
    import onnxruntime  # noqa: F401 - so that importing it is not part of what is timed

    feeds = _feeds(request)
    gc.disable()
    return _Measurement(request, feeds, report).answer()


def _feeds(request: MeasureRequest) -> list[Feed]:
    """Return some inputs, spread over the set, as many as may lie in memory."""
    inputs = request.inputs
    if inputs.count < 1:
        raise OperationFailed("there is no input to measure with")
    wanted = min(_FEEDS, inputs.count)
    feeds: list[Feed] = []
    room = _FEED_BYTES
    for place in range(wanted):
        index = place * inputs.count // wanted
        room -= bytes_of(inputs.folder, index)
        if feeds and room < 0:
            break
        feeds.append(read_feed(inputs, index))
    return feeds


class _Timed:
    """A session of one subject, and the ms it took to create."""

    def __init__(self, path: str, threads: int, label: str) -> None:
        self._label = label
        start = time.perf_counter_ns()
        try:
            self._session = make_session(path, threads)
        except RuntimeRefused as error:
            raise OperationFailed(f"{label}: {error.message}") from None
        self.creation = (time.perf_counter_ns() - start) / 1e6
        self._names = {argument.name for argument in self._session.get_inputs()}

    def run(self, feed: Feed, repeats: int = 1) -> float:
        """Return the mean ms of a run; what the runtime raises is told once, with a clean line."""
        taken = {name: array for name, array in feed.items() if name in self._names}
        session = self._session
        start = time.perf_counter_ns()
        try:
            for _ in range(repeats):
                session.run(None, taken)
        except Exception:
            raise self._failed(taken) from None
        return max(time.perf_counter_ns() - start, 1) / 1e6 / repeats

    def _failed(self, feed: Feed) -> OperationFailed:
        """Return why a run failed, from running it once more; raises MemoryError where that is why."""
        try:
            run_session(self._session, feed)
        except RuntimeRefused as error:
            return OperationFailed(f"{self._label}: {error.message}")
        return OperationFailed(f"{self._label}: a run failed, and did not when it was repeated")


@dataclass(slots=True)
class _Measurement:
    """One measurement while it goes on."""

    request: MeasureRequest
    feeds: list[Feed]
    report: Report
    rounds: list[Round] = field(default_factory=list)
    repeats: dict[str, int] = field(default_factory=dict)
    pairs: int = 0
    notes: list[str] = field(default_factory=list)
    creation_orders: list[tuple[str, ...]] = field(default_factory=list)
    run_orders: list[tuple[str, ...]] = field(default_factory=list)
    chance: random.Random = field(init=False)
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.request.seed)  # noqa: S311 - an order, not a secret
        self.start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.start

    @property
    def exhausted(self) -> bool:
        """Whether patience has ended."""
        return self.elapsed > _PATIENCE * self.request.budget_seconds

    def answer(self) -> MeasureAnswer:
        """Measure."""
        first = self.chance.choice(SUBJECTS)
        first_creation = self._open(first).creation
        planned = self._planned(*self._estimates())
        for done in range(planned):
            if self.rounds and (self.exhausted or (done >= min(_ROUNDS, planned) and self._tight())):
                break
            left = max(self.request.budget_seconds - self.elapsed, 0.0) / (planned - done)
            fewest = ceil((_FEWEST_PAIRS if left else _FEWEST_LATE) / planned)
            self.rounds.append(self._round(fewest, ceil(_MOST_PAIRS / planned), left))
            self.report(done + 1, planned, "rounds of sessions")
        threads = self.request.threads or usable_threads()
        return MeasureAnswer(
            first_creation,
            _LABELS[first],
            tuple(self.rounds),
            threads,
            max(self.repeats.values()),
            len(self.feeds),
            tuple(self.notes),
        )

    def _estimates(self) -> tuple[float, float]:
        """Return the seconds to create a session of each and to run each once, and choose how many runs make a sample."""
        creation, running = 0.0, 0.0
        for subject in SUBJECTS:
            session = self._open(subject)
            first = session.run(self.feeds[0])
            slow = first / 1000 > self.request.budget_seconds / 10
            warm = first if slow else min(session.run(self.feeds[0]) for _ in range(_WARM_RUNS))
            self.repeats[subject] = min(max(1, ceil(_SAMPLE_MS / warm)), _MOST_REPEATS)
            creation += session.creation / 1000
            running += warm / 1000
            del session  # before the next one is made, where there is memory for one only
        return creation, running

    def _planned(self, creation_seconds: float, run_seconds: float) -> int:
        """Return how often sessions are made anew: fewer times than wanted only where that alone takes too long."""
        budget = self.request.budget_seconds
        if self.elapsed + creation_seconds + run_seconds > _PATIENCE * budget:
            self.notes.append("one round takes longer than the time there is")
            return 0
        if _ROUNDS * creation_seconds < budget / 2:
            return min(_MOST_ROUNDS, max(_ROUNDS, int(budget / 4 / creation_seconds)))
        if _FEWEST_ROUNDS * creation_seconds + _FEWEST_LATE * run_seconds < (_PATIENCE - 1) * budget:
            return _FEWEST_ROUNDS
        return max(1, int(budget / creation_seconds))

    def _round(self, fewest: int, most: int, seconds: float) -> Round:
        """Make a session of each subject and time runs of them, paired, until the time is over."""
        if self.request.mode == "in turns":
            return self._round_in_turns(fewest, most, seconds)
        end = self.elapsed + seconds
        sessions = {subject: self._open(subject) for subject in self._shuffled(self.creation_orders)}
        first_run = {subject: self._warm(session) for subject, session in sessions.items()}
        triples: list[Triple] = []
        while len(triples) < most and not (self.elapsed > end and len(triples) >= fewest) and not (triples and self.exhausted):
            feed = self.feeds[(self.pairs + len(triples)) % len(self.feeds)]
            triples.append(
                _triple(
                    {subject: sessions[subject].run(feed, self.repeats[subject]) for subject in self._shuffled(self.run_orders)}
                )
            )
        self.pairs += len(triples)
        creation = {subject: session.creation for subject, session in sessions.items()}
        return Round(_triple(creation), _triple(first_run), tuple(triples))

    def _round_in_turns(self, fewest: int, most: int, seconds: float) -> Round:
        """Do the same with one session at a time: runs of the same input are pairs, though minutes may lie between them."""
        creation, first_run, runs = {}, {}, {}
        count = 0
        for subject in self._shuffled(self.creation_orders):
            begin = self.elapsed
            session = self._open(subject)
            creation[subject] = session.creation
            first_run[subject] = self._warm(session)
            taken: list[float] = []
            while len(taken) < (count or most):
                late = self.elapsed - begin > seconds / len(SUBJECTS) and len(taken) >= fewest
                if not count and (late or (taken and self.exhausted)):
                    break
                taken.append(session.run(self.feeds[(self.pairs + len(taken)) % len(self.feeds)], self.repeats[subject]))
            count, runs[subject] = len(taken), taken
            del session
        self.pairs += count
        paired = tuple(zip(*(runs[subject] for subject in SUBJECTS), strict=True))
        return Round(_triple(creation), _triple(first_run), paired)

    def _warm(self, session: _Timed) -> float:
        """Return the ms of a session's first run, which a few untimed ones follow where that is quick."""
        first = session.run(self.feeds[0])
        if first < 100:
            for feed in self.feeds[:_WARM_RUNS]:
                session.run(feed)
        return first

    def _open(self, subject: str) -> _Timed:
        path = self.request.after if subject == "after" else self.request.before
        return _Timed(path, self.request.threads, _LABELS[subject])

    def _shuffled(self, orders: list[tuple[str, ...]]) -> tuple[str, ...]:
        """Return a random order of the subjects; all six come before one comes again, so that no place favors anybody."""
        if not orders:
            orders.extend(self.chance.sample(list(permutations(SUBJECTS)), 6))
        return orders.pop()

    def _tight(self) -> bool:
        """Whether the ratios seen lie so close together that more of them would not change what can be said."""
        ratios = sorted(run[1] / run[0] for one in self.rounds for run in one.runs)
        if len(ratios) < _FEWEST_PAIRS or self.elapsed < _EARLIEST * self.request.budget_seconds:
            return False
        quarter = len(ratios) // 4
        middle = ratios[-quarter - 1] - ratios[quarter]
        return bool(middle / ratios[len(ratios) // 2] / len(ratios) ** 0.5 < _TIGHT)


def _triple(by_subject: dict[str, float]) -> Triple:
    """Return figures in the order of SUBJECTS."""
    return by_subject["before"], by_subject["after"], by_subject["again"]
