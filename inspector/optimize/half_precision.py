"""fp16: weights and computation in half precision, with fp32 islands where the ranges demand them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inspector.optimize.half.preflight import preflight
from inspector.records.optimization import OptimizerName

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork
    from inspector.records.event import Steps
    from inspector.records.optimization import OptimizeSettings, Outcome, Preflight, Subject


class HalfPrecision:
    """Converts to fp16 with one converter after the other until the judge passes what came out."""

    name: OptimizerName = "fp16"
    title: Final = "fp16"
    description: Final = "stores weights and computes in half precision, but for nodes whose values fp16 cannot hold"

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        """Say how many bytes would be saved, which constants fp16 cannot hold, and whether there is anything to do."""
        return preflight(subject, settings)

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Climb the ladder of converters; see half.ladder. Raises OperationFailed only where the work was cancelled or the
        folder cannot be written."""
        from inspector.optimize.half.ladder import Ladder

        return (yield from Ladder(subject, work, judge, cancel).climb())
