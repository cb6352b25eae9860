"""Cold starts of one artifact, or of two side by side with a control: fresh processes, interleaved in random order."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from statistics import median
from typing import TYPE_CHECKING, Final, Literal

from inspector.bench.compare import LIVE_RESAMPLES, Basis, StartTriple, compared_starts, is_tight, not_compared
from inspector.bench.statistics import RESAMPLES
from inspector.bench.summary import RunOf, cold_run, is_settled
from inspector.errors import InspectorError, UsageError
from inspector.isolation.failure import ChildFailed, cancelled
from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import Benchmark, BenchPart, BenchSubject, ColdStart
from inspector.records.event import Partial, Progress, Started, Steps, Warned
from inspector.records.measurement import CacheState, Comparison, Conditions

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

Starter = Callable[["CacheState | None", "float | None", "CancelToken | None"], Steps[ColdStart]]
"""Starts an artifact once in a fresh process, with the files out of the page cache or in it, and so many processors' time."""

PATIENCE: Final = 3.0
"""Budgets after which it ends even with fewer rounds than a claim needs."""
FEWEST_ROUNDS: Final = 9
"""Rounds that it goes on to beyond its budget: of fewer, FEWEST_PAIRS at least, one outlier is an end of the interval."""
EARLIEST_ROUNDS: Final = 12
"""Rounds before which it never ends because the interval is tight: few of them can agree by luck."""
MOST_ROUNDS: Final = 400
MOST_FAILURES: Final = 3
"""Starts in a row that fail until a subject is given up."""

_Place = Literal["before", "after", "again"]
_SUBJECT_AT: Final[Mapping[_Place, BenchSubject]] = {"before": "before", "after": "after", "again": "before"}
_INTERRUPTED: Final = "ended in round {rounds}"


def cold_start(
    starters: Mapping[BenchSubject, Starter],
    conditions: Conditions,
    device: str,
    artifacts: Mapping[BenchSubject, str],
    budget_seconds: float,
    seed: int = 0,
    cancel: CancelToken | None = None,
) -> Steps[BenchPart]:
    """Start each subject again and again under the same conditions and return a run of each, and their comparisons.

    Each round starts the original, the changed one and the original once more, as control, in random order; the first start
    of each subject comes before and is not counted. It ends when the budget is spent, or before that when the interval is
    tight, and goes on up to PATIENCE budgets until there are FEWEST_ROUNDS rounds; fewer than FEWEST_PAIRS claim nothing. Of
    one subject alone nothing is compared. A Partial after each start holds what there is, as it is to be reported should it
    be cut off there. Starts that fail are rows; after MOST_FAILURES in a row a subject is given up and the other goes on.
    artifacts are the paths, as they are shown. Raises ChildFailed where it was cancelled, and UsageError where something is
    missing that a start needs.
    """
    yield Started("measuring cold starts")
    session = _Session(dict(starters), conditions, device, artifacts, budget_seconds, seed, cancel)
    yield from session.first_starts()
    while session.goes_on():
        yield from session.round()
    return session.part()


