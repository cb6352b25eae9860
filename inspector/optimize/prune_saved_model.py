"""prune: a SavedModel that holds what serving needs and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inspector.records.optimization import OptimizerName

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork
    from inspector.records.event import Steps
    from inspector.records.optimization import OptimizeSettings, Outcome, Preflight, Subject


class PruneSavedModel:
    """Saves the signatures anew, with what they capture: no optimizer, no training, no function that nothing calls."""

    name: OptimizerName = "prune"
    title: Final = "prune"
    description: Final = "keep what the signatures need and drop the rest: optimizer slots, training code, unused functions"

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        """Say from the facts alone what would go, or that nothing would."""
        from inspector.optimize.pruning.preflight import preflight

        return preflight(subject, settings)

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Save it as an object graph, or where that fails as a graph; have it judged where it is smaller or repaired.

        Raises OperationFailed only where the work was cancelled.
        """
        from inspector.optimize.pruning.making import Making

        return (yield from Making(subject, work, judge, cancel).best())
