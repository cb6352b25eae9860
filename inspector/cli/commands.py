"""What the options ask for: open the workbench, write a report, a contract, a better model or a smaller image.

Everything of weight is imported here, when it is needed.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from inspector.cli import output
from inspector.cli.diagnostics import say_warning
from inspector.cli.gating import check_gates, gated_as_asked
from inspector.cli.many_options import names_many
from inspector.cli.narrator import Narrator
from inspector.cli.options import PROGRAM, Options
from inspector.cli.report_files import check_targets, write_report
from inspector.cli.review_command import check_review_options, names_review, rewrite
from inspector.errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from inspector.records.benchmark import BenchPlan
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Target
    from inspector.records.optimization import OptimizationRequest
    from inspector.records.review import Review
    from inspector.workflows.opening import Opening

READ_AHEAD_SECONDS = 1.0
"""How long reading may take before the workbench is shown while it goes on."""


class Workbench(Protocol):
    """Opens the workbench on an artifact that is being read (None: let the user choose) and returns the exit code.

    review, which was read from path, is shown in place of an artifact, and compare_with beside either.
    """

    def __call__(
        self,
        opening: Opening | None,
        batch: int,
        settings: Mapping[str, int],
        request: OptimizationRequest | None = None,
        plan: BenchPlan | None = None,
        *,
        compare_with: Target | None = None,
        review: Review | None = None,
        path: Path | None = None,
    ) -> int: ...


def run_command(options: Options, workbench: Workbench) -> int:
    """Do what the options ask for and return the exit code; every InspectorError passes through."""
    interactive = sys.stdin is not None and sys.stdin.isatty() and output.is_terminal()
    wanted = options.optimization
    if wanted is not None and not wanted.steps and not interactive:
        raise UsageError("no step is named that could be applied, and there is no terminal to pick one in", "--apply simplify")
    if names_many(options):
        from inspector.cli.many_command import review_all

        return review_all(options)
    if names_review(options):
        return _reopen(options, workbench, interactive)
    headless = _headless(options, interactive)
    if headless is not None:
        return headless()
    if not interactive:
        raise UsageError("no artifact is named and there is no terminal to choose one in", f"see {PROGRAM} --help")
    plan = options.bench.plan() if options.bench is not None else None
    other = _other(options)
    return workbench(_opening(options), options.batch, options.dimensions, _request(options), plan, compare_with=other)


def _headless(options: Options, interactive: bool) -> Callable[[], int] | None:
    """Return what does the work without a screen; None where there is nothing to do but to show one."""
    if options.optimization is not None and options.optimization.steps:
        from inspector.cli.optimize_command import optimize

        return partial(optimize, options, options.optimization)
    if options.publishing is not None:
        from inspector.cli.publish_command import publish

        return partial(publish, options, options.publishing)
    if options.slim is not None:
        from inspector.cli.slim_command import slim

        return partial(slim, options, options.slim)
    measuring = _measuring(options, interactive)
    if measuring is not None:
        return measuring
    if options.contract_target is not None and not options.wants_report:
        return partial(_contract, options)
    if options.wants_report or (options.artifact is not None and not interactive):
        return partial(_report, options)
    return None


def _measuring(options: Options, interactive: bool) -> Callable[[], int] | None:
    """Return what compares or measures; a comparison alone is shown on the screen where there is one, and no report wanted."""
    bench = options.bench
    if bench is None:
        return None
    if bench.compare is not None and (options.wants_report or not interactive):
        from inspector.cli.compare_command import compare

        return partial(compare, options, bench)
    if bench.wanted:
        from inspector.cli.bench_command import bench as measure

        return partial(measure, options, bench)
    return None


def _reopen(options: Options, workbench: Workbench, interactive: bool) -> int:
    """Show a saved review, or write it in other formats, held to rules or beside another one."""
    check_review_options(options)
    if interactive and not options.wants_report:
        from inspector.workflows.comparing.sides import read_side

        path = Path(options.artifact or "")
        return workbench(None, options.batch, {}, compare_with=_other(options), review=read_side(path), path=path)
    if options.bench is not None and options.bench.compare is not None:
        from inspector.cli.compare_command import compare

        return compare(options, options.bench)
    return rewrite(options)


def _other(options: Options) -> Target | None:
    """Return what shall be compared with on the screen."""
    if options.bench is None or options.bench.compare is None:
        return None
    from inspector.workflows.targets import target_of

    return target_of(options.bench.compare)


def _request(options: Options) -> OptimizationRequest | None:
    """Return what the command line says of steps that are picked in the workbench."""
    if options.optimization is None:
        return None
    from inspector.cli.optimization_request import optimization_request

    return optimization_request(options, options.optimization, None)


def _opening(options: Options) -> Opening | None:
    """Begin to read; an artifact that cannot be read raises while the terminal is still the user's."""
    if options.artifact is None:
        return None
    from inspector.workflows.opening import Opening
    from inspector.workflows.targets import target_of

    opening = Opening(target_of(options.artifact), options.batch, options.dimensions, options.platform)
    opening.settle(READ_AHEAD_SECONDS)
    return opening


