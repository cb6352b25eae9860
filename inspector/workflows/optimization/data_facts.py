"""What a file of samples holds for a model, told before any step is run on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.records.event import Event, Finished, Started

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import OptimizationRequest


@dataclass(frozen=True, slots=True)
class DataFacts:
    """A file of samples that fits a model: how many, whether with labels, and how many each use gets."""

    path: str
    samples: int
    labelled: bool
    calibration: int
    evaluation: int
    confirmation: int


def named_data(request: OptimizationRequest) -> Path | None:
    """Return the file of samples that steps use: the user's, otherwise the contract's; None where inputs are made."""
    if request.data:
        return Path(request.data)
    terms = request.contract.conformance if request.contract is not None else None
    return Path(request.contract_folder, terms.data) if terms is not None and terms.data else None


def look_at_data(
    path: Path, inspection: Inspection, request: OptimizationRequest, cancel: CancelToken
) -> Iterator[Event[DataFacts]]:
    """Read and split the samples as a step would, in a folder that is gone afterwards, and tell what they are.

    Raises UsageError for a file that does not fit the model, OperationFailed where there is no room for the samples.
    """
    from inspector.isolation.private_folder import temporary_folder
    from inspector.verify.data import DEFAULT_LABELS, read_data
    from inspector.workflows.optimization.grounds import settings_for

    yield Started(f"reading {path.name}")
    terms = request.contract.conformance if request.contract is not None else None
    folder = temporary_folder("samples")
    try:
        settings = settings_for(request, inspection)
        labels = terms.labels if terms is not None else DEFAULT_LABELS
        split = yield from read_data(path, inspection, str(folder.path), settings, cancel, labels)
        counts = (split.calibration.count, split.evaluation.count, split.confirmation.count)
    finally:
        folder.close()
    yield Finished(DataFacts(str(path), split.samples, split.labelled is not None, *counts))
