"""How often sessions are made anew: often where that is cheap, and never so often that the budget goes into it."""

from __future__ import annotations

import pytest

from inspector.runtimes.latency_plan_child import PATIENCE, Estimate, planned_rounds


def estimate(creation: float, first: float, run: float, rest: float = 0.0) -> Estimate:
    """Return that of three subjects alike, from ms."""
    found = Estimate()
    for _ in range(3):
        found.add(creation, first, run, rest)
    return found


@pytest.mark.parametrize(
    ("found", "budget", "rounds"),
    [
        (estimate(2, 0.1, 0.05), 10.0, 24),
        (estimate(2, 0.1, 0.05, 100), 10.0, 6),
        (estimate(200, 40, 15), 60.0, 11),
        (estimate(1300, 1000, 60), 10.0, 1),
        (estimate(1300, 1000, 60), 60.0, 6),
        (estimate(60_000, 1000, 60), 10.0, 1),
    ],
)
def test_rounds_of_serving_sessions(found: Estimate, budget: float, rounds: int) -> None:
    assert planned_rounds(found, budget, quick=False) == rounds


def test_a_quick_measurement_is_planned_by_what_making_sessions_takes() -> None:
    assert planned_rounds(estimate(2, 0.1, 0.05), 10.0, quick=True) == 24
    assert planned_rounds(estimate(100, 0.1, 0.05), 10.0, quick=True) == 9
    assert planned_rounds(estimate(1000, 0.1, 0.05), 10.0, quick=True) == 6
    assert planned_rounds(estimate(9000, 0.1, 0.05), 10.0, quick=True) == 1


@pytest.mark.parametrize("creation", [1.0, 50.0, 400.0, 2_000.0])
@pytest.mark.parametrize("run", [0.05, 5.0, 300.0])
def test_making_and_warming_sessions_leaves_time_within_patience(creation: float, run: float) -> None:
    found = estimate(creation, 3 * run, run, 40.0)
    for budget in (2.0, 10.0, 60.0):
        rounds = planned_rounds(found, budget, quick=False)
        assert rounds == 1 or rounds * (found.creation + found.first) <= PATIENCE * budget
