"""Reviews that have something of everything that rules look at, written by hand."""

from __future__ import annotations

from dataclasses import replace

from inspector.bench.summary import percentiles
from inspector.records.artifact import Artifact
from inspector.records.benchmark import Benchmark, ColdStart, PhaseFigures, PhaseSample
from inspector.records.difference import AREAS, ArtifactComparison, ComparedArea
from inspector.records.image_contents import Package
from inspector.records.measurement import Comparison, Conditions
from inspector.records.parity import ConformanceResult, OutputParity, Parity
from inspector.records.review import Check, Review
from tests.golden.image_reviews import image_review
from tests.golden.optimization_reviews import SIMPLE, SMALL, optimized_review
from tests.golden.reviews import ordinary_review
from tests.golden.slim_reviews import slimmed_review

COLD = Conditions(cache="cold")
WARM = Conditions(cache="warm")
OUTPUT = OutputParity("logits", "float32", 16_000, 0.31, 0.02, 0.5, 0.01, 0.03, 0.002, 0.998, 27.4, 0.984, 1.0, 900, 0.75)
TIMES = tuple(10.0 + index % 100 / 100 for index in range(7000))
"""From 10 to 10.99 ms, evenly: the median is 10.5 ms, the 99th percentile 10.98 ms."""


def bare() -> Review:
    """Return a model of which nothing was asked but what is in it."""
    return ordinary_review()


def latency(subject: str = "after", factor: float = 1.0, samples: int = 7000, **changed: object) -> Benchmark:
    """Return a run whose times are TIMES, or fewer of them, longer by a factor."""
    times = tuple(factor * time for time in TIMES[:samples])
    middle = 10.5 * factor
    run = Benchmark(
        subject,  # type: ignore[arg-type]
        "latency",
        "cpu",
        len(times),
        middle,
        middle * 0.99,
        middle * 1.01,
        percentiles=percentiles(times),
        throughput_per_second=95.0 / factor,
        first_ms=31.0 * factor,
        times_ms=times,
    )
    return replace(run, **changed)  # type: ignore[arg-type]


def start(subject: str, conditions: Conditions, median_ms: float) -> Benchmark:
    """Return the starts of a subject, each of which holds 400 to 412 MB at its end."""
    phases = {"session": PhaseFigures(100.0, 95.0, 110.0), "first run": PhaseFigures(20.0, 19.0, 21.0)}
    starts = tuple(
        ColdStart(median_ms, (PhaseSample("session", 100.0, rss_bytes=size),)) for size in (400_000_000, 412_000_000)
    )
    return Benchmark(
        *(subject, "cold_start", "cpu", 9, median_ms, median_ms * 0.97, median_ms * 1.03, phases, conditions),  # type: ignore[arg-type]
        starts=starts,
    )


def model() -> Review:
    """Return a model that was optimized, measured, compared and held to a contract."""
    optimized = optimized_review()
    conformance = ConformanceResult("accuracy", "passed", 0.95, 0.948, 0.002, 0.004, 0.005, 0.95, 4000)
    int8 = next(change for change in optimized.changes if change.optimizer == "int8")
    parity = Parity((OUTPUT,), 16, "synthetic", 0)
    change = replace(int8, parity=parity, confirmation=None, conformance=conformance, before=SIMPLE, after=SMALL)
    rejected = replace(change, optimizer="fp16", status="rejected", verdict="rejected", after=None, reason="too far off")
    skipped = replace(change, optimizer="simplify", status="skipped", verdict="nothing to do", after=None, parity=None)
    return replace(
        optimized,
        changes=(change, rejected, skipped),
        benchmarks=(
            *(latency("before", 1.25), latency()),
            *(start(who, how, 500.0) for who in ("before", "after") for how in (COLD, WARM)),
        ),
        comparisons=(
            Comparison("latency", 13.1, 10.5, 0.8, 0.78, 0.82, "faster", 80, 0.99, 1.01, conditions=Conditions()),
            Comparison("cold_start", 500.0, 510.0, 1.02, 0.97, 1.09, "no difference shown", 9, 0.95, 1.05, conditions=COLD),
            Comparison("cold_start", 500.0, 650.0, 1.3, 1.2, 1.4, "slower", 9, 0.95, 1.05, conditions=WARM),
            Comparison("cold_start", 100.0, 50.0, 0.5, 0.4, 0.6, "faster", 9, conditions=COLD, phase="session"),
        ),
        comparison=compared(),
    )


def compared() -> ArtifactComparison:
    """Return a comparison of every area, of which files could not be compared, with one change in each other."""
    areas = tuple(ComparedArea(area, False, 3, changed=1, unknown="unreadable" if area == "files" else "") for area in AREAS)
    return ArtifactComparison("onnx", Artifact("models/other.onnx", "onnx", 500_000), False, areas)


def image() -> Review:
    """Return an image that was slimmed, all of whose packages are known."""
    review = slimmed_review()
    assert review.image is not None
    return replace(review, image=replace(review.image, package_count=len(review.image.packages)))


def plain_image() -> Review:
    """Return an image that nothing was done to, with a package of which two kinds are installed."""
    review = image_review()
    assert review.image is not None
    twice = (*review.image.packages, Package("debian", "onnxruntime", "1.20.0", 1_000, 3))
    return replace(review, image=replace(review.image, packages=twice, package_count=3))


def earlier() -> Review:
    """Return what the model was like before: smaller, faster, with one finding less and another signature."""
    review = model()
    return replace(
        bare(),
        artifact=replace(review.artifact, size_bytes=400_000),
        signatures=(),
        findings=review.findings[1:],
        benchmarks=(latency("before", 0.9), start("before", COLD, 400.0)),
        checks=(Check("size: 1 at most", "passed"),),
    )
