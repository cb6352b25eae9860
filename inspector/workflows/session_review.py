"""The review of everything that was done to an artifact in one sitting, and the file it is written to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.records.event import Event, Finished, Started, Steps, result_of
from inspector.records.image_inspection import ImageInspection

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchResult
    from inspector.records.contract import Contract
    from inspector.records.opened import Opened
    from inspector.records.review import Review
    from inspector.records.slimming import Slimming
    from inspector.workflows.optimization.session import OptimizationSession


@dataclass(frozen=True, slots=True)
class SessionWork:
    """What was done beside opening the artifact, each None where it was not: steps, measurements, levels of slimming.

    contract is the user's. inputs are files that were read for it all beside the artifact's own.
    """

    optimizing: OptimizationSession | None = None
    measured: BenchResult | None = None
    slimming: Slimming | None = None
    contract: Contract | None = None
    inputs: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report that was written: where, in which format, how long."""

    path: Path
    report_format: str
    size_bytes: int
    verdict: str


def session_review(opened: Opened, work: SessionWork, cancel: CancelToken) -> Steps[Review]:
    """Return the review of what was opened and of all the work on it, as the command line assembles it."""
    from inspector.workflows.review import review

    made = review(opened, work.warnings)
    if work.optimizing is not None and work.optimizing.changes:
        made = yield from _with_steps(made, work.optimizing, work.contract, cancel)
    elif work.contract is not None and not isinstance(opened, ImageInspection):
        from inspector.workflows.contract import held_to

        made = held_to(made, work.contract, opened.computation)
    if work.slimming is not None and work.slimming.steps:
        from inspector.workflows.slim_review import with_slimming

        return with_slimming(made, work.slimming, work.measured)
    if work.measured is not None and work.measured.runs:
        from inspector.workflows.bench_review import with_benchmarks

        return with_benchmarks(made, work.measured, work.contract)
    return made


def _with_steps(made: Review, session: OptimizationSession, contract: Contract | None, cancel: CancelToken) -> Steps[Review]:
    from inspector.workflows.optimization_review import with_optimization

    optimization = yield from result_of(session.result(cancel))
    return with_optimization(made, optimization, session.current.inspection, contract)


def write_session_report(
    opened: Opened, work: SessionWork, target: Path, cancel: CancelToken
) -> Iterator[Event[WrittenReport]]:
    """Write the review to target, whole or not at all; the suffix picks the format.

    Raises UsageError for a suffix that picks none and where target is an input, OperationFailed where the system refuses.
    """
    from inspector.workflows.reporting import format_of

    report_format = format_of(str(target))
    inputs = input_files(opened, work)
    yield Started(f"writing {target.name}")
    made = yield from session_review(opened, work, cancel)
    yield Finished(write_review(made, target, report_format, inputs))


def write_review(review: Review, target: Path, report_format: str, inputs: Sequence[Path]) -> WrittenReport:
    """Write a review as the format says, whole or not at all, and never over an input; raises as write_file() does."""
    from inspector.workflows.output_file import write_file
    from inspector.workflows.reporting import formatted

    data = formatted(review, report_format)
    write_file(target, data, inputs)
    return WrittenReport(target, report_format, len(data), review.verdict)


def input_files(opened: Opened, work: SessionWork) -> list[Path]:
    """Return every file that a report must not take the place of: what was read, and the models that were written."""
    from inspector.workflows.files import files_of

    session = work.optimizing
    outputs = [change.output for change in session.changes] if session is not None else []
    slimmed = [step.output for step in work.slimming.steps] if work.slimming is not None else []
    return [*files_of(opened), *work.inputs, *(Path(path) for path in (*outputs, *slimmed) if path)]
