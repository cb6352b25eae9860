"""A limit on latency or cold start holds for what was measured, and stays unknown where that does not decide it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.benchmark import Benchmark
from inspector.records.contract import ArtifactLimits, Contract
from inspector.records.measurement import Conditions
from inspector.records.review import Check
from inspector.verify.contract_limits import with_measured_limits

LATENCY = Check("latency: 10 ms at most", "unknown", "not measured")
START = Check("cold start: 500 ms at most", "unknown", "not measured")
OTHER = Check("size: 3 bytes at most", "failed", "4 bytes")
CONTRACT = Contract(limits=ArtifactLimits(latency_ms=10, cold_start_ms=500))


def run_of(kind: str, median: float, spread: float = 0.0, **fields: object) -> Benchmark:
    made = Benchmark("before", kind, "cpu", 50, median, median - spread, median + spread)  # type: ignore[arg-type]
    return replace(made, **fields)


def statuses(*runs: Benchmark) -> list[str]:
    return [check.status for check in with_measured_limits((LATENCY, START, OTHER), CONTRACT, runs)]


@pytest.mark.parametrize(
    ("median", "spread", "status"), [(5.0, 1.0, "passed"), (15.0, 1.0, "failed"), (10.0, 1.0, "unknown"), (9.5, 1.0, "unknown")]
)
def test_the_whole_interval_decides(median: float, spread: float, status: str) -> None:
    assert statuses(run_of("latency", median, spread)) == [status, "unknown", "failed"]


def test_the_slowest_cache_decides_a_cold_start() -> None:
    warm = run_of("cold_start", 300.0, conditions=Conditions(cache="warm"))
    cold = run_of("cold_start", 700.0, conditions=Conditions(cache="cold"))
    assert statuses(warm)[1] == "passed"
    assert statuses(warm, cold)[1] == "failed"


def test_what_was_made_of_it_is_held_to_the_limit_not_the_original() -> None:
    assert statuses(run_of("latency", 20.0), run_of("latency", 5.0, subject="after"))[0] == "passed"


@pytest.mark.parametrize("conditions", [Conditions(batch=8), Conditions(load=0.9), Conditions(cpus=0.25)])
def test_batches_loads_and_quotas_decide_nothing(conditions: Conditions) -> None:
    assert statuses(run_of("latency", 1.0, conditions=conditions))[0] == "unknown"


def test_the_observation_says_what_was_measured() -> None:
    (found, *_) = with_measured_limits((LATENCY,), CONTRACT, [run_of("latency", 5.0, 1.0)])
    assert found.observed == "5 ms (4 to 6) over 50 samples on cpu"


def test_without_a_run_nothing_changes() -> None:
    checks = (LATENCY, START, OTHER)
    assert with_measured_limits(checks, CONTRACT, []) == checks
