"""Publish a SavedModel as a numbered version of a serving folder, with its contract and requests to warm servers up with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import UsageError
from inspector.records.event import Event, Finished, Steps, result_of
from inspector.records.optimization import OptimizationRequest

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.publishing import PublishedVersion, PublishRequest


COPY_SECONDS: Final = 3600.0
"""How long copying a SavedModel may take."""


def check_publishing(request: PublishRequest, original: Path | None = None) -> int:
    """Return the version that would be published now; nothing is written, and the SavedModel need not be there yet.

    original is the folder of the SavedModel that steps will begin with, whose signatures they keep. Raises UsageError where the
    serving folder is no place for versions or holds this one already, SignatureDrift where clients would notice.
    """
    from inspector.formats.saved_model.publish import check_drift, check_place

    serving = Path(request.serving)
    version = check_place(serving, request.version)
    if original is not None and not request.allow_drift:
        check_drift(original, serving, version)
    return version


def publish_saved_model(
    inspection: Inspection, request: PublishRequest, cancel: CancelToken
) -> Iterator[Event[PublishedVersion]]:
    """Publish the inspected SavedModel, whatever folder it lies in, as the request says.

    Warm-up requests are the user's samples for one signature and seeded inputs for all others; a signature that none can be
    made for is warned of. What was published is read back before servers can see it.

    Raises UsageError where the artifact is no SavedModel, the serving folder is no place for versions or has this one already,
    or the data does not fit; SignatureDrift (exit code 1) where clients of the version before would notice; OperationFailed
    where the system refuses or the work is cancelled. The serving folder is then as it was.
    """
    from inspector.formats.saved_model.publish import plan_version, publish
    from inspector.isolation.limits import Limits
    from inspector.workflows.optimization.grounds import settings_for

    facts = inspection.computation.saved_model
    if facts is None:
        path = inspection.computation.artifact.path
        raise UsageError(f"{path} is no SavedModel: only those are published as versions", "name a SavedModel")
    request = replace(request, settings=settings_for(_needs(request), inspection))
    source, serving = Path(facts.folder), Path(request.serving)
    number = plan_version(source, serving, request.version, request.allow_drift).version
    contract = yield from _contract(inspection, request, number)
    from inspector.isolation.private_folder import temporary_folder

    with closing(temporary_folder("samples")) as work:
        from inspector.formats.contract_file.embedding import to_json
        from inspector.workflows.warm_up import warm_up_plan

        warm_up = yield from warm_up_plan(inspection, request, contract, work.path, cancel)
        text = f"{to_json(contract)}\n".encode()
        limits = Limits(request.settings.memory_bytes, COPY_SECONDS)
        yield Finished((yield from publish(source, serving, number, warm_up, text, request.allow_drift, cancel, limits)))


def _needs(request: PublishRequest) -> OptimizationRequest:
    """Return what says how much memory TensorFlow may take."""
    return OptimizationRequest(request.settings, memory_bytes=request.memory_bytes)


def _contract(inspection: Inspection, request: PublishRequest, version: int) -> Steps[Contract]:
    """Return the contract that goes along, which says of what version it is."""
    contract = request.contract
    if contract is None:
        from inspector.workflows.contract import derive_contract

        contract = yield from result_of(derive_contract(inspection))
    provenance = contract.provenance
    return replace(contract, provenance=replace(provenance, version=provenance.version or str(version)))
