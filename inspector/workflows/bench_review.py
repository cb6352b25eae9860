"""The part of a review about what was measured, and the plan of an earlier review done again."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector.records.benchmark import Benchmark, BenchResult
    from inspector.records.contract import Contract
    from inspector.records.review import Review

MOST_BYTES = 256 << 20
"""Of a review: raw samples take room, but no more than this."""


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


def read_review(path: Path) -> Review:
    """Return a saved review; UsageError in one line where the file is none."""
    import msgspec

    from inspector.isolation.plain_line import plain_line
    from inspector.report.json import from_json

    data = _bytes_of(path)
    try:
        return from_json(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        reason = plain_line(str(error))
        raise UsageError(f"{path}: is no review of this version: {reason}", "--report review.json writes one") from None


def _bytes_of(path: Path) -> bytes:
    from inspector.formats.onnx.open_file import open_regular

    try:
        with os.fdopen(open_regular(path), "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except InspectorError as error:
        raise UsageError(error.message.replace("not a model file", "not a review"), "name a review.json") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", "check the disk") from None
    if len(data) > MOST_BYTES:
        raise UsageError(f"{path}: is larger than {MOST_BYTES:,} bytes", "a review takes a few megabytes at most")
    return data


def replayable(review: Review, path: Path) -> Review:
    """Return a review that has a plan to do again; UsageError where it has none."""
    if review.plan is None or not review.benchmarks:
        raise UsageError(f"{path}: holds no measurement to do again", "modelpack-tui ARTIFACT --bench --report review.json")
    return review
