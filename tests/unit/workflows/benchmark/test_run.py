"""A plan is carried out to its end whatever fails on the way: what was measured stays, and the rest says why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from inspector.errors import OperationFailed
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import Benchmark, BenchPart, BenchPlan, BenchResult, StartupCandidate
from inspector.records.event import Event, Finished, Partial, Progress, Steps
from inspector.workflows.benchmark import benchmark, laying_out
from inspector.workflows.benchmark.measurable import Pace
from inspector.workflows.benchmark.schedule import Turn
from inspector.workflows.examine import examine
from tests.cli.models import dense_model


@dataclass
class Planted:
    """Gives two samples of whatever is asked for, then fails where it is told to."""

    fails_at: str = ""
    error: Exception = field(default_factory=lambda: OperationFailed("the disk is gone"))
    device: str = "cpu"
    artifacts: tuple[str, ...] = ("a.onnx",)
    notes: tuple[str, ...] = ("mask: 0 and 1",)
    accelerators: tuple[str, ...] = ("a fast one",)
    seconds: list[float] = field(default_factory=list)
    closed: bool = False

    def starts(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        return (yield from self._measured(turn, pace))

    def latencies(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        return (yield from self._measured(turn, pace))

    def _measured(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        self.seconds.append(pace.seconds)
        yield Progress(1, 2, "runs")
        for samples in (1, 2):
            run = Benchmark("before", turn.kind, self.device, samples, 3.0, conditions=turn.conditions)
            yield Partial(BenchPart((run,)))
            if self.fails_at == f"{turn.kind} {turn.conditions.cache or ''} {samples}":
                raise self.error
        return BenchPart((run,))

    def advice(self, pace: Pace) -> Steps[tuple[StartupCandidate, ...]]:
        yield Partial("not for anybody")
        if self.fails_at == "advice":
            raise self.error
        return ()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    opened = next(event.result for event in examine(dense_model(tmp_path / "m.onnx")) if isinstance(event, Finished))

    def carried_out(planted: Planted, plan: BenchPlan | None = None) -> Iterator[Event[BenchResult]]:
        def laid_out(*_: object) -> Steps[Planted]:
            yield from ()
            return planted

        monkeypatch.setattr(laying_out, "lay_out", laid_out)
        return benchmark(opened, None, plan or BenchPlan(budget_seconds=60), CancelToken())

    return carried_out


def result_of(events: Iterator[Event[BenchResult]]) -> BenchResult:
    return next(event.result for event in events if isinstance(event, Finished))


def test_every_turn_is_in_the_result_with_how_it_was_measured(run) -> None:
    planted = Planted()
    result = result_of(run(planted))
    assert [(one.kind, one.conditions.cache, one.samples) for one in result.runs] == [
        ("cold_start", "cold", 2),
        ("cold_start", "warm", 2),
        ("latency", None, 2),
    ]
    assert (result.device, result.method, result.doing) == ("cpu", ("mask: 0 and 1",), "")
    assert result.machine is not None
    assert result.machine.accelerators == ("a fast one",)
    assert planted.closed
    assert planted.seconds[0] < 60 / 3
    assert planted.seconds == sorted(planted.seconds)


def test_who_watches_sees_a_run_grow_and_the_runs_before_it(run) -> None:
    seen = [event.result for event in run(Planted()) if isinstance(event, Partial)]
    assert all(isinstance(one, BenchResult) for one in seen)
    grown = [tuple(part.samples for part in one.runs) for one in seen]
    assert (1,) in grown
    assert (2, 2, 1) in grown
    assert {one.doing for one in seen} >= {"cold start, cold cache", "latency, batch 1", "what would start sooner"}


def test_a_turn_that_fails_keeps_what_it_measured_and_the_next_one_goes_on(run) -> None:
    result = result_of(run(Planted("cold_start warm 1")))
    assert [(one.status, one.samples) for one in result.runs] == [("measured", 2), ("cut short", 1), ("measured", 2)]
    assert result.runs[1].note == "the disk is gone"


def test_a_failed_search_for_advice_is_a_warning(run) -> None:
    result = result_of(run(Planted("advice")))
    assert result.warnings == ("no advice on starting: the disk is gone",)
    assert len(result.runs) == 3


def test_a_cancelled_turn_ends_it_all_and_the_last_partial_has_everything(run) -> None:
    planted = Planted("latency  1", ChildFailed("cancelled", "measuring m.onnx was cancelled"))
    seen: list[BenchResult] = []
    events = (event.result for event in run(planted) if isinstance(event, Partial))
    with pytest.raises(ChildFailed):
        seen.extend(events)
    assert [one.samples for one in seen[-1].runs] == [2, 2, 1]
    assert planted.closed


def test_only_what_was_asked_for_is_measured(run) -> None:
    result = result_of(run(Planted("advice"), BenchPlan(kinds=("latency",), batches=(1, 8))))
    assert [one.conditions.batch for one in result.runs] == [1, 8]
    assert result.warnings == ()
