"""Publishes a SavedModel as it is: as a numbered version of a serving folder, for model servers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.cli import output
from inspector.cli.commands import unwind_when_terminated
from inspector.cli.contract_files import contract_to_keep, write_contract
from inspector.cli.diagnostics import say_note, say_warning
from inspector.cli.gating import check_gates, gated_as_asked
from inspector.cli.narrator import Narrator
from inspector.cli.report_files import check_targets, write_report
from inspector.errors import EXIT_CHECK_FAILED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from inspector.cli.options import Options
    from inspector.cli.publish_options import PublishOptions
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Target
    from inspector.records.publishing import PublishedVersion, PublishRequest
    from inspector.records.review import Review

_FORMATS = {"onnx": "an ONNX model", "image": "a container image", "tflite": "a LiteRT model"}


def publish(options: Options, wanted: PublishOptions) -> int:
    """Publish the SavedModel, report where that was asked for (otherwise print where it is now), and return the exit code.

    1 where a contract or a rule is not kept, or the signatures drifted from those of the version before: nothing is published.
    """
    from inspector.workflows.files import files_of
    from inspector.workflows.publishing import check_publishing
    from inspector.workflows.targets import target_of

    artifact = target_of(options.artifact or "")
    check_is_saved_model(artifact)
    contract = contract_to_keep(options, artifact)
    check_publishing(publish_request(options, wanted, contract))
    _check_targets(options, wanted, [artifact] if isinstance(artifact, Path) else [])
    check_gates(options)
    unwind_when_terminated()
    with Narrator() as narrator:
        inspection = _inspected(artifact, options, narrator)
        inputs = files_of(inspection)
        _check_targets(options, wanted, inputs)
        made = gated_as_asked(_review(inspection, contract, []), options)
        published = None
        if made.verdict != "fail":
            published = _published(inspection, options, wanted, contract, narrator)
    if published is not None:
        say_published(published)
    if options.contract_target is not None:
        _write_contract(inspection, options, inputs)
    if options.wants_report:
        made = gated_as_asked(replace(_review(inspection, contract, narrator.warnings), published=published), options)
        write_report(made, options, inputs)
    else:
        for warning in narrator.warnings:
            say_warning(warning)
        if published is not None:
            output.write_text(f"{published.path}\n")
    if published is None:
        say_warning(f"{wanted.serving}: nothing was published, since {_reason(made)}")
        return EXIT_CHECK_FAILED
    return EXIT_OK


def _reason(review: Review) -> str:
    """Return what stands in the way: the contract, or the first rule that did not pass."""
    broken = [check for check in review.checks if check.status == "failed"] or review.checks
    rule = next((check for check in broken if check.source and check.status != "passed"), None)
    if rule is None or any(check.status == "failed" and not check.source for check in review.checks):
        return "the contract is not kept"
    return f"a rule {'is broken' if rule.status == 'failed' else 'is undecided'}: {rule.rule}"


def publish_request(options: Options, wanted: PublishOptions, contract: Contract | None) -> PublishRequest:
    """Return the request that the options amount to; contract None: the one that the SavedModel keeps as it is."""
    from inspector.records.optimization import OptimizeSettings
    from inspector.records.publishing import PublishRequest

    return PublishRequest(
        wanted.serving,
        wanted.version,
        wanted.warm_up,
        wanted.data or "",
        wanted.signature or "",
        contract,
        wanted.allow_drift,
        options.dimensions,
        OptimizeSettings(seed=wanted.seed or 0),
        wanted.memory_bytes,
    )


def check_is_saved_model(artifact: Target) -> None:
    """Raise UsageError for what has no versions: anything but a SavedModel."""
    from inspector.workflows.inspect import kind_of

    kind = kind_of(artifact)
    if kind != "saved_model":
        raise UsageError(f"{artifact} is {_FORMATS[kind]}: --version publishes SavedModels", "leave out --version")


def say_published(published: PublishedVersion) -> None:
    """Say on standard error what was published, and what else there is to know."""
    from inspector.report.figures import bytes_text

    requests = f", {published.warm_up_requests} warm-up requests" if published.warm_up_requests else ""
    say_note(f"published {published.path}: {published.files} files, {bytes_text(published.size_bytes)}{requests}")
    for note in published.notes:
        say_note(note)


def _published(
    inspection: Inspection, options: Options, wanted: PublishOptions, contract: Contract | None, narrator: Narrator
) -> PublishedVersion:
    from inspector.isolation.limits import CancelToken
    from inspector.workflows.publishing import publish_saved_model

    return narrator.follow(publish_saved_model(inspection, publish_request(options, wanted, contract), CancelToken()))


def _check_targets(options: Options, wanted: PublishOptions, inputs: list[Path]) -> None:
    """Refuse a report or contract that would be written over an input or into the serving folder, where servers look."""
    from inspector.cli.report_options import STDOUT

    check_targets(options, inputs)
    serving = Path(wanted.serving).resolve()
    written = [("report", report.path) for report in options.reports]
    for what, path in (*written, ("contract", options.contract_target or STDOUT)):
        if path != STDOUT and Path(path).resolve().is_relative_to(serving):
            raise UsageError(f"cannot write the {what} to {path}: servers look for versions there", "name another place")


def _inspected(artifact: Target, options: Options, narrator: Narrator) -> Inspection:
    from inspector.workflows.examine import examine

    opened: Any = narrator.follow(examine(artifact, options.batch, options.dimensions, options.digest, options.platform))
    return opened  # type: ignore[no-any-return]


def _review(inspection: Inspection, contract: Contract | None, warnings: list[str]) -> Review:
    from inspector.workflows.review import review

    made = review(inspection, warnings)
    if contract is None:
        return made
    from inspector.workflows.contract import held_to

    return held_to(made, contract, inspection.computation)


def _write_contract(inspection: Inspection, options: Options, inputs: list[Path]) -> None:
    from inspector.workflows.contract import derive_contract

    with Narrator() as narrator:
        contract = narrator.follow(derive_contract(inspection))
    write_contract(contract, options, inputs)
