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
from inspector.cli.gating import check_gates, gated_as_asked
from inspector.cli.narrator import Narrator, closable
from inspector.cli.optimization_request import optimization_request
from inspector.cli.report_files import check_targets, write_report
from inspector.errors import EXIT_CHECK_FAILED, EXIT_OK, InspectorError, UsageError
from inspector.records.event import Event, Partial, Started
from inspector.records.optimization import StepProgress

if TYPE_CHECKING:
    from inspector.cli.optimization_options import OptimizationOptions
    from inspector.cli.options import Options
    from inspector.isolation.limits import CancelToken
    from inspector.records.artifact import Format
    from inspector.records.benchmark import BenchPlan, BenchResult
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Target
    from inspector.records.optimization import Optimization, OptimizationRequest, OptimizerName
    from inspector.records.publishing import PublishedVersion, PublishRequest
    from inspector.workflows.optimization.session import OptimizationSession


def optimize(options: Options, wanted: OptimizationOptions) -> int:
    """Apply the steps, save the result where that was asked for, report, and return the exit code.

    1 where a step was rejected or cannot run, or a check failed; what cannot be saved is said after the report.
    """
    from inspector.workflows.files import files_of
    from inspector.workflows.targets import target_of

    artifact = target_of(options.artifact or "")
    steps = _steps(artifact, options, wanted)
    contract = contract_to_keep(options, artifact)
    check_targets(options, [artifact] if isinstance(artifact, Path) else [])
    check_gates(options)
    unwind_when_terminated()
    with Narrator() as narrator:
        inspection = _inspected(artifact, options, narrator)
        inputs = [*files_of(inspection), *_data_of(contract, options)]
        check_targets(options, inputs)
        request = optimization_request(options, wanted, contract)
        done = _run(inspection, _Work(steps, _output_of(options, wanted)), request, _plan(options), narrator)
        review = gated_as_asked(_review(inspection, done, contract, narrator.warnings), options)
    if options.contract_target is not None:
        write_contract(done.optimization.contract, options, inputs)
    write_report(review, options, inputs)
    _say_what_was_written(done, wanted, steps)
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
    published: PublishedVersion | None = None
    measured: BenchResult | None = None


@dataclass(frozen=True, slots=True)
class _Work:
    """The steps to take, and where their result goes: a path, a version of a serving folder, or nowhere."""

    steps: tuple[OptimizerName, ...]
    output: Path | PublishRequest | None


def _steps(artifact: Target, options: Options, wanted: OptimizationOptions) -> tuple[OptimizerName, ...]:
    """Return the steps that the artifact goes through; refuse them, and a place for the result, before any work begins.

    Whether the place is an input is looked at once those are known.
    """
    from inspector.cli.optimization_steps import kind_after, steps_for
    from inspector.workflows.inspect import kind_of

    kind = kind_of(artifact)
    output = None if options.publishing is not None else wanted.output
    steps = steps_for(artifact, kind, wanted.steps, output)
    if kind == "saved_model":
        from inspector.runtimes.tensorflow.availability import require_tensorflow

        require_tensorflow()
    made = kind_after(kind, steps)
    if options.publishing is not None:
        _check_publishing(artifact, options, made)
    elif output is not None:
        _check_output(Path(output), made)
    return steps


def _check_output(target: Path, made: Format) -> None:
    if made == "saved_model":
        from inspector.formats.saved_model.save_folder import check_folder_target

        check_folder_target(target)
    else:
        from inspector.formats.onnx.save import check_target

        check_target(target)


def _check_publishing(artifact: Target, options: Options, made: Format) -> None:
    from inspector.cli.publish_command import check_is_saved_model, publish_request
    from inspector.workflows.publishing import check_publishing

    check_is_saved_model(artifact)
    if made != "saved_model":
        raise UsageError(
            "--version publishes SavedModels, and these steps make none", "leave out --version, or to-…, fp16, int8"
        )
    if options.publishing is not None:
        original = artifact if isinstance(artifact, Path) and (artifact / "saved_model.pb").is_file() else None
        check_publishing(publish_request(options, options.publishing, None), original)


def _output_of(options: Options, wanted: OptimizationOptions) -> Path | PublishRequest | None:
    if options.publishing is not None:
        from inspector.cli.publish_command import publish_request

        return publish_request(options, options.publishing, None)
    return Path(wanted.output) if wanted.output is not None else None


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
    work: _Work,
    request: OptimizationRequest,
    plan: BenchPlan | None,
    narrator: Narrator,
) -> _Done:
    from inspector.isolation.limits import CancelToken
    from inspector.workflows.optimization.session import OptimizationSession

    token = CancelToken()
    with closing(OptimizationSession(inspection, request)) as session:
        for name in work.steps:
            narrator.follow(_narrated(session.run(name, token)))
        failure, published = None, None
        if work.output is not None and _accepted_any(session):
            try:
                published = _written(session, work.output, token, narrator)
            except InspectorError as error:
                failure = error
        optimization = narrator.follow(_narrated(session.result(token)))
        current = session.current.inspection
        after = current if _accepted_any(session) else None
        result = measured(inspection, after, plan, narrator) if plan is not None else None
        return _Done(optimization, current, failure, published, result)


def _written(
    session: OptimizationSession, output: Path | PublishRequest, token: CancelToken, narrator: Narrator
) -> PublishedVersion | None:
    """Write what the steps came to; return the version that it was published as, if it was."""
    if isinstance(output, Path):
        narrator.follow(_narrated(session.save(output, token)))
        return None
    published: PublishedVersion = narrator.follow(_narrated(session.publish(output, token)))
    return published


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
    made = replace(made, published=done.published)
    if done.measured is None:
        return made
    from inspector.workflows.bench_review import with_benchmarks

    return with_benchmarks(made, done.measured, contract)


def _say_what_was_written(done: _Done, wanted: OptimizationOptions, steps: tuple[OptimizerName, ...]) -> None:
    implied = [name for name in steps if name not in wanted.steps]
    if implied:
        say_note(f"{implied[0]} was added, since --output {wanted.output} asks for it")
    if done.published is not None:
        from inspector.cli.publish_command import say_published

        say_published(done.published)
    elif done.optimization.output:
        files = next((change.files for change in reversed(done.optimization.changes) if change.output), ())
        say_note(f"wrote {', '.join((done.optimization.output, *files))}")
    elif done.failure is None and wanted.output is None and done.optimization.final is not None:
        say_warning("the result was not written: --output PATH says where to")
    elif done.failure is None and wanted.output is not None:
        say_note(f"{wanted.output} was not written: no step was accepted")
