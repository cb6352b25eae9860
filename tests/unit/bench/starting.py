"""Starters for tests: starts that take a known time, fail when told to, and say what a real one says."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from inspector.records.benchmark import BenchPart, ColdStart, PhaseSample
from inspector.records.event import Event, Started, Steps, Warned
from inspector.records.measurement import CacheState


@dataclass
class Clock:
    """Seconds that pass only when a start takes them."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@dataclass
class PlannedStarter:
    """Takes the planned seconds at each start, by its number from 1, and remembers what it was asked for; None: it fails."""

    clock: Clock
    seconds: Callable[[int], float | None]
    raises: Exception | None = None
    warning: str = ""
    asked: list[tuple[CacheState | None, float | None]] = field(default_factory=list)
    log: list[str] | None = None
    name: str = ""

    def __call__(self, cache: CacheState | None, cpus: float | None, cancel: object) -> Steps[ColdStart]:
        self.asked.append((cache, cpus))
        if self.log is not None:
            self.log.append(self.name)
        yield Started("starting")
        if self.warning:
            yield Warned(self.warning)
        seconds = self.seconds(len(self.asked))
        self.clock.now += seconds or 0.1
        if self.raises is not None and seconds is None:
            raise self.raises
        return ColdStart(100.0, failure="exit code 1") if seconds is None else cold(1000 * seconds)


def noisy(seconds: float, spread: float = 0.05, seed: int = 0) -> Callable[[int], float]:
    """Return a plan of times that scatter around so many seconds."""
    chance = random.Random(seed)
    return lambda number: seconds * chance.lognormvariate(0, spread)


def cold(wall_ms: float, **phases: float) -> ColdStart:
    """Return a start with the phases spawn (a quarter) and session (the rest), or the given ones."""
    parts = phases or {"spawn": wall_ms / 4, "session": 3 * wall_ms / 4}
    return ColdStart(wall_ms, tuple(PhaseSample(name, share) for name, share in parts.items()))


def followed(steps: Steps[BenchPart]) -> tuple[BenchPart, Sequence[Event[BenchPart]]]:
    """Return what a measurement came to, and everything it said."""
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return end.value, events
