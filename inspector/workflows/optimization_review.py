"""The part of a review about what was made of a model, and whether that keeps the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from inspector.workflows.contract import held_to

if TYPE_CHECKING:
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import Optimization
    from inspector.records.review import Review


def with_optimization(review: Review, optimization: Optimization, current: Inspection, contract: Contract | None) -> Review:
    """Return the review of the original with every change, the last accepted one's comparisons, and the contract.

    contract is the user's; where there is one, current, the model after all changes, is held against it.
    """
    accepted = [change for change in optimization.changes if change.status == "accepted"]
    made = replace(
        review,
        changes=optimization.changes,
        comparisons=accepted[-1].comparisons if accepted else (),
        warnings=(*review.warnings, *optimization.warnings),
    )
    if contract is None:
        return replace(made, contract=optimization.contract)
    held = held_to(made, contract, current.computation, accepted[-1] if accepted else None)
    return replace(held, contract=optimization.contract)
