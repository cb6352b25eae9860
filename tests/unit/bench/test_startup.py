"""Races of simulated starts: what is chosen, what is told, and what ends one."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from inspector.bench.cold_start import Starter
from inspector.bench.startup import startup
from inspector.errors import OperationFailed
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import MODEL_PHASE, ColdStart, PhaseSample, StartupCandidate, StartupFile
from inspector.records.event import Partial, Progress, Steps
from inspector.records.measurement import CacheState
from inspector.records.optimization import InputSet, OptimizeSettings

INPUTS = InputSet("/nowhere", ("x",), 1, "synthetic")


class Machine:
    """Starts files in simulated time: imports of about 200 ms, sessions as told, noise of 3 % on everything."""

    def __init__(self, sessions: dict[str, float], seed: int = 1) -> None:
        self.sessions = sessions
        self.chance = random.Random(seed)
        self.started: list[str] = []
        self.fails: dict[str, Callable[[], ColdStart]] = {}

    def __call__(self, path: str) -> Starter:
        def start(cache: CacheState | None, cpus: float | None, cancel: CancelToken | None) -> Steps[ColdStart]:
            assert (cache, cpus) == ("warm", None)
            self.started.append(path)
            yield Progress(0, 0)
            return self._start(path)

        return start

    def _start(self, path: str) -> ColdStart:
        if path in self.fails:
            return self.fails[path]()
        times = {"spawn": 5.0, "imports": 200.0, "session": self.sessions[path], "first run": 4.0, "warm-up": 50.0}
        phases = tuple(PhaseSample(name, ms * self.chance.lognormvariate(0, 0.03)) for name, ms in times.items())
        return ColdStart(sum(phase.milliseconds for phase in phases), phases)


def files(**bound: str) -> list[StartupFile]:
    return [StartupFile(name, name, 10, f"note of {name}", kind) for name, kind in bound.items()]  # type: ignore[arg-type]


def race(machine: Machine, candidates: list[StartupFile], seed: int = 0, **options: Any) -> tuple[StartupCandidate, ...]:
    last: tuple[StartupCandidate, ...] = deque(_events(machine, candidates, seed, partials=False, **options), 1)[0]
    return last


def _events(machine: Machine, candidates: list[StartupFile], seed: int = 0, **options: Any) -> Iterator[Any]:
    settings = OptimizeSettings(seed=seed)
    cancel = options.pop("cancel", CancelToken())
    result = yield from startup("original", candidates, INPUTS, settings, cancel, starter_of=machine, **options)
    yield result


def test_the_one_that_starts_soonest_is_chosen_and_first() -> None:
    machine = Machine({"original": 100, "a": 60, "b": 20, "c": 140})
    first, *others = race(machine, files(a="", b="processor", c=""))
    assert (first.name, first.chosen) == ("b", True)
    assert not any(one.chosen for one in others)
    assert first.comparison.phase == MODEL_PHASE
    assert first.comparison.ratio == pytest.approx(24 / 104, rel=0.1)
    assert first.comparison.low <= first.comparison.ratio <= first.comparison.high
    assert first.comparison.noise_low is not None
    assert [one.name for one in others] == ["a", "c"]
    assert others[1].comparison.verdict == "slower"


def test_what_comes_after_the_first_run_is_no_part_of_a_start() -> None:
    chosen = race(Machine({"original": 100, "a": 50}), files(a=""))[0]
    phases = {phase.phase: phase for phase in chosen.phases}
    assert list(phases) == ["", "session", "first run"]
    assert phases[""].before_ms == pytest.approx(309, rel=0.05)
    assert phases["session"].after_ms == pytest.approx(50, rel=0.05)


def test_of_equals_the_one_that_is_bound_to_least_is_chosen() -> None:
    machine = Machine({"original": 100, "bound": 40, "free": 40.2, "halfway": 40})
    assert race(machine, files(bound="processor", free="", halfway="runtime"))[0].name == "free"


def test_none_is_chosen_where_none_starts_sooner() -> None:
    """Races of equals: a difference is claimed in hardly any, for the control has one as large."""
    chosen = 0
    for seed in range(6):
        machine = Machine({"original": 100, "a": 100, "b": 100, "c": 100}, seed)
        chosen += race(machine, files(a="", b="runtime", c="processor"), seed)[0].chosen
    assert chosen <= 1


def test_a_saving_that_nobody_would_notice_is_not_chosen() -> None:
    first = race(Machine({"original": 3, "a": 1.5}), files(a=""))[0]
    assert first.comparison.verdict == "faster"
    assert not first.chosen


def test_many_candidates_are_screened_and_each_kind_of_binding_keeps_its_best() -> None:
    names = {"f1": "", "f2": "", "r1": "runtime", "r2": "runtime", "p1": "processor", "p2": "processor"}
    machine = Machine({"original": 100, "f1": 90, "f2": 70, "r1": 50, "r2": 80, "p1": 20, "p2": 30})
    found = race(machine, files(**names))
    assert [one.name for one in found[:3]] == ["p1", "r1", "f2"]
    for one in found[3:]:
        assert one.comparison.verdict == "not measured"
        assert "left out after 3 rounds" in one.note
    assert machine.started.count("p2") == 4
    assert found[0].comparison.pairs == machine.started.count("p1") - 4


@pytest.mark.parametrize("how", ["row", "raised"])
def test_a_candidate_that_does_not_start_is_told_and_started_no_more(how: str) -> None:
    def fail() -> ColdStart:
        if how == "raised":
            raise OperationFailed("no such file")
        return ColdStart(0.0, failure="no such file")

    machine = Machine({"original": 100, "a": 50})
    machine.fails["b"] = fail
    first, other = race(machine, files(a="", b=""))
    assert first.chosen
    assert other.note == "note of b; it failed to start: no such file"
    assert other.comparison.verdict == "not measured"
    assert machine.started.count("b") == 1


def test_an_original_that_does_not_start_ends_it() -> None:
    machine = Machine({"a": 50})
    machine.fails["original"] = lambda: ColdStart(0.0, failure="it hangs")
    (only,) = race(machine, files(a=""))
    assert not only.chosen
    assert "it hangs" in only.note


def test_it_ends_when_it_was_cancelled_and_what_there_was_is_known() -> None:
    cancel = CancelToken()
    events = _events(Machine({"original": 100, "a": 50}), files(a=""), cancel=cancel)
    seen = list(islice((event.result for event in events if isinstance(event, Partial)), 8))
    cancel.cancel()
    with pytest.raises(ChildFailed) as caught:
        next(events)
    assert caught.value.kind == "cancelled"
    assert seen[-1][0].comparison.pairs == 8


def test_without_candidates_there_is_nothing_to_say() -> None:
    assert race(Machine({"original": 100}), []) == ()
