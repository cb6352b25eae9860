"""From a SavedModel to a .tflite with all its signatures: as it is, in fp16, in int8 with calibration, in dynamic int8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.records.optimization import Outcome

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.litert.messages import Numbers
    from inspector.optimize.optimizer import Judge, StepWork
    from inspector.records.event import Steps
    from inspector.records.optimization import OptimizerName, OptimizeSettings, Preflight, Subject


class ToLiteRT:
    """The same numbers in the format that LiteRT runs."""

    name: OptimizerName = "to-litert"
    title = "to LiteRT"
    description = "Converts every signature into one .tflite, weights and arithmetic as they are."
    numbers: Numbers = "float32"

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        """Say which signatures there are, what would be saved, and what LiteRT cannot do; nothing is run."""
        from inspector.optimize.litert.preflight import preflight

        return preflight(subject, settings, self.numbers)

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Climb the ladder of converters; see litert.ladder. Raises OperationFailed only where the work was cancelled or the
        folder cannot be written."""
        from inspector.optimize.litert.ladder import Ladder

        before = self.requires(subject, work.settings)
        if not before.runnable:
            return Outcome(None, None, before.reason, nothing_to_do=before.nothing_to_do)
        return (yield from Ladder(self.name, subject, work, judge, cancel).climb(self.numbers))


class HalfLiteRT(ToLiteRT):
    """Weights in fp16."""

    name: OptimizerName = "fp16"
    title = "fp16 (LiteRT)"
    description = "Converts every signature into one .tflite that stores weights in half precision."
    numbers: Numbers = "float16"


class Int8LiteRT(ToLiteRT):
    """8-bit weights and activations, calibrated."""

    name: OptimizerName = "int8"
    title = "int8 (LiteRT)"
    description = "Converts every signature into one .tflite that computes in 8 bits, with ranges taken from samples."
    numbers: Numbers = "int8"


class Int8DynamicLiteRT(ToLiteRT):
    """8-bit weights."""

    name: OptimizerName = "int8-dynamic"
    title = "int8, dynamic (LiteRT)"
    description = "Converts every signature into one .tflite that stores weights in 8 bits: no calibration."
    numbers: Numbers = "dynamic int8"
