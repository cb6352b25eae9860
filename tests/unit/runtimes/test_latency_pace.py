"""When sessions are warm, when threads rest, how long blocks are, when requests arrive, when enough is known."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from itertools import pairwise
from statistics import fmean

import pytest

from inspector.runtimes.latency import Block, Pace, TimedName
from inspector.runtimes.latency_pace_child import block_runs, clock_ms, offsets, rest, settling_runs, warm_up
from inspector.runtimes.latency_stop_child import is_enough, is_known, ratios_by_round


def test_warming_up_goes_on_while_runs_become_faster() -> None:
    times = [50.0, *(20.0 * 0.9**place for place in range(20)), *(2.0,) * 200]
    found = warm_up(lambda place: times[place], 60.0)
    assert found.first_ms == 50.0
    assert found.stable
    assert 20 <= found.runs < 40
    assert found.typical_ms == pytest.approx(2.0, rel=0.2)


def test_warming_up_that_never_ends_is_bounded_and_said() -> None:
    runs = warm_up(lambda place: 1000 * 0.98**place, 3600.0)
    assert (runs.runs, runs.stable) == (100, False)
    slow = warm_up(lambda place: time.sleep(0.02) or 20.0, 0.05)
    assert slow.runs < 10
    assert not slow.stable


def test_a_run_longer_than_the_time_there_is_is_not_repeated() -> None:
    found = warm_up(lambda place: 10_000.0, 1.0)
    assert (found.first_ms, found.runs, found.stable) == (10_000.0, 0, False)


def test_rest_lasts_until_threads_cease_to_run() -> None:
    busy = [3]

    def others() -> int:
        busy[0] -= 1
        return max(0, busy[0])

    rest(others)
    assert busy[0] <= 0
    assert 0.2 <= rest(lambda: 1) < 5  # somebody who never rests is not waited for


def test_rest_sees_real_threads() -> None:
    stop, data = threading.Event(), bytes(64 << 20)

    def work() -> None:
        hashlib.sha256(data)  # without the interpreter's lock, as a runtime's threads spin
        stop.set()

    thread = threading.Thread(target=work)
    thread.start()
    seconds = rest()
    was_over = stop.is_set()
    thread.join()
    assert was_over or seconds >= 0.2


@pytest.mark.parametrize("run_ms", [0.001, 0.05, 1.0, 13.0, 100.0, 5_000.0])
@pytest.mark.parametrize("rest_seconds", [0.0, 0.04])
def test_blocks_are_bounded_and_slow_runs_alternate_one_by_one(run_ms: float, rest_seconds: float) -> None:
    count = block_runs(run_ms, rest_seconds, 10.0)
    assert 1 <= count <= 64
    assert count == 1 or count * run_ms / 1000 * 3 < 10
    assert 0 <= settling_runs(run_ms) <= 20
    assert settling_runs(run_ms) >= 1 or run_ms > 50


def test_the_clock_takes_some_time_but_little() -> None:
    assert 0 < clock_ms() < 1


def test_arrivals_are_a_poisson_process_that_can_be_had_again() -> None:
    found = offsets(200.0, 50.0, 100_000, "0/1")
    assert found == offsets(200.0, 50.0, 100_000, "0/1")
    assert found != offsets(200.0, 50.0, 100_000, "0/2")
    gaps = [later - earlier for earlier, later in pairwise([0.0, *found])]
    mean = fmean(gaps)
    assert min(gaps) >= 0
    assert mean == pytest.approx(1 / 200, rel=0.05)
    assert fmean((gap - mean) ** 2 for gap in gaps) == pytest.approx(mean**2, rel=0.1)  # exponential: deviation is the mean
    assert found[-1] <= 50
    assert len(offsets(200.0, 50.0, 10, "0/1")) == 10
    assert len(offsets(0.001, 0.1, 10, "0/1")) == 1


def blocks(rounds: int, noise: float, factor: float) -> list[Block]:
    """Return times of rounds whose sessions differ by so much."""
    chance = random.Random(0)
    found = []
    for number in range(rounds):
        names: tuple[TimedName, ...] = ("before", "after", "again")
        for name in names:
            session = chance.gauss(1.0, noise) * (factor if name == "after" else 1.0)
            found.append(Block(number, 0, name, tuple(session * chance.gauss(1.0, 0.01) for _ in range(100))))
    return found


def test_it_is_enough_where_rounds_agree_whatever_they_say() -> None:
    pace, alive = Pace(tight=0.01), ("before", "after", "again")
    for factor in (0.8, 1.0, 1.25):
        assert is_enough(blocks(12, 0.001, factor), alive, pace, 5.0, 10.0)
        assert not is_enough(blocks(12, 0.1, factor), alive, pace, 5.0, 10.0)
        assert not is_enough(blocks(5, 0.001, factor), alive, pace, 5.0, 10.0), "too few rounds"
        assert not is_enough(blocks(12, 0.001, factor), alive, pace, 1.0, 10.0), "too early"


def test_it_waits_for_the_samples_that_a_percentile_needs_if_they_are_in_reach() -> None:
    taken = blocks(12, 0.001, 1.0)  # 1,200 samples of each
    alive = ("before", "after", "again")
    assert not is_enough(taken, alive, Pace(wanted=(64, 2_000)), 5.0, 10.0)
    assert is_enough(taken, alive, Pace(wanted=(64, 2_000)), 5.0, 6.0), "2,000 cannot be had"
    assert is_enough(taken, alive, Pace(wanted=(64, 1_000)), 5.0, 10.0)


def test_one_subject_alone_is_judged_by_its_own_times() -> None:
    alone = [block for block in blocks(12, 0.001, 1.0) if block.name == "before"]
    assert is_enough(alone, ("before",), Pace(), 5.0, 10.0)
    alone = [block for block in blocks(12, 0.1, 1.0) if block.name == "before"]
    assert not is_enough(alone, ("before",), Pace(), 5.0, 10.0)


def test_large_differences_need_not_be_known_as_well() -> None:
    wide = [[factor] for factor in (2.0, 2.1, 1.9, 2.05, 1.95, 2.1, 1.9)]
    assert is_known(wide, 0.01)
    assert not is_known([[ratio / 2 for ratio in group] for group in wide], 0.01)
    assert not is_known(wide, 0.01, 0.0)


def test_pairs_are_those_of_the_same_turn() -> None:
    taken = [Block(0, 0, "before", (1.0, 2.0)), Block(0, 1, "after", (9.0,)), Block(0, 0, "after", (2.0, 2.0, 7.0))]
    assert ratios_by_round(taken, "after") == [[2.0, 1.0]]
