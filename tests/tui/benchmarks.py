"""Results made by hand, with every figure a benchmark can tell."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from inspector.bench.statistics import outliers, samples_for_percentile
from inspector.records.benchmark import (
    PERCENTILES,
    Benchmark,
    BenchPlan,
    BenchResult,
    BenchSubject,
    ColdStart,
    Percentile,
    PhaseFigures,
    PhaseSample,
    StartupCandidate,
)
from inspector.records.measurement import CacheState, Comparison, Conditions

PHASES = {"spawn": 4.1, "interpreter": 21.4, "imports": 178.0, "read": 2.2, "session": 34.0, "first run": 3.1, "warm-up": 1.9}
IMAGE_PHASES = {"transfer": 412.0, "unpack": 940.0, "create": 61.0, "start": 310.0, "ready": 450.0}


def latency_run(
    subject: BenchSubject = "before", center: float = 0.6, samples: int = 700, batch: int = 1, load: float | None = None
) -> Benchmark:
    """A latency of so many samples around a center in ms, a few of them far off."""
    chance = random.Random(f"{subject}{center}{batch}{load}")
    times = [center * (1 + abs(chance.gauss(0, 0.06))) for _ in range(samples)]
    for at in range(90, samples, 170):
        times[at] = center * 3
    ordered = sorted(times)
    percentiles = []
    for share in PERCENTILES:
        needs = samples_for_percentile(share)
        known = ordered[int(share * (samples - 1))] if samples >= needs else None
        percentiles.append(Percentile(share, known, needs))
    median = ordered[samples // 2]
    return Benchmark(
        subject,
        "latency",
        "cpu",
        samples,
        median,
        median * 0.995,
        median * 1.006,
        conditions=Conditions(batch=batch, load=load),
        percentiles=tuple(percentiles),
        throughput_per_second=1000 * batch / median,
        first_ms=center * 9,
        outliers=len(outliers(times)),
        times_ms=tuple(times),
    )


def start_run(
    subject: BenchSubject = "before",
    factor: float = 1.0,
    samples: int = 12,
    cache: CacheState | None = "cold",
    cpus: float | None = None,
    text: str = "",
) -> Benchmark:
    """A cold start whose session takes so many times as long; text, where given, stands for every name and sentence."""
    phases = {text + name: ms * (factor if name == "session" else 1.0) for name, ms in PHASES.items()}
    starts = [_start(phases, at, cache, text) for at in range(samples)]
    walls = sorted(start.wall_ms for start in starts)
    median = walls[len(walls) // 2] if walls else 0.0
    figures = {name: _figures(ms, at) for at, (name, ms) in enumerate(phases.items())}
    return Benchmark(
        subject,
        "cold_start",
        "cpu",
        samples,
        median,
        median * 0.98,
        median * 1.03,
        figures,
        Conditions(cache=cache, cpus=cpus),
        percentiles=tuple(Percentile(share, None, samples_for_percentile(share)) for share in PERCENTILES),
        first_ms=median * 1.3,
        times_ms=tuple(start.wall_ms for start in starts),
        starts=tuple(starts),
        notes=(text,) if text else (),
    )


def _start(phases: dict[str, float], at: int, cache: CacheState | None, text: str) -> ColdStart:
    wobble = 1 + 0.02 * (at % 3)
    samples = tuple(PhaseSample(name, ms * wobble) for name, ms in phases.items())
    resident = None if cache is None else 0.0 if cache == "cold" else 1.0
    return ColdStart(sum(phase.milliseconds for phase in samples), samples, resident, text)


def _figures(ms: float, at: int) -> PhaseFigures:
    return PhaseFigures(ms, ms * 0.97, ms * 1.04, ms * 0.9, (at + 1) * 12_000_000, 900 * (at + 1), at % 2, 40_000 * at)


def image_run(subject: BenchSubject = "before", factor: float = 1.0, engine: bool = True, note: str = "no engine") -> Benchmark:
    """The start of a container; without an engine only the modelled transfer is known."""
    phases = {
        name: PhaseFigures(ms * factor, ms * factor * 0.95, ms * factor * 1.06, modelled=name == "transfer")
        for name, ms in IMAGE_PHASES.items()
    }
    if not engine:
        only = {"transfer": phases["transfer"]}
        return Benchmark(subject, "cold_start", "", 0, 0.0, phases=only, status="not measured", note=f"not measured: {note}")
    median = sum(phase.median_ms for phase in phases.values() if not phase.modelled)
    times = tuple(median * (1 + 0.01 * (at % 5)) for at in range(8))
    return Benchmark(
        subject, "cold_start", "engine", 8, median, median * 0.96, median * 1.05, phases, times_ms=times, first_ms=median * 1.2
    )


def comparison(before: Benchmark, after: Benchmark, noise: float = 0.03, phase: str = "") -> Comparison:
    """What is said of two runs."""
    old, new = (run.phases[phase].median_ms if phase else run.median_ms for run in (before, after))
    ratio = new / old
    verdict = "faster" if ratio < 1 - noise else "slower" if ratio > 1 + noise else "no difference shown"
    return Comparison(
        before.kind,
        old,
        new,
        ratio,
        ratio * 0.97,
        ratio * 1.03,
        verdict,  # type: ignore[arg-type]
        before.samples,
        1 - noise,
        1 + noise,
        before.device,
        note="3 of 64 pairs are outliers, and counted" if before.kind == "latency" else "",
        conditions=before.conditions,
        phase=phase,
    )


def paired(befores: Sequence[Benchmark], afters: Sequence[Benchmark]) -> tuple[tuple[Benchmark, ...], tuple[Comparison, ...]]:
    """Runs in pairs, and what is said of each pair and its phases."""
    runs = tuple(run for pair in zip(befores, afters, strict=True) for run in pair)
    said = []
    for before, after in zip(befores, afters, strict=True):
        said += [comparison(before, after), *(comparison(before, after, phase=name) for name in before.phases)]
    return runs, tuple(said)


def onnx_result() -> BenchResult:
    """Cold and warm starts and two batch sizes, before and after."""
    befores = [start_run(), start_run(cache="warm"), latency_run(), latency_run(center=3.8, samples=100, batch=8)]
    afters = [
        start_run("after", 0.2),
        start_run("after", 0.3, cache="warm"),
        latency_run("after", 0.42),
        latency_run("after", 3.81, 100, batch=8),
    ]
    runs, said = paired(befores, afters)
    return BenchResult(BenchPlan(batches=(1, 8)), runs, said)


def alone_result(text: str = "") -> BenchResult:
    """One model alone, with advice on starting; text, where given, stands for every name and sentence."""
    before = start_run(text=text)
    quicker = replace(comparison(before, start_run("after", 0.2, text=text)), kind="cold_start")
    startup = (
        StartupCandidate(
            f"offline-optimized, external data{text}",
            quicker,
            440_000,
            text or "bound to this processor",
            chosen=True,
            phases=(comparison(before, start_run("after", 0.2, text=text), phase=f"{text}session"),),
        ),
        StartupCandidate("offline-optimized", replace(quicker, ratio=0.93, low=0.88, high=0.99), 420_000, text),
        StartupCandidate(
            "ORT format", replace(quicker, ratio=1.01, low=0.94, high=1.05, verdict="no difference shown"), 430_000
        ),
    )
    runs = (before, latency_run(), latency_run(center=0.8, load=0.7), not_measured(text))
    return BenchResult(BenchPlan(loads=(0.7,)), runs, startup=startup, warnings=(text,) if text else ())


def not_measured(text: str = "") -> Benchmark:
    """A run that could not be had."""
    note = f"not measured: {text or 'this machine grants no CPU quota to this user'}"
    conditions = Conditions(cache="cold", cpus=0.25)
    return Benchmark("before", "cold_start", "cpu", 0, 0.0, conditions=conditions, status="not measured", note=note)


def image_result() -> BenchResult:
    """A fat image and a lean one."""
    runs, said = paired([image_run()], [image_run("after", 0.4)])
    return BenchResult(BenchPlan(kinds=("cold_start",)), runs, said, device="engine")
