"""Compares two artifacts, or reviews of them, and reports what tells them apart; with --bench measures both, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from inspector.cli.commands import unwind_when_terminated
from inspector.cli.contract_files import contract_to_keep
from inspector.cli.gating import check_gates, gated_as_asked
from inspector.cli.narrator import Narrator
from inspector.cli.report_files import check_targets, write_report
from inspector.errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError
from inspector.records.event import Event, Finished, Steps
from inspector.records.review import Review
from inspector.workflows.targets import target_of

if TYPE_CHECKING:
    from inspector.cli.bench_options import BenchOptions
    from inspector.cli.options import Options
    from inspector.records.benchmark import BenchResult
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Opened

Value = TypeVar("Value")


def compare(options: Options, wanted: BenchOptions) -> int:
    """Compare what the options name, report it, and return the exit code: that two differ is no failure.

    With --bench both are measured, too, and the exit code is that of the measurement.
    """
    from inspector.isolation.limits import CancelToken
    from inspector.workflows.comparing.sides import compare_sides

    named = [options.artifact or "", wanted.compare or ""]
    paths = [target for target in map(target_of, named) if isinstance(target, Path)]
    check_targets(options, paths)
    check_gates(options)
    unwind_when_terminated()
    with Narrator() as narrator:
        before, after = (_side(name, options, narrator) for name in named)
        inputs = [*paths, *_files(before), *_files(after)]
        check_targets(options, inputs)
        found = narrator.follow(_events(compare_sides(before, after, CancelToken())))
        result = _measured(before, after, options, wanted, narrator) if wanted.wanted else None
        compared = replace(_review(before, result, options, narrator.warnings), comparison=found.comparison)
        review = gated_as_asked(compared, options)
    write_report(review, options, inputs)
    if result is not None:
        from inspector.cli.bench_command import exit_code

        return exit_code(review, result)
    return EXIT_CHECK_FAILED if review.verdict == "fail" else EXIT_OK


def _side(name: str, options: Options, narrator: Narrator) -> Opened | Review:
    from inspector.workflows.comparing.sides import opened_side

    steps = opened_side(target_of(name), options.batch, options.dimensions, options.digest, options.platform)
    return narrator.follow(_events(steps))


def _events(steps: Steps[Value]) -> Iterator[Event[Value]]:
    yield Finished((yield from steps))


def _files(side: Opened | Review) -> list[Path]:
    if isinstance(side, Review):
        return []
    from inspector.workflows.files import files_of

    return files_of(side)


def _measured(
    before: Opened | Review, after: Opened | Review, options: Options, wanted: BenchOptions, narrator: Narrator
) -> BenchResult:
    if isinstance(before, Review) or isinstance(after, Review):
        raise UsageError("a review cannot be measured", "name two artifacts, or leave out --bench")
    from inspector.cli.bench_command import measured

    plan = replace(wanted.plan(), lengths=options.dimensions, other=wanted.compare or "")
    return measured(before, after, plan, narrator)


def _review(before: Opened | Review, result: BenchResult | None, options: Options, warnings: list[str]) -> Review:
    """Return the review of the first side, held to a contract and with what was measured where that was asked for."""
    if isinstance(before, Review):
        return replace(before, warnings=(*before.warnings, *warnings))
    from inspector.workflows.review import review

    made = review(before, warnings)
    contract = contract_to_keep(options, target_of(options.artifact or ""))
    if contract is not None:
        from inspector.workflows.contract import held_to

        made = held_to(made, contract, cast("Inspection", before).computation)
    if result is not None:
        from inspector.workflows.bench_review import with_benchmarks

        made = with_benchmarks(made, result, contract)
    return made
