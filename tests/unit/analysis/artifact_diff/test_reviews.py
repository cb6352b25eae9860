"""Two reviews are told apart by what stands in them; figures of different times never become a verdict."""

from __future__ import annotations

import pytest

from inspector.analysis.artifact_diff.reviews import APART, compare_reviews
from inspector.records.artifact import Artifact
from inspector.records.benchmark import Benchmark
from inspector.records.finding import Finding
from inspector.records.review import Check, Environment, Review, Tool


def review(**fields: object) -> Review:
    made = {"tool": Tool("1"), "environment": Environment("cpu", (), 2, 1), "artifact": Artifact("m.onnx", "onnx", 10)}
    return Review(**{**made, **fields})  # type: ignore[arg-type]


def run(median: float) -> Benchmark:
    return Benchmark("before", "latency", "cpu", 64, median)


def test_measurements_are_a_ratio_that_is_no_verdict() -> None:
    found = compare_reviews(review(benchmarks=(run(2.0),)), review(benchmarks=(run(3.0),)))
    (one,) = found.differences
    assert (one.area, one.way, one.before, one.after) == ("measurements", "changed", "2 ms", "3 ms")
    assert one.detail == f"1.5x, {APART}"
    assert one.figures == {"median ms before": 2.0, "median ms after": 3.0}
    assert next(area.note for area in found.areas if area.area == "measurements") == APART


def test_a_check_that_fails_now_and_one_that_is_new() -> None:
    before = review(checks=(Check("size_bytes > 5", "passed"),))
    after = review(checks=(Check("size_bytes > 5", "failed"), Check("findings.high > 0", "passed")))
    found = compare_reviews(before, after)
    assert [(one.way, one.what, one.before, one.after) for one in found.differences] == [
        ("changed", "size_bytes > 5", "passed", "failed"),
        ("added", "findings.high > 0", "", "passed"),
    ]
    assert found.summary.startswith("1 check changed, 1 check added")


def test_size_and_findings_make_one_sentence() -> None:
    after = review(artifact=Artifact("m.onnx", "onnx", 20), findings=(Finding("rule", "high", "words"),))
    found = compare_reviews(review(), after)
    assert found.summary == "1 fact changed, 1 finding added"


@pytest.mark.parametrize("median", [0.0, float("inf"), float("nan")])
def test_odd_medians_are_told(median: float) -> None:
    (one,) = compare_reviews(review(benchmarks=(run(median),)), review(benchmarks=(run(1.0),))).differences
    assert one.area == "measurements"
