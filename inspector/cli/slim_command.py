"""Makes an image smaller: every level written and proven, the last accepted one saved, a report of it all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli.bench_command import exit_code, measured
from inspector.cli.commands import unwind_when_terminated
from inspector.cli.contract_files import check_has_contract
from inspector.cli.diagnostics import say_error, say_note, say_warning
from inspector.cli.gating import check_gates, gated_as_asked
from inspector.cli.narrator import Narrator, closable
from inspector.cli.report_files import check_targets, write_report
from inspector.cli.report_options import STDOUT
from inspector.cli.slim_request import files_beside, plan_of, slim_request
from inspector.errors import EXIT_CHECK_FAILED, EXIT_OK, InspectorError, UsageError
from inspector.records.event import Event, Partial, Started
from inspector.records.slimming import SlimProgress

if TYPE_CHECKING:
    from inspector.cli.options import Options
    from inspector.cli.slim_options import SlimOptions
    from inspector.records.benchmark import BenchPlan, BenchResult
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.opened import Target
    from inspector.records.review import Review
    from inspector.records.slimming import Slimming, SlimRequest, SlimStep
    from inspector.workflows.slimming.session import SlimSession

_FORMATS = {"onnx": "an ONNX model", "saved_model": "a SavedModel", "tflite": "a LiteRT model"}

ENGINE = "docker://"


def slim(options: Options, wanted: SlimOptions) -> int:
    """Apply the levels, save the last accepted image where that was asked for, report, and return the exit code.

    1 where a level was rejected, one that was named cannot run, or nothing was accepted that could be written; what cannot be
    saved is said after the report.
    """
    from inspector.workflows.files import files_of
    from inspector.workflows.targets import target_of

    artifact = target_of(options.artifact or "")
    _check_is_image(artifact)
    if options.contract_target is not None:
        check_has_contract(artifact)
    request = slim_request(options, wanted)
    plan = plan_of(options)
    read = files_beside(request, options)
    _check_targets(options, wanted, [*([artifact] if isinstance(artifact, Path) else []), *read])
    check_gates(options)
    unwind_when_terminated()
    with Narrator() as narrator:
        inspection = _inspected(artifact, options, narrator)
        inputs = [*files_of(inspection), *read]
        _check_targets(options, wanted, inputs)
        done = _run(inspection, wanted, request, plan, narrator)
        review = gated_as_asked(_review(inspection, done, narrator.warnings), options)
    write_report(review, options, inputs)
    _say_what_was_written(done, wanted)
    if done.failure is not None:
        return say_error(done.failure)
    if done.measured is not None and (code := exit_code(review, done.measured)) != EXIT_OK:
        return code
    return EXIT_CHECK_FAILED if is_unfulfilled(done.slimming, wanted) or review.verdict == "fail" else EXIT_OK


@dataclass(frozen=True, slots=True)
class _Done:
    """What the levels came to, why the last accepted one could not be saved, and what --bench measured of both images."""

    slimming: Slimming
    failure: InspectorError | None
    measured: BenchResult | None


def _check_is_image(artifact: Target) -> None:
    from inspector.workflows.inspect import kind_of

    kind = kind_of(artifact)
    if kind != "image":
        raise UsageError(f"{artifact} is {_FORMATS[kind]}: --apply slim works on container images", "name an image")


def _check_targets(options: Options, wanted: SlimOptions, inputs: list[Path]) -> None:
    """Refuse places for the image and the report that are inputs, take none, or are one and the same."""
    check_targets(options, inputs)
    if wanted.output is None:
        return
    from inspector.formats.image.saving import check_image_target

    check_image_target(wanted.output, inputs)
    if wanted.output.startswith(ENGINE):
        return
    image = Path(wanted.output).resolve()
    for report in (Path(one.path).resolve() for one in options.reports if one.path != STDOUT):
        if image == report or image in report.parents:
            raise UsageError(f"the report and the image would both be written to {wanted.output}", "name two places")


def _inspected(artifact: Target, options: Options, narrator: Narrator) -> ImageInspection:
    from inspector.workflows.examine import examine

    opened: Any = narrator.follow(examine(artifact, options.batch, options.dimensions, options.digest, options.platform))
    return opened  # type: ignore[no-any-return]


def _run(
    inspection: ImageInspection, wanted: SlimOptions, request: SlimRequest, plan: BenchPlan | None, narrator: Narrator
) -> _Done:
    from inspector.isolation.limits import CancelToken
    from inspector.workflows.slimming.session import SlimSession

    token = CancelToken()
    with closing(SlimSession(inspection, request, plan)) as session:
        slimming = narrator.follow(_narrated(session.run(token)))
        failure = None
        if wanted.output is not None and any(step.status == "accepted" for step in slimming.steps):
            try:
                slimming = narrator.follow(_narrated(session.save(wanted.output, token)))
            except InspectorError as error:
                failure = error
        found = None if plan is None else _measured(session, slimming, plan, narrator)
        return _Done(slimming, failure, found)


def _measured(session: SlimSession, slimming: Slimming, plan: BenchPlan, narrator: Narrator) -> BenchResult | None:
    """Return what was measured of both images; without an engine what can be said of the original and what was written."""
    if session.measured is not None:
        return session.measured
    if not slimming.output:
        narrator.warnings.append("--bench measured nothing: no slimmed image was started, or written to be read again")
        return None
    from inspector.workflows.examine import examine
    from inspector.workflows.targets import target_of

    written = narrator.follow(examine(target_of(slimming.output)))
    return measured(session.inspection, written, plan, narrator)


def _narrated(events: Iterable[Event[Slimming]]) -> Iterator[Event[Slimming]]:
    """Show what a level is doing as the title of the progress line."""
    from inspector.report.slim_sentences import progress_text

    with closing(closable(events)) as running:
        for event in running:
            progress: object = event.result if isinstance(event, Partial) else None
            yield Started(progress_text(progress)) if isinstance(progress, SlimProgress) else event


def _review(inspection: ImageInspection, done: _Done, warnings: list[str]) -> Review:
    from inspector.workflows.review import review
    from inspector.workflows.slim_review import with_slimming

    return with_slimming(review(inspection, warnings), done.slimming, done.measured)


def is_unfulfilled(slimming: Slimming, wanted: SlimOptions) -> bool:
    """Return whether something that was asked for was not done, for which the exit code is 1."""
    if any(_counts_as_failed(step, wanted) for step in slimming.steps):
        return True
    return wanted.output is not None and not any(step.status == "accepted" for step in slimming.steps)


def _counts_as_failed(step: SlimStep, wanted: SlimOptions) -> bool:
    """Return whether a level was rejected or cannot run; trace may be unable to where nobody named it."""
    return step.verdict == "rejected" or (step.verdict == "cannot run" and (wanted.named or step.level != "trace"))


def _say_what_was_written(done: _Done, wanted: SlimOptions) -> None:
    accepted = any(step.status == "accepted" for step in done.slimming.steps)
    if done.slimming.output:
        say_note(f"wrote {done.slimming.output}")
    elif accepted and wanted.output is None:
        say_warning("the slimmed image was not written: --output says where to")
    elif wanted.output is not None and not accepted:
        say_warning(f"{wanted.output} was not written: no level was accepted")
