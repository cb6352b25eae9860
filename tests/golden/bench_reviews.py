"""Reviews of measurements written by hand: a model before and after, an image without an engine, and hostile texts."""

from __future__ import annotations

from dataclasses import replace

from inspector.bench.summary import percentiles
from inspector.records.benchmark import (
    Benchmark,
    BenchPlan,
    ColdStart,
    ImageStart,
    PhaseFigures,
    PhaseSample,
    StartupCandidate,
)
from inspector.records.machine_state import MachineState
from inspector.records.measurement import Comparison, Conditions
from inspector.records.review import Review
from tests.golden.image_reviews import image_review
from tests.golden.reviews import ENVIRONMENT, ordinary_review
from tests.golden.reviews import HOSTILE as HOSTILE_TEXTS

HOSTILE = " ".join(HOSTILE_TEXTS)

COLD = Conditions(cache="cold")
BATCH = Conditions(threads=2, batch=8)

PHASES = {
    "spawn": PhaseFigures(1.2, 1.1, 1.4),
    "interpreter": PhaseFigures(21.0, 20.5, 22.9, 19.0, 10_485_760, 980, 3, 1_200_000),
    "imports": PhaseFigures(310.0, 301.5, 333.0, 240.0, 83_886_080, 22_000, 410, 61_000_000),
    "session": PhaseFigures(1210.0, 1180.0, 1260.0, 1900.0, 412_000_000, 90_000, 0, 0),
}

START = ColdStart(
    1543.2,
    tuple(PhaseSample(name, phase.median_ms, phase.cpu_ms, phase.rss_bytes) for name, phase in PHASES.items()),
    resident_before=0.02,
)

BEFORE = Benchmark(
    "before",
    "cold_start",
    "cpu",
    9,
    1543.2,
    1490.0,
    1611.0,
    PHASES,
    COLD,
    "models/encoder.onnx",
    first_ms=1822.0,
    outliers=1,
    starts=(START, replace(START, wall_ms=1700.0)),
    notes=("two threads spin while they wait",),
)

LATENCY = Benchmark(
    "before",
    "latency",
    "cpu",
    700,
    12.34,
    12.11,
    12.6,
    conditions=BATCH,
    artifact="models/encoder.onnx",
    percentiles=percentiles([12.0 + index / 100 for index in range(700)]),
    throughput_per_second=646.0,
    first_ms=31.0,
    times_ms=(12.1, 12.2),
)

PAIRED = Comparison(
    "cold_start", 1543.2, 702.0, 0.45, 0.43, 0.48, "faster", 9, 0.97, 1.04, conditions=COLD, note="1 of 9 pairs is an outlier"
)

MACHINE = MachineState(2, 2, "performance", load_before=0.31, load_after=1.2, hypervisor="kvm", notes=("2 cores are few",))


def measured_review() -> Review:
    """Return what a model gives that was measured beside its faster successor."""
    after = replace(BEFORE, subject="after", artifact="faster.onnx", median_ms=702.0, low_ms=690.0, high_ms=744.0)
    slow = replace(LATENCY, subject="after", samples=80, percentiles=percentiles([3.0] * 80), throughput_per_second=2600.0)
    gone = replace(
        LATENCY, subject="after", conditions=Conditions(load=0.9), samples=0, status="not measured", percentiles=(), failures=2
    )
    return replace(
        ordinary_review(),
        environment=replace(ENVIRONMENT, machine=MACHINE),
        plan=BenchPlan(batches=(8,), threads=(2,), caches=("cold",), loads=(0.9,), seed=3),
        method=("device cpu: onnxruntime-gpu is not installed", "mask: 0 and 1"),
        benchmarks=(BEFORE, after, LATENCY, slow, replace(gone, note="not measured: the child ran out of memory")),
        comparisons=(
            PAIRED,
            replace(PAIRED, phase="session", before_ms=1210.0, after_ms=120.0, ratio=0.1, low=0.09, high=0.12),
            Comparison("latency", 12.34, 12.4, 1.0, 0.98, 1.02, "no difference shown", 80, 0.99, 1.01, conditions=BATCH),
            Comparison(
                "latency", 0, 0, 1, 0, 0, "not measured", 0, note="not measured: no memory", conditions=Conditions(load=0.9)
            ),
        ),
        startup=(
            StartupCandidate("offline-optimized, external data", PAIRED, 438_000_000, "bound to this processor", chosen=True),
            StartupCandidate("external data", replace(PAIRED, verdict="no difference shown", ratio=0.99), 438_000_100),
        ),
    )


def measured_image_review() -> Review:
    """Return what an image gives where no engine is there to start it on."""
    transfer = {"transfer": PhaseFigures(3298.8, 3298.8, 3298.8, modelled=True)}
    note = "not measured: no engine answers"
    run = Benchmark("before", "cold_start", "engine", 0, 0.0, phases=transfer, status="not measured", note=note)
    plan = BenchPlan(kinds=("cold_start",), image=ImageStart(ready="http://127.0.0.1:8080/"))
    return replace(image_review(), plan=plan, benchmarks=(run,))


def hostile_measured_review() -> Review:
    """Return a measurement whose every text tries to do something to whoever reads it."""
    run = replace(
        LATENCY, artifact=HOSTILE, device=HOSTILE, note=HOSTILE, notes=(HOSTILE,), nodes_on_cpu=(HOSTILE,), status="cut short"
    )
    candidate = StartupCandidate(HOSTILE, replace(PAIRED, note=HOSTILE, phase=HOSTILE), 1, HOSTILE)
    return replace(
        measured_review(),
        plan=BenchPlan(data=HOSTILE),
        method=(HOSTILE,),
        benchmarks=(run, replace(BEFORE, phases={HOSTILE: PHASES["spawn"]}, conditions=Conditions(cpus=0.5))),
        comparisons=(replace(PAIRED, note=HOSTILE, phase=HOSTILE),),
        startup=(candidate,),
        environment=replace(ENVIRONMENT, machine=replace(MACHINE, governor=HOSTILE, notes=(HOSTILE,))),
    )