def _report(options: Options) -> int:
    from inspector.cli.contract_files import contract_to_keep
    from inspector.workflows.targets import target_of

    artifact = target_of(options.artifact or "")
    contract = contract_to_keep(options, artifact)
    check_targets(options, [artifact] if isinstance(artifact, Path) else [])
    check_gates(options)
    unwind_when_terminated()
    with Narrator() as narrator:
        review, inputs = _review(artifact, options, contract, narrator)
        review = gated_as_asked(review, options)
    write_report(review, options, inputs)
    return EXIT_CHECK_FAILED if review.verdict == "fail" else EXIT_OK


def _contract(options: Options) -> int:
    """Write the contract of an artifact, and nothing else."""
    from inspector.cli.contract_files import check_has_contract, write_contract
    from inspector.workflows.contract import derive_contract
    from inspector.workflows.files import files_of
    from inspector.workflows.inspect import inspect
    from inspector.workflows.targets import target_of

    artifact = target_of(options.artifact or "")
    check_has_contract(artifact)
    check_targets(options, [artifact] if isinstance(artifact, Path) else [])
    unwind_when_terminated()
    with Narrator() as narrator:
        opened = cast("Inspection", narrator.follow(inspect(artifact, options.batch, options.dimensions, options.platform)))
        check_targets(options, files_of(opened))
        contract = narrator.follow(derive_contract(opened))
    for warning in narrator.warnings:
        say_warning(warning)
    write_contract(contract, options, files_of(opened))
    return EXIT_OK


def unwind_when_terminated() -> None:
    """Let termination unwind the stack, as Ctrl-C does, so that child processes end with us."""

    def leave(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, leave)


def _review(artifact: Target, options: Options, contract: Contract | None, narrator: Narrator) -> tuple[Review, list[Path]]:
    """Return the review of an artifact, and the files it is made of; writes its contract where that was asked for."""
    from inspector.workflows.examine import examine
    from inspector.workflows.loading import loading_meanwhile

    events = examine(artifact, options.batch, options.dimensions, options.digest, options.platform)
    opened = narrator.follow(loading_meanwhile(events, "inspector.workflows.review"))
    from inspector.workflows.files import files_of
    from inspector.workflows.review import review

    inputs = files_of(opened)
    check_targets(options, inputs)
    if options.contract_target is not None:
        from inspector.cli.contract_files import write_contract
        from inspector.workflows.contract import derive_contract

        write_contract(narrator.follow(derive_contract(cast("Inspection", opened))), options, inputs)
    made = review(opened, narrator.warnings)
    if contract is None:
        return made, inputs
    from inspector.workflows.contract import held_to

    return held_to(made, contract, cast("Inspection", opened).computation), inputs
