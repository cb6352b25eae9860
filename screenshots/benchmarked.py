"""What the pictures of the benchmark tab show: samples drawn around the medians of one run on two cores.

Times differ at every run, and so would every picture: these come from a seeded generator, and everything said of them
(medians, intervals, percentiles, verdicts) from what says it of real ones.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import cast

from inspector.bench.compare import Basis, compared, compared_starts
from inspector.bench.summary import RunOf, cold_run, latency_run, not_measured
from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import (
    Benchmark,
    BenchPlan,
    BenchResult,
    BenchSubject,
    ColdStart,
    PhaseSample,
    StartupCandidate,
)
from inspector.records.event import Event, Progress
from inspector.records.machine_state import MachineState
from inspector.records.measurement import CacheState, Comparison, Conditions
from inspector.tui.app import ModelpackApp
from inspector.tui.widgets.benchmark import BenchmarkPane
from inspector.tui.widgets.benchmark.runner import BenchRunner
from inspector.tui.widgets.benchmark.runs_table import key_of

SECONDS = 23.0
"""How long measuring is said to take, in every picture."""

Phases = Mapping[str, float]

ORIGINAL = {"spawn": 3.1, "interpreter": 28.0, "imports": 214.0, "read": 0.9, "session": 7.7, "first run": 1.4, "warm-up": 0.8}
COLD = {**ORIGINAL, "interpreter": 59.0, "imports": 293.0, "read": 2.6}
KERAS = {"spawn": 3.3, "interpreter": 28.0, "imports": 2910.0, "read": 1.1, "load": 312.0, "first call": 96.0, "warm-up": 9.0}
FAT = {"transfer": 8_250.0, "unpack": 19_400.0, "create": 84.0, "start": 310.0, "ready": 1_240.0}
LEAN = {"transfer": 690.0, "unpack": 1_380.0, "create": 61.0, "start": 296.0, "ready": 1_190.0}
FAT_THERE = {name: FAT[name] for name in ("create", "start", "ready")}
LEAN_THERE = {name: LEAN[name] for name in ("create", "start", "ready")}
_MACHINE = MachineState(2, 1, load_before=0.21, load_after=1.04, hypervisor="kvm", kernel="6.1", clock="tsc")

Pair = tuple[tuple[Benchmark, ...], tuple[Comparison, ...]]


def _start(phases: Phases, chance: random.Random, cache: CacheState) -> ColdStart:
    samples = []
    held = 0
    for name, milliseconds in phases.items():
        spread = 1.0 if name == "transfer" else 1 + abs(chance.gauss(0, 0.04))
        held += 14_000_000 if name != "read" else 0
        bare = name == "spawn" or "create" in phases
        samples.append(
            PhaseSample(
                name,
                milliseconds * spread,
                None if bare else milliseconds * spread * 0.93,
                None if bare else held,
                None if bare else round(milliseconds * 31),
                None if bare else 0,
                None if bare else (0 if cache == "warm" else round(milliseconds * 160_000)),
                modelled=name == "transfer",
            )
        )
    wall = sum(sample.milliseconds for sample in samples if not sample.modelled)
    resident = None if "create" in phases else 0.0 if cache == "cold" else 1.0
    return ColdStart(wall, tuple(samples), resident)


def _starts(before: Phases, after: Phases | None, rounds: int, cache: CacheState, device: str = "cpu") -> Pair:
    chance = random.Random(f"{sorted(before)}{cache}")
    conditions = Conditions(cache=cache)
    triples = [tuple(_start(one, chance, cache) for one in (before, after or before, before)) for _ in range(rounds)]
    subjects: tuple[BenchSubject, ...] = ("before", "after") if after else ("before",)
    runs = tuple(
        cold_run(
            RunOf(subject, "", device, conditions),
            [one[at] for one in triples],
            first=_start({name: ms * 1.3 for name, ms in (before, after or before)[at].items()}, chance, cache),
        )
        for at, subject in enumerate(subjects)
    )
    said = compared_starts(
        Basis("cold_start", device, conditions=conditions), cast("list[tuple[ColdStart, ColdStart, ColdStart]]", triples)
    )
    return runs, said if after else ()


def _latencies(before: float, after: float | None, samples: int, conditions: Conditions) -> Pair:
    chance = random.Random(f"{before}{conditions}")

    def times(center: float) -> list[float]:
        usual = [center * (1 + chance.gammavariate(1.6, 0.03)) for _ in range(samples)]
        return [time * 2.4 if at % 211 == 90 else time for at, time in enumerate(usual)]

    taken = [times(before), times(after or before), times(before)]
    subjects: tuple[BenchSubject, ...] = ("before", "after") if after else ("before",)
    runs = tuple(
        latency_run(RunOf(subject, "", "cpu", conditions), _sessions(taken[at]), first_ms=7 * (before, after or before)[at])
        for at, subject in enumerate(subjects)
    )
    triples = list(zip(*taken, strict=True))
    said = compared(Basis("latency", "cpu", conditions=conditions), [triples[at : at + 50] for at in range(0, samples, 50)])
    return runs, (said,) if after else ()


def _sessions(times: list[float]) -> list[list[float]]:
    return [times[at : at + 50] for at in range(0, len(times), 50)]


def _result(plan: BenchPlan, *pairs: Pair, device: str = "cpu") -> BenchResult:
    runs = tuple(run for pair in pairs for run in pair[0])
    said = tuple(one for pair in pairs for one in pair[1])
    return BenchResult(plan, runs, said, device=device, machine=_MACHINE)


@functools.cache
def quantized() -> BenchResult:
    """The digits CNN before and after int8."""
    lighter = {"session": 9.4, "read": 0.4, "first run": 1.9}
    return _result(
        BenchPlan(batches=(1, 8)),
        _starts(COLD, {**COLD, **lighter}, 14, "cold"),
        _starts(ORIGINAL, {**ORIGINAL, **lighter}, 14, "warm"),
        _latencies(0.0591, 0.0421, 700, Conditions(batch=1)),
        _latencies(0.312, 0.318, 150, Conditions(batch=8)),
    )


@functools.cache
def served() -> BenchResult:
    """The Keras sample alone."""
    cold = {name: ms * 1.4 for name, ms in KERAS.items()}
    return _result(
        BenchPlan(loads=(0.7,)),
        _starts(cold, None, 7, "cold"),
        _starts(KERAS, None, 8, "warm"),
        _latencies(0.412, None, 700, Conditions()),
        _latencies(0.571, None, 700, Conditions(load=0.7)),
    )


@functools.cache
def pulled() -> BenchResult:
    """A fat image and a lean one."""
    return _result(
        BenchPlan(kinds=("cold_start",)),
        _starts(FAT, LEAN, 9, "cold", "docker"),
        _starts(FAT_THERE, LEAN_THERE, 12, "warm", "docker"),
        device="docker",
    )


@functools.cache
def alone() -> BenchResult:
    """The digits CNN alone, with advice on starting and a quota that could not be had."""
    cold = _starts(COLD, None, 14, "cold")
    sooner, *parts = _starts(ORIGINAL, {**ORIGINAL, "read": 0.4, "session": 3.1}, 24, "warm")[1]
    alike = _starts(ORIGINAL, {**ORIGINAL, "read": 0.91}, 24, "warm")[1][0]
    quota = not_measured(
        RunOf("before", "", "cpu", Conditions(cache="cold", cpus=0.25)), "cold_start", "no control group can be made here"
    )
    result = _result(BenchPlan(cpus=(0.25,)), cold, ((quota,), ()), _latencies(0.0591, None, 700, Conditions()))
    ways = (
        StartupCandidate(
            "optimized offline (all), external data", sooner, 711_240, "runs only on this processor", phases=tuple(parts)
        ),
        StartupCandidate("external data", alike, 706_912, "runs wherever the original does"),
    )
    return replace(result, startup=ways)


def show_benchmark(app: ModelpackApp) -> None:
    """Show before and after of the digits CNN, the cursor on a start."""
    _show(app, quantized(), 1)


def show_latency(app: ModelpackApp) -> None:
    """Show before and after of the digits CNN, the cursor on a latency."""
    _show(app, quantized(), 5)


def show_saved_model(app: ModelpackApp) -> None:
    """Show the Keras sample."""
    _show(app, served(), 0)


def show_image(app: ModelpackApp) -> None:
    """Show two images."""
    _show(app, pulled(), 1)


def show_advice(app: ModelpackApp) -> None:
    """Show what would start sooner."""
    _show(app, alone(), 3)


def show_measuring(app: ModelpackApp) -> None:
    """Show measuring in the middle of it; the job only waits."""
    whole = quantized()
    runs, said = _latencies(0.0591, 0.0421, 90, Conditions(batch=1))
    before = replace(
        whole, runs=whole.runs[:4], comparisons=tuple(one for one in whole.comparisons if one.kind == "cold_start")
    )
    now = replace(
        before,
        runs=(*before.runs, *runs),
        comparisons=(*before.comparisons, *said),
        doing="latency, batch 1",
    )

    def workflow(token: CancelToken) -> Iterator[Event[BenchResult]]:
        yield Progress(39, 100, "% of the time")
        while not token.cancelled:
            time.sleep(0.05)

    pane = _pane(app)
    pane.runner.result, pane.runner.live = now, key_of(runs[0])
    pane.runner._job = app.jobs.start("measuring", workflow, pane)
    pane._runs_wanted = True
    pane.refresh_all()


def _show(app: ModelpackApp, result: BenchResult, row: int) -> None:
    pane = _pane(app)
    pane.runner.result = result
    pane.refresh_all()
    pane.runs.focus()
    pane.runs.cursor = row


def _pane(app: ModelpackApp) -> BenchmarkPane:
    return app.screen.query_one(BenchmarkPane)


def hold_the_clock() -> None:
    """Have every run take the same time, so that pictures do."""
    BenchRunner.seconds = property(lambda _: SECONDS)  # type: ignore[assignment, method-assign]
