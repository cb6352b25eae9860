"""Makes a model smaller and faster: every step in order, the last accepted result saved, a report of it all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.bench_command import exit_code, measured
from inspector.cli.commands import unwind_when_terminated
from inspector.cli.contract_files import contract_to_keep, write_contract
from inspector.cli.diagnostics import say_error, say_note, say_warning
from inspector.cli.narrator import Narrator, closable
from inspector.cli.optimization_request import optimization_request
from inspector.cli.report_files import check_targets, write_report
from inspector.errors import EXIT_CHECK_FAILED, EXIT_OK, InspectorError, UsageError
from inspector.records.event import Event, Partial, Started
from inspector.records.optimization import StepProgress

if TYPE_CHECKING:
    from inspector.cli.optimization_options import OptimizationOptions
    from inspector.cli.options import Options
    from inspector.records.benchmark import BenchPlan, BenchResult
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Target
    from inspector.records.optimization import Optimization, OptimizationRequest
    from inspector.workflows.optimization.session import OptimizationSession

_FORMATS = {"saved_model": "a SavedModel", "image": "a container image"}


def optimize(options: Options, wanted: OptimizationOptions) -> int:
    """Apply the steps, save the result where that was asked for, report, and return the exit code.

    1 where a step was rejected or cannot run, or a check failed; what cannot be saved is said after the report.
    """
    from inspector.workflows.files import files_of
    from inspector.workflows.targets import target_of

    artifact = target_of(options.artifact or "")
    _check_is_onnx(artifact)
    _check_output(wanted)
    contract = contract_to_keep(options, artifact)
    check_targets(options, [artifact] if isinstance(artifact, Path) else [])
    unwind_when_terminated()
    with Narrator() as narrator:
        inspection = _inspected(artifact, options, narrator)
        inputs = [*files_of(inspection), *_data_of(contract, options)]
        check_targets(options, inputs)
        done = _run(inspection, wanted, optimization_request(options, wanted, contract), _plan(options), narrator)
        review = _review(inspection, done, contract, narrator.warnings)
    if options.contract_target is not None:
        write_contract(done.optimization.contract, options, inputs)
    write_report(review, options, inputs)
    _say_what_was_written(done, wanted)
    if done.failure is not None:
        return say_error(done.failure)
    if done.measured is not None and (code := exit_code(review, done.measured)) != EXIT_OK:
        return code
    unfulfilled = any(change.verdict in ("rejected", "cannot run") for change in review.changes)
    return EXIT_CHECK_FAILED if unfulfilled or review.verdict == "fail" else EXIT_OK


@dataclass(frozen=True, slots=True)
class _Done:
    """What the steps came to, the model after them, why it could not be saved, and what was measured of both."""

    optimization: Optimization
    current: Inspection
    failure: InspectorError | None
    measured: BenchResult | None = None


def _check_is_onnx(artifact: Target) -> None:
    from inspector.workflows.inspect import kind_of

    kind = kind_of(artifact)
    if kind != "onnx":
        hint = "--apply slim makes an image smaller" if kind == "image" else "name an ONNX file"
        raise UsageError(f"{artifact} is {_FORMATS[kind]}: these steps work on ONNX models", hint)


def _check_output(wanted: OptimizationOptions) -> None:
    """Refuse a place for the model before any work begins; whether it is an input is looked at once those are known."""
    if wanted.output is not None:
        from inspector.formats.onnx.save import check_target

        check_target(Path(wanted.output))


def _inspected(artifact: Target, options: Options, narrator: Narrator) -> Inspection:
    from inspector.workflows.examine import examine

    opened: Any = narrator.follow(examine(artifact, options.batch, options.dimensions, options.digest, options.platform))
    return opened  # type: ignore[no-any-return]


def _data_of(contract: Contract | None, options: Options) -> list[Path]:
    """Return the labelled data that a contract names, relative to its file."""
    named = contract.conformance.data if contract is not None and contract.conformance is not None else ""
    return [Path(options.contract or "").absolute().parent / named] if named else []


def _plan(options: Options) -> BenchPlan | None:
    """Return what to measure before and after; None where that was not asked for."""
    if options.bench is None or not options.bench.wanted:
        return None
    if options.bench.compare is not None:
        raise UsageError("--apply measures the model against what becomes of it", "leave out --compare, or --apply")
    return replace(options.bench.plan(), lengths=options.dimensions)


def _run(
    inspection: Inspection,
    wanted: OptimizationOptions,
    request: OptimizationRequest,
    plan: BenchPlan | None,
    narrator: Narrator,
) -> _Done:
    from inspector.isolation.limits import CancelToken
    from inspector.workflows.optimization.session import OptimizationSession

    token = CancelToken()
    with closing(OptimizationSession(inspection, request)) as session:
        for name in wanted.steps:
            narrator.follow(_narrated(session.run(name, token)))
        failure = None
        optimization = None
        if wanted.output is not None and _accepted_any(session):
            try:
                optimization = narrator.follow(_narrated(session.save(Path(wanted.output), token)))
            except InspectorError as error:
                failure = error
        if optimization is None:
            optimization = narrator.follow(_narrated(session.result(token)))
        current = session.current.inspection
        after = current if _accepted_any(session) else None
        result = measured(inspection, after, plan, narrator) if plan is not None else None
        return _Done(optimization, current, failure, result)


def _accepted_any(session: OptimizationSession) -> bool:
    return any(change.status == "accepted" for change in session.changes)


def _narrated(events: Iterable[Event[Any]]) -> Iterator[Event[Any]]:
    """Show what a step is doing as the title of the progress line."""
    with closing(closable(events)) as running:
        for event in running:
            if isinstance(event, Partial) and isinstance(event.result, StepProgress):
                yield Started(f"{event.result.optimizer}: {event.result.doing}")
            else:
                yield event


def _review(inspection: Inspection, done: _Done, contract: Contract | None, warnings: list[str]) -> Any:
    from inspector.workflows.optimization_review import with_optimization
    from inspector.workflows.review import review

    made = with_optimization(review(inspection, warnings), done.optimization, done.current, contract)
    if done.measured is None:
        return made
    from inspector.workflows.bench_review import with_benchmarks

    return with_benchmarks(made, done.measured, contract)


def _say_what_was_written(done: _Done, wanted: OptimizationOptions) -> None:
    if done.optimization.output:
        say_note(f"wrote {done.optimization.output}")
    elif done.failure is None and wanted.output is None and done.optimization.final is not None:
        say_warning("the result was not written: --output PATH says where to")
    elif done.failure is None and wanted.output is not None:
        say_note(f"{wanted.output} was not written: no step was accepted")
