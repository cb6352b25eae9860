"""Holds what was measured against a contract's limits on latency and cold start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from inspector.records.benchmark import BenchKind, Benchmark
from inspector.records.contract import Contract
from inspector.records.review import Check


def with_measured_limits(checks: Sequence[Check], contract: Contract, runs: Sequence[Benchmark]) -> tuple[Check, ...]:
    """Return the checks with those of latency and cold start decided by what was measured of the last subject.

    A limit holds for the median: passed where the whole interval keeps it, failed where the whole interval breaks it, and
    "unknown" where it lies within. Latency is that of one sample a request without a load of its own, a cold start the
    slowest kind that was measured without a quota.
    """
    limits = {"latency": contract.limits.latency_ms, "cold start": contract.limits.cold_start_ms}
    decided = {
        f"{name}: {limit:g} ms at most": _decided(limit, _measured(runs, kind))
        for (name, limit), kind in zip(limits.items(), _KINDS, strict=True)
        if limit is not None
    }
    return tuple(
        replace(check, status=found.status, observed=found.observed)
        if (found := decided.get(check.rule)) is not None
        else check
        for check in checks
    )


_KINDS: tuple[BenchKind, ...] = ("latency", "cold_start")


def _measured(runs: Sequence[Benchmark], kind: BenchKind) -> Benchmark | None:
    """Return the run that the limit is about, None where there is none."""
    subjects = {run.subject for run in runs}
    last = "after" if "after" in subjects else "before"
    plain = [
        run
        for run in runs
        if run.kind == kind
        and run.subject == last
        and run.samples
        and run.conditions.batch == 1
        and run.conditions.load is None
        and run.conditions.cpus is None
    ]
    return max(plain, key=lambda run: run.median_ms, default=None)


def _decided(limit: float, run: Benchmark | None) -> Check | None:
    if run is None:
        return None
    observed = f"{run.median_ms:.3g} ms ({run.low_ms:.3g} to {run.high_ms:.3g}) over {run.samples:,} samples on {run.device}"
    if run.high_ms <= limit:
        return Check("", "passed", observed)
    if run.low_ms > limit:
        return Check("", "failed", observed)
    return Check("", "unknown", f"{observed}: the limit lies within the interval")