@dataclass(slots=True)
class _Session:
    """One measurement while it goes on."""

    starters: Mapping[BenchSubject, Starter]
    conditions: Conditions
    device: str
    artifacts: Mapping[BenchSubject, str]
    budget_seconds: float
    seed: int
    cancel: CancelToken | None
    rounds: list[dict[_Place, ColdStart]] = field(default_factory=list)
    round_seconds: list[float] = field(default_factory=list)
    firsts: dict[BenchSubject, ColdStart] = field(default_factory=dict)
    failed_firsts: dict[BenchSubject, list[str]] = field(default_factory=dict)
    given_up: dict[BenchSubject, str] = field(default_factory=dict)
    _failed_in_a_row: dict[BenchSubject, int] = field(default_factory=dict)
    _orders: list[tuple[_Place, ...]] = field(default_factory=list)
    _comparisons: tuple[tuple[int, int], tuple[Comparison, ...]] = ((0, 0), ())
    _warned: set[str] = field(default_factory=set)
    _chance: random.Random = field(init=False)
    _begin: float = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - an order, not a secret
        self._begin = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._begin

    def first_starts(self) -> Steps[None]:
        """Start each subject until it succeeds once or is given up: what that takes is not counted."""
        for subject in self._chance.sample(list(self.starters), len(self.starters)):
            while subject not in self.firsts and subject not in self.given_up:
                start = yield from self._started(subject)
                if start.failure:
                    self.failed_firsts.setdefault(subject, []).append(start.failure)
                else:
                    self.firsts[subject] = start
                yield from self._shown()

    def goes_on(self) -> bool:
        """Whether there is to be another round."""
        if not self._places():
            return False
        done = len(self._complete()) if len(self.starters) > 1 else len(self.rounds)
        if not self.rounds:
            return True
        expected = self.elapsed + median(self.round_seconds[-5:]) / 2
        if done < FEWEST_ROUNDS and not self.given_up:
            return expected < PATIENCE * self.budget_seconds and len(self.rounds) < MOST_ROUNDS
        return expected < self.budget_seconds and len(self.rounds) < MOST_ROUNDS and not self._tight()

    def round(self) -> Steps[None]:
        """Start everything once that is not given up, in random order."""
        begin = self.elapsed
        current: dict[_Place, ColdStart] = {}
        self.rounds.append(current)
        for place in self._shuffled():
            if _SUBJECT_AT[place] not in self.given_up:
                current[place] = yield from self._started(_SUBJECT_AT[place])
                yield from self._shown()
        self.round_seconds.append(self.elapsed - begin)

    def part(self, unfinished: bool = False) -> BenchPart:
        """Return what there is; unfinished: as it is to be reported if it is cut off now."""
        runs = tuple(self._run(subject, unfinished) for subject in self.starters)
        return BenchPart(runs, self._compared(LIVE_RESAMPLES if unfinished else RESAMPLES) if len(self.starters) > 1 else ())

    def _started(self, subject: BenchSubject) -> Steps[ColdStart]:
        """Start a subject once; a failure is a start that says why, and counts against the subject."""
        if self.cancel is not None and self.cancel.cancelled:
            raise cancelled("measuring cold starts")
        try:
            start = yield from self._warnings_of(
                self.starters[subject](self.conditions.cache, self.conditions.cpus, self.cancel)
            )
        except UsageError:
            raise
        except InspectorError as error:
            if isinstance(error, ChildFailed) and error.kind == "cancelled":
                raise
            start = ColdStart(0.0, failure=plain_line(str(error)) or "it failed without a word")
        row = self._failed_in_a_row[subject] = self._failed_in_a_row.get(subject, 0) + 1 if start.failure else 0
        if row >= MOST_FAILURES:
            self.given_up[subject] = f"{row} starts in a row failed, the last one: {start.failure}"
        return start

    def _warnings_of(self, steps: Steps[ColdStart]) -> Steps[ColdStart]:
        """Pass on what a start warns of, each warning once, and nothing else of what it says."""
        with contextlib.closing(steps):
            while True:
                try:
                    event = next(steps)
                except StopIteration as end:
                    found: ColdStart = end.value
                    return found
                if isinstance(event, Warned) and event.message not in self._warned:
                    self._warned.add(event.message)
                    yield event

    def _shown(self) -> Steps[None]:
        """Say how far it is, and what there is."""
        total = max(1, round(self.budget_seconds))
        yield Progress(min(int(self.elapsed), total), total, f"cold starts, round {len(self.rounds)}")
        yield Partial(self.part(unfinished=True))

    def _places(self) -> tuple[_Place, ...]:
        """Return what a round starts: a control only where there is still something to compare."""
        alive: tuple[_Place, ...] = tuple(subject for subject in self.starters if subject not in self.given_up)
        return (*alive, "again") if len(alive) > 1 else alive

    def _shuffled(self) -> tuple[_Place, ...]:
        """Return a random order; all orders come before one comes again, so that no place favors anybody."""
        places = self._places()
        if not self._orders or len(self._orders[-1]) != len(places):
            orders = list(permutations(places))
            self._orders = self._chance.sample(orders, len(orders))
        return self._orders.pop()

    def _complete(self) -> list[StartTriple]:
        """Return the rounds in which nothing failed."""
        return list(_complete(self.rounds))

    def _compared(self, resamples: int) -> tuple[Comparison, ...]:
        """Return the comparisons, made anew only when a round is complete."""
        complete = self._complete()
        basis = Basis("cold_start", self.device, self.conditions.threads, self.conditions)
        if not complete:
            return (not_compared(basis, "; ".join(self.given_up.values()) or "no round is complete"),)
        if self._comparisons[0] != (len(complete), resamples):
            left_out = sum(any(start.failure for start in one.values()) for one in self.rounds)
            notes = [f"{left_out} rounds with a start that failed are left out"] if left_out else []
            made = compared_starts(basis, complete, self.seed, notes, resamples)
            self._comparisons = (len(complete), resamples), made
        return self._comparisons[1]

    def _tight(self) -> bool:
        """Whether more rounds would say nothing new."""
        if len(self.rounds) < EARLIEST_ROUNDS:
            return False
        if len(self.starters) > 1 and not self.given_up:
            return is_tight(self._compared(LIVE_RESAMPLES)[0])
        return all(is_settled(self._run(subject)) for subject in self._alive())

    def _alive(self) -> list[BenchSubject]:
        return [subject for subject in self.starters if subject not in self.given_up]

    def _run(self, subject: BenchSubject, unfinished: bool = False) -> Benchmark:
        """Return the run of a subject."""
        of = RunOf(subject, plain_line(self.artifacts.get(subject, "")), self.device, self.conditions)
        ended = _INTERRUPTED.format(rounds=len(self.rounds)) if unfinished else ""
        return cold_run(
            of,
            self._starts_at(subject),
            first=self.firsts.get(subject),
            failed_firsts=self.failed_firsts.get(subject, ()),
            cut_short=self.given_up.get(subject, ended),
            controls=self._starts_at("again") if subject == "before" else (),
        )

    def _starts_at(self, place: _Place) -> Sequence[ColdStart]:
        return [one[place] for one in self.rounds if place in one]


def _complete(rounds: Sequence[Mapping[_Place, ColdStart]]) -> Iterator[StartTriple]:
    for one in rounds:
        if len(one) == 3 and not any(start.failure for start in one.values()):
            yield one["before"], one["after"], one["again"]
