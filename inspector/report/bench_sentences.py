"""What was measured, in short phrases, shared by all reports and the screen so that they say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from inspector.records.benchmark import BenchKind, Benchmark, BenchPlan, Percentile, PhaseFigures, StartupCandidate
from inspector.records.machine_state import MachineState
from inspector.records.measurement import Comparison, Conditions
from inspector.report.figures import bytes_text, plural, share_text
from inspector.report.proof_sentences import ratio_text

SHOWN_PERCENTILES: Final = (0.9, 0.95, 0.99)
RUN_TITLES: Final = ("", "", "samples", "median", "p90", "p95", "p99", "a second", "first")
PHASE_TITLES: Final = ("phase", "median", "share", "CPU", "memory after", "faults", "read")


def ms_text(milliseconds: float) -> str:
    """Return a time with three digits: "0.412 ms", "41.2 ms", "1.25 s"."""
    if milliseconds >= 1000:
        return f"{_digits(milliseconds / 1000)} s"
    return f"{_digits(milliseconds)} ms"


def _digits(number: float) -> str:
    if number >= 99.95:
        return f"{number:,.0f}"
    if number >= 9.995:
        return f"{number:.1f}"
    return f"{number:.2f}" if number >= 0.9995 else f"{number:.3f}"


def turn_text(kind: BenchKind, conditions: Conditions) -> str:
    """Return kind and conditions in a short phrase: "cold start, warm cache, 0.5 CPU", "latency, batch 8, 2 threads"."""
    parts = ["cold start" if kind == "cold_start" else "latency"]
    if conditions.cache is not None:
        parts.append(f"{conditions.cache} cache")
    if conditions.cpus is not None:
        parts.append(f"{conditions.cpus:g} CPU")
    if kind == "latency":
        parts.append(f"batch {conditions.batch}")
    if conditions.load is not None:
        parts.append(f"open loop at {conditions.load:.0%}")
    if conditions.threads:
        parts.append(plural(conditions.threads, "thread"))
    return ", ".join(parts)


def median_text(run: Benchmark) -> str:
    """Return the median with its interval: "41.2 ms (40.9 to 41.8)"; "not measured" where there is none."""
    if not run.samples:
        return "not measured"
    return f"{ms_text(run.median_ms)} ({range_text(run.low_ms, run.high_ms)})"


def range_text(low: float, high: float) -> str:
    """Return two times of the same size with one unit at most: "40.9 to 41.8"."""
    scale = 1000 if high >= 1000 else 1
    return f"{_digits(low / scale)} to {_digits(high / scale)}"


def percentile_text(run: Benchmark, share: float) -> str:
    """Return a percentile, or how many samples it needs; empty where there is no run."""
    found = next((one for one in run.percentiles if one.share == share), None)
    return _percentile(found) if found is not None and run.samples else ""


def _percentile(one: Percentile) -> str:
    return f"needs {one.needs:,}" if one.milliseconds is None else ms_text(one.milliseconds)


def run_row(run: Benchmark, paired: bool) -> tuple[str, ...]:
    """Return a run under RUN_TITLES; paired: there are two subjects to tell apart."""
    throughput = run.throughput_per_second if run.samples else None
    return (
        turn_text(run.kind, run.conditions),
        run.subject if paired else "",
        f"{run.samples:,}" if run.samples else "",
        median_text(run),
        *(percentile_text(run, share) if run.kind == "latency" else "" for share in SHOWN_PERCENTILES),
        f"{_digits(throughput)}" if throughput else "",
        ms_text(run.first_ms) if run.first_ms else "",
    )


def run_notes(run: Benchmark) -> list[str]:
    """Return what a reader should know of a run beside its figures."""
    parts = [run.note, *run.notes]
    if run.status == "cut short" and run.note:
        parts[0] = f"cut short: {run.note}"
    if run.outliers:
        parts.append(f"outliers, counted: {run.outliers} of {run.samples:,} samples")
    if run.nodes_on_cpu:
        parts.append(f"{plural(len(run.nodes_on_cpu), 'node')} stayed on the CPU: {', '.join(run.nodes_on_cpu[:6])}")
    return [part for part in parts if part]


def phase_rows(run: Benchmark) -> list[tuple[str, ...]]:
    """Return the phases of a run under PHASE_TITLES, in order; share is of what was measured, modelled phases apart."""
    whole = sum(phase.median_ms for phase in run.phases.values() if not phase.modelled)
    return [_phase_row(name, phase, whole) for name, phase in run.phases.items()]


def _phase_row(name: str, phase: PhaseFigures, whole: float) -> tuple[str, ...]:
    faults = f"{phase.minor_faults:,} + {phase.major_faults or 0:,}" if phase.minor_faults is not None else ""
    return (
        f"{name}, modelled" if phase.modelled else name,
        f"{ms_text(phase.median_ms)} ({range_text(phase.low_ms, phase.high_ms)})",
        "" if phase.modelled or not whole else share_text(phase.median_ms / whole),
        "" if phase.cpu_ms is None else ms_text(phase.cpu_ms),
        "" if phase.rss_bytes is None else bytes_text(phase.rss_bytes),
        faults,
        "" if phase.read_bytes is None else bytes_text(phase.read_bytes),
    )


def comparison_title(comparison: Comparison) -> str:
    """Return what is compared: kind, conditions and phase."""
    kind: BenchKind = "latency" if comparison.kind == "latency" else "cold_start"
    conditions = comparison.conditions
    title = turn_text(kind, conditions) if conditions is not None else comparison.kind.replace("_", " ")
    return f"{title}: {comparison.phase}" if comparison.phase else title


def comparison_rows(comparisons: Sequence[Comparison]) -> list[tuple[str, str, str, str, str]]:
    """Return title, verdict, ratio, medians and noise floor of each comparison."""
    return [
        (
            comparison_title(one),
            one.verdict,
            ratio_text(one) if one.verdict != "not measured" else "",
            f"{ms_text(one.before_ms)} → {ms_text(one.after_ms)}" if one.pairs else "",
            _noise(one),
        )
        for one in comparisons
    ]


def _noise(comparison: Comparison) -> str:
    if comparison.noise_low is None or comparison.noise_high is None or not comparison.pairs:
        return comparison.note
    return f"{comparison.noise_low:.2f} to {comparison.noise_high:.2f}, {plural(comparison.pairs, 'pair')}"


def startup_rows(candidates: Sequence[StartupCandidate]) -> list[tuple[str, str, str, str, str]]:
    """Return name, ratio, verdict, size and note of each way to start sooner."""
    return [
        (
            f"{one.name} (the advice)" if one.chosen else one.name,
            ratio_text(one.comparison),
            one.comparison.verdict,
            bytes_text(one.size_bytes),
            one.note,
        )
        for one in candidates
    ]


def machine_facts(machine: MachineState) -> Iterator[str]:
    """Yield what is known of the machine while it was measured."""
    physical = f" ({machine.physical_cores} physical)" if machine.physical_cores else ""
    yield f"{plural(machine.usable_cores, 'usable core')}{physical}"
    named = (("governor", machine.governor), ("boost", machine.boost), ("hypervisor", machine.hypervisor))
    yield from (f"{label} {value}" for label, value in (*named, ("container", machine.container)) if value)
    if machine.load_before is not None:
        after = f" to {machine.load_after:.2f}" if machine.load_after is not None else ""
        yield f"load {machine.load_before:.2f}{after}"
    if machine.cpu_quota is not None:
        yield f"quota {machine.cpu_quota:g} CPU"
    if machine.memory_limit_bytes is not None:
        yield f"memory limit {bytes_text(machine.memory_limit_bytes)}"
    yield from machine.accelerators
    yield from machine.notes


def plan_sentence(plan: BenchPlan) -> str:
    """Return what was asked for, in one line."""
    kinds = " and ".join(kind.replace("_", " ") for kind in plan.kinds)
    inputs = f"inputs of {plan.data}" if plan.data else f"inputs of seed {plan.seed}"
    return f"{kinds} within {plan.budget_seconds:g} s on device {plan.device}, {inputs}, order of seed {plan.seed}"
