"""Read weights on demand: one weight's statistics, or which weights hold the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from inspector.records.artifact import Computation
from inspector.records.equal_weights import EqualWeights
from inspector.records.event import Event, Finished, Partial, Started
from inspector.records.inspection import Inspection
from inspector.records.tensor import Weight
from inspector.records.weight_details import WeightDetails

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

CONFIRMATION_BYTES: Final = 64 * 2**20
"""Bytes read by default to confirm that weights which agree in samples are equal throughout."""

EVERYTHING: Final = 2**63 - 1
"""A byte budget that leaves nothing unconfirmed."""


def read_weight(inspection: Inspection, weight: Weight, cancel: CancelToken | None = None) -> Iterator[Event[WeightDetails]]:
    """Read one weight's values in a limited child process: statistics, histogram, first elements, digest.

    Raises OperationFailed (with kind) when the child fails or is cancelled.
    """
    from inspector.formats.onnx.weight_details import details
    from inspector.isolation.limits import Limits

    yield Started(f"reading {weight.name}")
    for event in details(inspection.computation, weight, Limits(), cancel):
        if not isinstance(event, Started):
            yield event


def compare_weights(inspection: Inspection, byte_budget: int = CONFIRMATION_BYTES) -> Iterator[Event[Inspection]]:
    """Find weights of the same bytes, reading at most byte_budget bytes to confirm, and make the findings anew.

    Groups that the budget did not suffice for are kept and marked as unconfirmed.
    """
    from inspector.workflows.analyse import with_findings

    for event in equal_weights(inspection.computation, byte_budget):
        if isinstance(event, Finished):
            yield Finished(with_findings(inspection, event.result))
        elif not isinstance(event, Partial):
            yield event


def equal_weights(computation: Computation, byte_budget: int) -> Iterator[Event[tuple[EqualWeights, ...]]]:
    """Find the groups of weights of the same bytes, as compare_weights() does."""
    from inspector.formats.onnx.equality import find_equal_weights

    yield Started("comparing weights")
    yield Finished(find_equal_weights(computation, byte_budget))
