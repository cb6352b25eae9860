"""Two runs of one plan at different times: said to be apart, and no claim within what the original does by itself."""

from __future__ import annotations

from dataclasses import replace

from inspector.bench.across_time import APART, across_time
from inspector.records.benchmark import Benchmark
from inspector.records.measurement import Conditions


def run_of(median: float, spread: float = 0.01, **fields: object) -> Benchmark:
    made = Benchmark("before", "latency", "cpu", 100, median, median * (1 - spread), median * (1 + spread))
    return replace(made, **fields)


def test_a_clear_difference_is_told_with_both_intervals_in_it() -> None:
    (found,) = across_time([run_of(10.0)], [run_of(5.0)])
    assert found.verdict == "faster"
    assert (found.before_ms, found.after_ms, found.ratio) == (10.0, 5.0, 0.5)
    assert found.low == 5.0 * 0.99 / (10.0 * 1.01)
    assert found.high == 5.0 * 1.01 / (10.0 * 0.99)
    assert found.note == APART


def test_what_the_original_does_by_itself_is_no_difference() -> None:
    drifted = run_of(10.0, control_ms=(13.0, 13.0, 13.0))
    (found,) = across_time([drifted], [run_of(12.0)])
    assert found.verdict == "no difference shown"
    assert (found.noise_low, found.noise_high) == (1.0, 1.3)
    (found,) = across_time([run_of(10.0)], [run_of(12.0)])
    assert found.verdict == "slower"


def test_overlapping_intervals_show_no_difference() -> None:
    (found,) = across_time([run_of(10.0, 0.2)], [run_of(11.0, 0.2)])
    assert found.verdict == "no difference shown"


def test_only_like_is_compared_with_like() -> None:
    earlier = [run_of(10.0), run_of(20.0, conditions=Conditions(batch=8)), run_of(3.0, subject="after")]
    later = [run_of(10.0, conditions=Conditions(batch=8)), run_of(1.0, device="cuda"), run_of(9.0, samples=0)]
    found = across_time(earlier, later)
    assert [(one.conditions, one.before_ms) for one in found] == [(Conditions(batch=8), 20.0)]
