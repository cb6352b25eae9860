"""The part of a review about what was measured, and the plan of an earlier review done again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.errors import UsageError
from inspector.workflows.reviews import MOST_BYTES as MOST_BYTES
from inspector.workflows.reviews import read_review as read_review

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inspector.records.benchmark import Benchmark, BenchResult
    from inspector.records.contract import Contract
    from inspector.records.review import Review


def with_benchmarks(
    review: Review, result: BenchResult, contract: Contract | None, earlier: Sequence[Benchmark] = ()
) -> Review:
    """Return the review with every run, and with the contract's limits decided by them.

    earlier: runs of the same plan at another time, which the new ones are compared with.
    """
    from inspector.bench.across_time import across_time
    from inspector.workflows.contract import judged

    cut_short = (f"the measurement was cut short: {result.cut_short}",) if result.cut_short else ()
    made = replace(
        review,
        plan=result.plan,
        benchmarks=result.runs,
        method=result.method,
        comparisons=(*result.comparisons, *across_time(earlier, result.runs)),
        startup=result.startup,
        environment=replace(review.environment, machine=result.machine),
        warnings=(*review.warnings, *result.warnings, *cut_short),
    )
    if contract is None:
        return made
    from inspector.verify.contract_limits import with_measured_limits

    return judged(replace(made, checks=with_measured_limits(made.checks, contract, result.runs)))


def replayable(review: Review, path: Path) -> Review:
    """Return a review that has a plan to do again; UsageError where it has none."""
    if review.plan is None or not review.benchmarks:
        raise UsageError(f"{path}: holds no measurement to do again", "modelpack-tui ARTIFACT --bench --report review.json")
    return review
