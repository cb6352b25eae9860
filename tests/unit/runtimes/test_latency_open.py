"""An open loop: what counts is when a request should have started, and who cannot keep up is told."""

from __future__ import annotations

import time

import pytest

from inspector.runtimes.latency_open_child import serve


def test_waiting_counts_from_the_intended_start() -> None:
    slow, schedule = 0.03, [0.01 * place for place in range(1, 6)]
    times, arrivals = serve(lambda place: time.sleep(slow), schedule, 1.0)
    assert len(times) == 5
    for place, milliseconds in enumerate(times):  # each one waits for all before it: 30 ms of work every 10 ms
        assert milliseconds >= 1000 * (slow * (place + 1) - 0.01 * place) - 0.5
    assert (arrivals.count, arrivals.waited, arrivals.lost) == (5, 4, 0)
    assert arrivals.served <= 2
    assert arrivals.busy_seconds >= 5 * slow


def test_one_stall_shows_in_all_that_come_meanwhile() -> None:
    """A closed loop would have one slow sample of ten; those who would have come meanwhile waited, too."""
    stall, schedule = 0.3, [0.02 * place for place in range(1, 11)]
    times, _ = serve(lambda place: time.sleep(stall if place == 2 else 0), schedule, 1.0)
    assert sum(milliseconds > 100 for milliseconds in times) >= 7


def test_requests_that_come_slowly_do_not_wait() -> None:
    begin = time.perf_counter()
    times, arrivals = serve(lambda place: None, [0.05, 0.1, 0.15], 0.15)
    assert time.perf_counter() - begin >= 0.15
    assert len(times) == 3
    assert (arrivals.count, arrivals.lost) == (3, 0)


def test_a_queue_that_only_grows_is_given_up() -> None:
    schedule = [0.001 * place for place in range(1, 101)]
    times, arrivals = serve(lambda place: time.sleep(0.05), schedule, 0.1)
    assert len(times) < 20
    assert arrivals.lost == 100 - len(times)
    assert arrivals.served < 5


def test_a_failure_is_the_callers() -> None:
    def fail(place: int) -> None:
        raise ValueError(place)

    with pytest.raises(ValueError, match="0"):
        serve(fail, [0.0], 0.1)
