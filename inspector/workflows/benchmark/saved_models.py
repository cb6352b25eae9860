"""SavedModels laid out to be measured: one signature, one set of inputs for both, TensorFlow as the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.records.event import Started, Steps, Warned
from inspector.workflows.benchmark.model_pair import (
    INPUTS,
    ModelPair,
    folder_for_inputs,
    read_inputs,
    settings_of,
)

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPart, BenchPlan, StartupCandidate
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.runtimes.tensorflow.served import ServedSignature
    from inspector.workflows.benchmark.measurable import Pace
    from inspector.workflows.benchmark.schedule import Turn

EFFECTS: Final = ("writes-files", "uses-network", "calls-python", "changes-file-system", "runs-native-code")
"""Findings about what a SavedModel does beside computing, whoever reads it."""
TAKEN_SERIOUSLY: Final = ("high", "medium")
"""Loading it, or calling a signature of it, is enough."""


def lay_out_saved_models(
    before: Inspection, after: Inspection | None, plan: BenchPlan, cancel: CancelToken
) -> Steps[SavedModels]:
    """Return one SavedModel or two with inputs. Raises UsageError where TensorFlow is missing, OperationFailed, ChildFailed."""
    from inspector.errors import UsageError
    from inspector.runtimes.tensorflow.availability import require_tensorflow
    from inspector.runtimes.tensorflow.served import served_signature

    require_tensorflow()
    for one in (before, after):
        yield from effects_of(one)
    if plan.device == "cuda":
        raise UsageError("SavedModels are measured on the CPU", "leave --device out, or measure an ONNX model")
    served = tuple(served_signature(one, plan.signature) for one in (before, after) if one is not None)
    settings = settings_of(plan, before)
    with folder_for_inputs() as folder:
        inputs = yield from _inputs(before, served[0], plan, folder.path, settings, cancel)
    notes = (f"signature {served[0].signature.name}", *inputs.notes)
    made = SavedModels(before, after, inputs, settings, "cpu", notes, folder)
    made.served = served
    return made


def effects_of(inspection: Inspection | None) -> Steps[None]:
    """Say what running a SavedModel does beside computing: it is about to be run."""
    effects = [
        one
        for one in (inspection.findings if inspection is not None else ())
        if one.rule in EFFECTS and one.severity in TAKEN_SERIOUSLY
    ]
    for one in effects:
        yield Warned(f"measuring runs it, and {one.message}", "only a limit on memory and time holds it")


def _inputs(
    inspection: Inspection,
    served: ServedSignature,
    plan: BenchPlan,
    folder: Path,
    settings: OptimizeSettings,
    cancel: CancelToken,
) -> Steps[InputSet]:
    if plan.data:
        return (yield from read_inputs(inspection, plan, folder, settings, cancel))
    from inspector.verify.signature_inputs import make_signature_inputs

    yield Started("making inputs")
    made, computation = str(folder / "inputs"), inspection.computation
    return (
        yield from make_signature_inputs(
            served, made, INPUTS, plan.seed, settings, cancel, plan.lengths, computation=computation
        )
    )


class SavedModels(ModelPair):
    """One SavedModel or two of the same signature, ready to be started and called."""

    __slots__ = ("served",)

    served: tuple[ServedSignature, ...]

    def starts(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Start TensorFlow with each in fresh processes, in random order."""
        from inspector.runtimes.tensorflow.start import signature_starter

        threads = turn.conditions.threads
        starters = [signature_starter(served, self.inputs, self.device, threads, self.settings) for served in self.served]
        return (yield from self.started_in_turns(starters, turn, pace))

    def latencies(self, turn: Turn, pace: Pace) -> Steps[BenchPart]:
        """Call the signatures when warm, interleaved."""
        from inspector.runtimes.tensorflow.served import call_of

        return (yield from self.run_in_turns([call_of(one) for one in self.served], turn, pace))

    def advice(self, pace: Pace) -> Steps[tuple[StartupCandidate, ...]]:
        """Return nothing: there is no other way yet to save a SavedModel that could be tried."""
        del pace
        yield from ()
        return ()
