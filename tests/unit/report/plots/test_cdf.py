"""Distributions of latency: curves that rise to 1 and lose no extreme."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from random import Random
from xml.etree import ElementTree

import pytest

from inspector.bench.summary import percentiles
from inspector.records.benchmark import Benchmark
from inspector.records.measurement import Conditions
from inspector.report.plots.cdf import MOST_POINTS, cdf
from tests.golden.bench_reviews import measured_review
from tests.unit.report.plots.drawings import HOSTILE, NUMBERS, overlaps, parsed, with_class, words


def run(times: list[float], subject: str = "before", control: list[float] | None = None) -> Benchmark:
    return Benchmark(
        subject,  # type: ignore[arg-type]
        "latency",
        "cpu",
        len(times),
        sorted(times)[len(times) // 2] if times else 0.0,
        percentiles=percentiles(times) if times else (),
        times_ms=tuple(times),
        control_ms=tuple(control or ()),
    )


def steps_of(root: ElementTree.Element, subject: str) -> list[tuple[float, float]]:
    """Return the points that a curve goes through: x of each H, y of the V after it."""
    curve = next(one for one in with_class(root, "curve", subject) if one.tag.endswith("path"))
    pairs = re.findall(r"H([-0-9.]+)V([-0-9.]+)", str(curve.get("d")))
    return [(float(x), float(y)) for x, y in pairs]


def sampled(count: int, seed: int = 0, center: float = 10.0) -> list[float]:
    draw = Random(seed)
    return [center + draw.gammavariate(2.0, 1.0) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 2, 5, 130, 700, 100_000])
def test_a_curve_rises_from_the_fastest_run_to_the_slowest(count: int) -> None:
    times = sampled(count)
    points = steps_of(parsed(cdf([run(times)])), "before")
    assert len(points) == min(count, MOST_POINTS)
    assert all(x <= other_x and y >= other_y for (x, y), (other_x, other_y) in itertools.pairwise(points))
    slower = [*times, max(times) * 1.3]
    assert steps_of(parsed(cdf([run(slower)])), "before")[-1][1] == points[-1][1]


def test_the_height_of_a_step_is_the_share_of_runs() -> None:
    points = steps_of(parsed(cdf([run([1.0, 2.0, 3.0, 4.0])])), "before")
    rises = [points[0][1] - points[3][1], points[0][1] - points[1][1]]
    assert rises[0] == pytest.approx(3 * rises[1], abs=0.2)
    gaps = [points[index + 1][0] - points[index][0] for index in range(3)]
    assert gaps == pytest.approx([gaps[0]] * 3, abs=0.2)


def test_the_slowest_run_is_at_the_right_even_where_it_lies_far_out() -> None:
    root = parsed(cdf([run([*sampled(1000), 900.0])]))
    assert len(list(with_class(root, "tail"))) == 1
    assert steps_of(root, "before")[-1][0] > 900
    assert "… 900 ms" in words(root, "tick")


def test_before_after_and_control_have_curves_and_counts() -> None:
    root = parsed(cdf([run(sampled(700), control=sampled(650, 2)), run(sampled(80, 1), "after")]))
    assert {"before, 700 runs", "after, 80 runs", "control (before once more), 650 runs"} <= set(words(root))
    assert [len(steps_of(root, subject)) for subject in ("control", "before", "after")] == [400, 400, 80]


def test_percentiles_are_marked_where_samples_suffice() -> None:
    marks = [word.split()[0] for word in words(parsed(cdf([run(sampled(700))])), "small")]
    assert marks == ["p50", "p90", "p99"]
    marks = [word.split()[0] for word in words(parsed(cdf([run(sampled(80))])), "small")]
    assert marks == ["p50", "p90"]


def test_a_percentile_is_the_one_of_the_record() -> None:
    made = run(sampled(700))
    moved = replace(made, percentiles=tuple(replace(one, milliseconds=12.345) for one in made.percentiles))
    assert "p99 12.3 ms" in words(parsed(cdf([moved])), "small")


@pytest.mark.parametrize("width", [960, 640])
def test_nothing_is_written_over_anything_else(width: int) -> None:
    similar = [run(sampled(700), control=sampled(700, 3)), run(sampled(700, 1), "after")]
    apart = [run(sampled(700)), run(sampled(700, 1, 40.0), "after")]
    for runs in (similar, apart, measured_review().benchmarks):
        assert overlaps(parsed(cdf(runs, width))) == []


def test_each_set_of_conditions_has_a_panel() -> None:
    several = [replace(run(sampled(9)), conditions=Conditions(batch=batch)) for batch in range(1, 12)]
    root = parsed(cdf(several))
    assert len(words(root, "heading")) == 8
    assert "3 further conditions in the table" in words(root, "muted")


def test_every_time_is_seen() -> None:
    assert cdf([run([1.0, 2.0, 3.0])]) != cdf([run([1.0, 2.1, 3.0])])
    assert cdf([run([1.0, 2.0, 3.0])]) == cdf([run([3.0, 2.0, 1.0])])


def test_there_is_no_plot_of_nothing() -> None:
    assert cdf([]) == cdf([run([])]) == cdf([run([float("nan"), -1.0])]) == ""


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_runs_give_a_bounded_drawing(width: int) -> None:
    for number in NUMBERS:
        made = replace(run([1.0]), times_ms=(number, *NUMBERS), control_ms=(number,), median_ms=number)
        runs = [replace(made, device=text) for text in HOSTILE]
        parsed(cdf(runs, width))
        parsed(cdf([replace(run([1.0]), times_ms=(1.0, 1e-8) if number != number else (abs(number), 1.0))], width))
