"""Measures an artifact, or two side by side, and reports; what was measured before an interrupt is reported, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inspector.cli.commands import unwind_when_terminated
from inspector.cli.contract_files import contract_to_keep
from inspector.cli.diagnostics import say_error
from inspector.cli.gating import check_gates, gated_as_asked
from inspector.cli.narrator import Narrator, closable
from inspector.cli.report_files import check_targets, write_report
from inspector.errors import EXIT_CHECK_FAILED, EXIT_INTERRUPTED, EXIT_OK, OperationFailed, UsageError
from inspector.records.benchmark import BenchResult
from inspector.records.event import Event, Partial, Started

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inspector.cli.bench_options import BenchOptions
    from inspector.cli.options import Options
    from inspector.records.benchmark import Benchmark, BenchPlan
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Opened
    from inspector.records.review import Review

INTERRUPTED = "interrupted"


def bench(options: Options, wanted: BenchOptions) -> int:
    """Measure what the options name, report it, and return the exit code: 1 a limit broken, 4 a run failed, 130 interrupted."""
    asked = _asked(options, wanted)
    from inspector.workflows.targets import target_of

    artifact = target_of(asked.artifact)
    contract = contract_to_keep(options, artifact)
    read = [Path(path) for path in (asked.artifact, asked.plan.other, asked.plan.data, wanted.replay) if path]
    check_targets(options, read)
    check_gates(options)
    unwind_when_terminated()
    with Narrator() as narrator:
        before = _opened(asked.artifact, options, narrator)
        after = _opened(asked.plan.other, options, narrator) if asked.plan.other else None
        inputs = [*read, *(file for one in (before, after) if one is not None for file in _files(one))]
        check_targets(options, inputs)
        result = measured(before, after, asked.plan, narrator)
        review = gated_as_asked(_review(before, result, contract, asked.earlier, narrator.warnings), options)
    write_report(review, options, inputs)
    return exit_code(review, result)


def measured(before: Opened, after: Opened | None, plan: BenchPlan, narrator: Narrator) -> BenchResult:
    """Return what the plan gave; after an interrupt what it had given by then."""
    from inspector.isolation.limits import CancelToken
    from inspector.workflows.benchmark import benchmark

    latest = BenchResult(plan)

    def watched() -> Iterator[Event[BenchResult]]:
        nonlocal latest
        with closing(closable(benchmark(before, after, plan, CancelToken()))) as running:
            for event in running:
                if isinstance(event, Partial):
                    latest = event.result
                    yield Started(_doing(latest))
                else:
                    yield event

    try:
        return narrator.follow(watched())
    except KeyboardInterrupt:
        return replace(latest, doing="", cut_short=INTERRUPTED)


def exit_code(review: Review, result: BenchResult) -> int:
    """Return the exit code of a measurement; what failed is said in one line."""
    if result.cut_short == INTERRUPTED:
        return EXIT_INTERRUPTED
    broken = [run for run in result.runs if run.status == "cut short" or (not run.samples and run.failures)]
    if broken or not any(run.samples or run.phases for run in result.runs):
        reason = broken[0].note if broken else "nothing was measured"
        return say_error(OperationFailed(reason, "the report has what was measured"))
    return EXIT_CHECK_FAILED if review.verdict == "fail" else EXIT_OK


class _Asked:
    """What is to be measured, and what it is compared with where it was measured before."""

    def __init__(self, artifact: str, plan: BenchPlan, earlier: Sequence[Benchmark] = ()) -> None:
        self.artifact = artifact
        self.plan = plan
        self.earlier = earlier


def _asked(options: Options, wanted: BenchOptions) -> _Asked:
    if wanted.replay is None:
        return _Asked(options.artifact or "", replace(wanted.plan(), lengths=options.dimensions))
    from inspector.workflows.bench_review import read_review, replayable

    review = replayable(read_review(Path(wanted.replay)), Path(wanted.replay))
    artifact = options.artifact or review.artifact.path
    if review.artifact.inside and options.artifact is None:
        raise UsageError(f"{wanted.replay} is about a model inside {artifact}", "open the image and measure it there")
    plan = cast("BenchPlan", review.plan)
    return _Asked(artifact, replace(plan, other=plan.other or _written(review)), review.benchmarks)


def _written(review: Review) -> str:
    """Return the changed artifact that was measured, where it was written; empty where there is none any more."""
    output = next((change.output for change in reversed(review.changes) if change.output), "")
    return output if any(run.subject == "after" for run in review.benchmarks) and Path(output).exists() else ""


def _opened(path: str, options: Options, narrator: Narrator) -> Opened:
    from inspector.workflows.examine import examine
    from inspector.workflows.targets import target_of

    found = examine(target_of(path), options.batch, options.dimensions, options.digest, options.platform)
    return narrator.follow(found)


def _files(opened: Opened) -> Iterable[Path]:
    from inspector.workflows.files import files_of

    return files_of(opened)


def _review(
    before: Opened, result: BenchResult, contract: Contract | None, earlier: Sequence[Benchmark], warnings: list[str]
) -> Review:
    from inspector.workflows.bench_review import with_benchmarks
    from inspector.workflows.contract import held_to
    from inspector.workflows.review import review

    made = review(before, warnings)
    if contract is not None:
        made = held_to(made, contract, cast("Inspection", before).computation)
    return with_benchmarks(made, result, contract, earlier)


def _doing(result: BenchResult) -> str:
    """Return what goes on in one line: the run that grows, its samples and its median."""
    from inspector.report.bench_sentences import ms_text

    growing: Any = result.runs[-1] if result.runs else None
    if growing is None or not growing.samples:
        return result.doing
    return f"{result.doing}: {growing.samples:,} samples, median {ms_text(growing.median_ms)}"
