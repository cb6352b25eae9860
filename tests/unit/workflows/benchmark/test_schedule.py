"""Which turns a plan comes to, and how the time is shared among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.records.benchmark import BenchPlan
from inspector.records.measurement import Conditions
from inspector.workflows.benchmark.schedule import FEWEST_SECONDS, Turn, schedule, seconds_for


def test_the_default_plan_starts_cold_and_warm_and_runs_one_at_a_time() -> None:
    turns = schedule(BenchPlan(), "onnx")
    assert [(turn.kind, turn.conditions) for turn in turns] == [
        ("cold_start", Conditions(cache="cold")),
        ("cold_start", Conditions(cache="warm")),
        ("latency", Conditions(batch=1)),
    ]


def test_every_combination_that_was_asked_for_has_a_turn() -> None:
    plan = BenchPlan(batches=(1, 8), threads=(1, 2), cpus=(0.5,), loads=(0.5, 0.9))
    turns = schedule(plan, "saved_model")
    starts = [turn.conditions for turn in turns if turn.kind == "cold_start"]
    assert {(one.cache, one.cpus) for one in starts} == {(cache, cpus) for cache in ("cold", "warm") for cpus in (None, 0.5)}
    runs = [turn.conditions for turn in turns if turn.kind == "latency"]
    assert {(one.threads, one.batch, one.load) for one in runs} == {
        (threads, batch, load) for threads in (1, 2) for batch in (1, 8) for load in (None, 0.5, 0.9)
    }
    for place, one in enumerate(runs):
        if one.load is not None:
            assert any(earlier.load is None and earlier.batch == one.batch for earlier in runs[:place])


def test_an_image_has_starts_alone() -> None:
    turns = schedule(BenchPlan(batches=(1, 8), loads=(0.5,), cpus=(0.5,)), "image")
    assert [(turn.kind, turn.conditions) for turn in turns] == [
        ("cold_start", Conditions(cache="cold")),
        ("cold_start", Conditions(cache="warm")),
        ("cold_start", Conditions(cache="cold", cpus=0.5)),
        ("cold_start", Conditions(cache="warm", cpus=0.5)),
    ]


@pytest.mark.parametrize(("kinds", "expected"), [(("latency",), {"latency"}), (("cold_start",), {"cold_start"})])
def test_what_was_not_asked_for_has_no_turn(kinds: tuple, expected: set[str]) -> None:
    assert {turn.kind for turn in schedule(BenchPlan(kinds=kinds), "onnx")} == expected


@given(st.lists(st.floats(0.1, 5), min_size=1, max_size=12), st.floats(300, 6000), st.floats(0, 3))
def test_turns_that_use_their_share_use_the_whole_time_less_what_is_reserved(
    weights: list[float], budget: float, reserved: float
) -> None:
    turns = tuple(Turn("latency", Conditions(), weight) for weight in weights)
    left = budget
    for place, turn in enumerate(turns):
        seconds = seconds_for(turn, turns[place + 1 :], left, reserved)
        assert 0 < seconds <= left + 1e-9
        left -= seconds
    assert left == pytest.approx(budget * reserved / (sum(weights) + reserved), abs=1e-6)


@pytest.mark.parametrize("left", [1.0, 0.0, -3.0])
def test_a_turn_gets_enough_to_measure_anything_though_the_time_is_over(left: float) -> None:
    turn = Turn("latency", Conditions())
    assert seconds_for(turn, (turn,), left) == FEWEST_SECONDS
