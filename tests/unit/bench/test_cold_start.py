"""Cold starts side by side: rounds and their order, what is counted, what is given up, when it ends and what is kept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from inspector.bench.cold_start import EARLIEST_ROUNDS, MOST_FAILURES, cold_start
from inspector.bench.compare import FEWEST_PAIRS
from inspector.errors import OperationFailed, UsageError
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import BenchPart, BenchSubject, ColdStart
from inspector.records.event import Partial, Progress, Started, Steps, Warned
from inspector.records.measurement import CacheState, Conditions
from inspector.records.optimization import InputSet
from inspector.runtimes.onnx_runtime.feeds import write_feed
from inspector.runtimes.onnx_runtime.start import StartSettings, start_model
from tests.unit.bench.starting import Clock, PlannedStarter, followed, noisy

SAMPLE = Path(__file__).parents[3] / "sample_models" / "digits_cnn.onnx"
ARTIFACTS: dict[BenchSubject, str] = {"before": "a.onnx", "after": "b.onnx"}
WARM = Conditions(cache="warm", cpus=0.5)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    planned = Clock()
    monkeypatch.setattr("inspector.bench.cold_start.time", planned)
    return planned


def pair(clock: Clock, before: float = 1.0, after: float = 1.0) -> dict[BenchSubject, PlannedStarter]:
    return {"before": PlannedStarter(clock, noisy(before, seed=1)), "after": PlannedStarter(clock, noisy(after, seed=2))}


def test_rounds_start_everything_in_an_order_that_favors_nobody(clock: Clock) -> None:
    log: list[str] = []
    starters = pair(clock)
    for name, starter in starters.items():
        starter.log, starter.name = log, name
    part, events = followed(cold_start(starters, WARM, "cpu", ARTIFACTS, 60, 3))
    assert set(starters["before"].asked) == set(starters["after"].asked) == {("warm", 0.5)}
    first, second = part.runs
    assert (first.subject, second.subject, first.artifact, second.artifact) == ("before", "after", "a.onnx", "b.onnx")
    assert sorted(log[:2]) == ["after", "before"]  # not counted
    assert len(log) == 2 + 3 * first.samples
    assert first.samples == second.samples == len(first.control_starts) == 19
    assert first.first_ms is not None
    places = Counter(log[start : start + 3].index("after") for start in range(2, 2 + 3 * 6, 3))
    assert places == {0: 2, 1: 2, 2: 2}
    assert [one.phase for one in part.comparisons] == ["", "spawn", "session"]
    assert all(one.kind == "cold_start" and one.conditions == WARM for one in part.comparisons)
    assert all(one.pairs == 19 and one.verdict == "no difference shown" for one in part.comparisons)
    assert isinstance(events[0], Started)


def test_a_part_after_every_start_holds_what_there_is(clock: Clock) -> None:
    starters = pair(clock)
    part, events = followed(cold_start(starters, WARM, "cpu", ARTIFACTS, 30))
    parts: list[BenchPart] = [event.result for event in events if isinstance(event, Partial)]
    counts = [sum(len(run.starts) + len(run.control_starts) for run in one.runs) for one in parts]
    assert counts == [0, 0, *range(1, len(counts) - 1)]
    assert len(parts) == sum(len(starter.asked) for starter in starters.values())
    assert parts[1].runs[0].status == "not measured"
    assert all(run.status == "cut short" and run.note == "ended in round 9" for run in parts[-1].runs)
    assert all(run.status == "measured" and run.note == "" for run in part.runs)
    assert parts[-1].runs[0].starts == part.runs[0].starts
    progress = [event for event in events if isinstance(event, Progress)]
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert {event.total for event in progress} == {30}


@pytest.mark.parametrize(("after", "verdict"), [(1.1, "slower"), (0.8, "faster"), (1.0, "no difference shown")])
def test_a_planted_difference_is_found(clock: Clock, after: float, verdict: str) -> None:
    found, _ = followed(cold_start(pair(clock, 1.0, after), WARM, "cpu", ARTIFACTS, 100))
    assert [one.verdict for one in found.comparisons] == [verdict] * 3
    assert found.comparisons[0].ratio == pytest.approx(after, rel=0.04)


def test_it_ends_before_its_time_when_the_interval_is_tight(clock: Clock) -> None:
    quiet: dict[BenchSubject, PlannedStarter] = {
        "before": PlannedStarter(clock, noisy(1.0, 0.002, 1)),
        "after": PlannedStarter(clock, noisy(1.0, 0.002, 2)),
    }
    part, _ = followed(cold_start(quiet, WARM, "cpu", ARTIFACTS, 1000))
    assert part.runs[0].samples == EARLIEST_ROUNDS
    alone, _ = followed(cold_start({"before": quiet["before"]}, WARM, "cpu", ARTIFACTS, 1000))
    assert alone.runs[0].samples == EARLIEST_ROUNDS


def test_one_subject_has_no_control_and_no_comparison(clock: Clock) -> None:
    alone = PlannedStarter(clock, noisy(1.0))
    part, _ = followed(cold_start({"before": alone}, WARM, "cpu", ARTIFACTS, 20))
    assert part.comparisons == ()
    (run,) = part.runs
    assert run.control_starts == ()
    assert len(alone.asked) == 1 + run.samples == 20


@pytest.mark.parametrize(("budget", "rounds"), [(0.5, 1), (4.0, 3), (10.0, 9), (40.0, 13)])
def test_a_budget_gives_so_many_rounds(clock: Clock, budget: float, rounds: int) -> None:
    starters: dict[BenchSubject, PlannedStarter] = {
        "before": PlannedStarter(clock, noisy(1.0, 0.02, 1)),
        "after": PlannedStarter(clock, noisy(1.0, 0.02, 2)),
    }
    part, _ = followed(cold_start(starters, WARM, "cpu", ARTIFACTS, budget))
    assert [run.samples for run in part.runs] == [rounds, rounds]
    assert [run.status for run in part.runs] == ["measured", "measured"]
    enough = rounds >= FEWEST_PAIRS
    assert ("pairs at least are needed" in part.comparisons[0].note) is not enough
    assert {one.verdict for one in part.comparisons} == {"no difference shown" if enough else "not measured"}


def test_a_subject_that_keeps_failing_is_given_up_and_the_other_goes_on(clock: Clock) -> None:
    starters = pair(clock)
    starters["after"].seconds = lambda number: 1.0 if number < 5 else None
    part, _ = followed(cold_start(starters, WARM, "cpu", ARTIFACTS, 60))
    before, after = part.runs
    assert len(starters["after"].asked) == 4 + MOST_FAILURES
    assert (after.samples, after.failures, after.status) == (3, MOST_FAILURES, "cut short")
    assert after.note.startswith("3 starts in a row failed, the last one: exit code 1")
    assert [bool(start.failure) for start in after.starts] == [False] * 3 + [True] * 3
    assert before.samples > 30
    assert before.status == "measured"
    assert part.comparisons[0].verdict == "not measured"
    assert part.comparisons[0].pairs == 3
    assert "3 rounds with a start that failed are left out" in part.comparisons[0].note


@pytest.mark.parametrize(
    ("raises", "reason"),
    [
        (None, "exit code 1"),
        (OperationFailed("no\x1b[31m engine\nat all"), "no engine at all"),
        (ChildFailed("timed_out", "too long"), "too long"),
    ],
)
def test_what_never_starts_is_not_measured(clock: Clock, raises: Exception | None, reason: str) -> None:
    starters = pair(clock)
    starters["before"] = PlannedStarter(clock, lambda number: None, raises)
    part, _ = followed(cold_start(starters, WARM, "cpu", ARTIFACTS, 20))
    before, after = part.runs
    assert (before.status, before.samples, before.failures, before.first_ms) == ("not measured", 0, MOST_FAILURES, None)
    assert before.note == f"not measured: 3 starts in a row failed, the last one: {reason}"
    assert (after.status, after.control_starts) == ("measured", ())
    (comparison,) = part.comparisons
    assert (comparison.verdict, comparison.pairs) == ("not measured", 0)
    assert reason in comparison.note


def test_a_failure_now_and_then_is_a_row_and_ends_nothing(clock: Clock) -> None:
    starters = pair(clock)
    starters["after"].seconds = lambda number: None if number % 4 == 3 else 1.0
    part, _ = followed(cold_start(starters, WARM, "cpu", ARTIFACTS, 40))
    after = part.runs[1]
    assert (after.status, after.failures) == ("measured", sum(1 for start in after.starts if start.failure))
    assert after.failures >= 3
    assert part.comparisons[0].pairs == after.samples == len(after.starts) - after.failures


def test_what_is_missing_on_the_machine_ends_it(clock: Clock) -> None:
    never = PlannedStarter(clock, lambda number: None, UsageError("tensorflow is not installed"))
    with pytest.raises(UsageError, match="not installed"):
        followed(cold_start({"before": never}, WARM, "cpu", ARTIFACTS, 1))


def test_warnings_pass_once(clock: Clock) -> None:
    warning = PlannedStarter(clock, noisy(1.0), warning="the quota is not there")
    _, events = followed(cold_start({"before": warning}, WARM, "cpu", ARTIFACTS, 5))
    assert [event.message for event in events if isinstance(event, Warned)] == ["the quota is not there"]
    assert sum(isinstance(event, Started) for event in events) == 1


@pytest.mark.parametrize("by_starter", [True, False])
def test_cancelling_ends_it_and_the_last_part_holds_everything(clock: Clock, by_starter: bool) -> None:
    cancel = CancelToken()
    raises = ChildFailed("cancelled", "starting a.onnx was cancelled") if by_starter else None
    starter = PlannedStarter(clock, lambda number: None if by_starter and number == 5 else 1.0, raises)
    steps = cold_start({"before": starter}, WARM, "cpu", ARTIFACTS, 30.0, 0, cancel)
    parts: list[BenchPart] = []

    def follow() -> None:
        for event in steps:
            if isinstance(event, Partial):
                parts.append(event.result)
                if len(parts) == 4 and not by_starter:
                    cancel.cancel()

    with pytest.raises(ChildFailed) as caught:
        follow()
    assert caught.value.kind == "cancelled"
    assert parts[-1].runs[0].samples == 3
    assert parts[-1].runs[0].status == "cut short"
    assert parts[-1].runs[0].note == "ended in round 3"


def test_a_real_model_starts_in_fresh_processes(tmp_path: Path) -> None:
    write_feed(str(tmp_path), 0, [np.zeros((1, 1, 8, 8), np.float32)])
    inputs = InputSet(str(tmp_path), ("image",), 1, "synthetic")

    def start(cache: CacheState | None, cpus: float | None, cancel: CancelToken | None) -> Steps[ColdStart]:
        return start_model(str(SAMPLE), inputs, "cpu", 1, cache, cpus, StartSettings(warm_up_runs=2), cancel)

    part, _ = followed(cold_start({"before": start}, Conditions(cache="warm"), "cpu", {"before": str(SAMPLE)}, 0.5))
    (run,) = part.runs
    assert (run.status, run.failures) == ("measured", 0)
    assert run.samples >= 1
    assert {"spawn", "interpreter", "imports", "session", "first run"} <= set(run.phases)
    assert sum(figures.median_ms for figures in run.phases.values()) == pytest.approx(run.median_ms, rel=0.2)
    assert run.first_ms is not None
