"""Two models run on the same seeded inputs, each in the runtime that runs it, and their outputs held side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from inspector.analysis.artifact_diff.outputs import outputs
from inspector.analysis.artifact_diff.promises import paired_names, tensor_text
from inspector.analysis.artifact_diff.tally import Tally
from inspector.errors import InspectorError, OperationFailed
from inspector.records.event import Started, Steps
from inspector.records.graph import Signature
from inspector.records.inspection import Inspection
from inspector.records.tensor import TensorSpec

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.optimization import InputSet, OptimizeSettings, Reference
    from inspector.records.runnable import Runnable

INPUTS: Final = 8
MOST_SECONDS: Final = 120.0
"""What making inputs, and running each of the two, may take."""

Made = TypeVar("Made")
Names = dict[str, str]
"""Tensors of the second model by the name that the first has for them."""


def compared_outputs(before: Inspection, after: Inspection, cancel: CancelToken | None) -> Steps[Tally]:
    """Return how far the outputs of two models are apart; where they cannot be run on the same inputs, why.

    Raises ChildFailed where it was cancelled.
    """
    try:
        return (yield from _compared(before, after, cancel))
    except InspectorError as error:
        if _is_cancelled(error):
            raise
        return Tally("parity", unknown=error.message)


def _is_cancelled(error: InspectorError) -> bool:
    return getattr(error, "kind", "") == "cancelled"


def _named(which: str, steps: Steps[Made]) -> Steps[Made]:
    """Run what is done with one of the two; where that fails, say with which. Raises ChildFailed, OperationFailed."""
    try:
        return (yield from steps)
    except InspectorError as error:
        if _is_cancelled(error):
            raise
        raise OperationFailed(f"{which} was not run: {error.message}") from None


def _compared(before: Inspection, after: Inspection, cancel: CancelToken | None) -> Steps[Tally]:
    from inspector.isolation.private_folder import temporary_folder
    from inspector.runtimes.calling import require_runtime, runtime_notes
    from inspector.verify.parity import compare_call
    from inspector.workflows.benchmark.mixed_pair import calls_of_pair

    calls = calls_of_pair(before, after)
    for call in calls:
        require_runtime(call)
    signatures = [_called(one, call) for one, call in zip((before, after), calls, strict=True)]
    inputs, results = _input_names(*signatures), paired_names(signatures[0].outputs, signatures[1].outputs)
    for one in (before, after):
        _refuse_effects(one)
    yield Started("comparing outputs")
    settings = _settings(before, after)
    folder = temporary_folder("inputs")
    try:
        reference = yield from _named("the first", _recorded(before, calls[0], folder.path, settings, cancel))
        wanted = _renamed(reference, inputs, results)
        parity = yield from _named("the second", compare_call(calls[1], wanted, settings, cancel))
    finally:
        folder.close()
    notes = [*runtime_notes(*calls), *([f"signature {signatures[0].name}"] if len(before.computation.signatures) > 1 else [])]
    return outputs(parity, "; ".join(notes))


def _called(inspection: Inspection, call: Runnable) -> Signature:
    signatures = inspection.computation.signatures
    found = next((one for one in signatures if one.name == call.signature), signatures[0] if signatures else None)
    if found is None:
        raise OperationFailed(f"{Path(call.path).name} has no signature to call")
    return found


def _input_names(ours: Signature, theirs: Signature) -> Names:
    """Return which inputs go together. Raises OperationFailed where one has no counterpart that takes the same values."""
    names = paired_names(ours.inputs, theirs.inputs)
    others = {spec.name: spec for spec in theirs.inputs}
    for spec in ours.inputs:
        other = others.pop(names.get(spec.name, ""), None)
        if other is None:
            raise OperationFailed(f"no inputs fit both: input {spec.name} of the first has no counterpart")
        if spec.dtype != other.dtype or not _fits(spec, other):
            taken = f"{tensor_text(spec)} and {tensor_text(other)}"
            raise OperationFailed(f"no inputs fit both: input {spec.name} is {taken}")
    if others:
        raise OperationFailed(f"no inputs fit both: input {next(iter(others))} of the second has no counterpart")
    return names


def _fits(spec: TensorSpec, other: TensorSpec) -> bool:
    if spec.shape is None or other.shape is None:
        return True
    pairs = list(zip(spec.shape, other.shape, strict=False))
    clash = any(isinstance(a, int) and isinstance(b, int) and a >= 0 and b >= 0 and a != b for a, b in pairs)
    return len(spec.shape) == len(other.shape) and not clash


def _refuse_effects(inspection: Inspection) -> None:
    """Raise OperationFailed for a SavedModel that does more than compute: nobody asked for it to be run."""
    from inspector.workflows.benchmark.saved_models import EFFECTS, TAKEN_SERIOUSLY

    serious = (one for one in inspection.findings if one.rule in EFFECTS and one.severity in TAKEN_SERIOUSLY)
    found = next(serious, None)
    if found is not None:
        raise OperationFailed(f"neither was run: {found.message}")


def _settings(before: Inspection, after: Inspection) -> OptimizeSettings:
    from inspector.records.optimization import OptimizationRequest, OptimizeSettings
    from inspector.workflows.optimization.grounds import settings_for

    request = OptimizationRequest(settings=OptimizeSettings(step_seconds=MOST_SECONDS))
    both = [settings_for(request, one) for one in (before, after)]
    return replace(both[0], memory_bytes=max(one.memory_bytes for one in both))


def _recorded(
    one: Inspection, call: Runnable, folder: Path, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[Reference]:
    from inspector.runtimes.record_outputs import record_outputs_of

    inputs = yield from _made(one, call, str(folder / "inputs"), settings, cancel)
    return (yield from record_outputs_of(call, inputs, str(folder / "outputs"), settings, cancel))


def _made(
    one: Inspection, call: Runnable, folder: str, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[InputSet]:
    if call.runtime == "tensorflow":
        from inspector.runtimes.tensorflow.served import served_signature
        from inspector.verify.signature_inputs import make_signature_inputs

        served = served_signature(one, call.signature)
        steps = make_signature_inputs(served, folder, INPUTS, settings.seed, settings, cancel, computation=one.computation)
        return (yield from steps)
    if call.runtime == "litert":
        from inspector.verify.tflite_inputs import make_tflite_inputs

        return (yield from make_tflite_inputs(one, call.signature, folder, INPUTS, settings.seed, settings, cancel))
    from inspector.verify.inputs import make_inputs

    return (yield from make_inputs(one, folder, INPUTS, settings.seed, settings, cancel))


def _renamed(reference: Reference, inputs: Names, results: Names) -> Reference:
    """Return the same samples under the names that the second model has."""
    given = replace(reference.inputs, names=_translated(reference.inputs.names, inputs))
    return replace(reference, names=_translated(reference.names, results), inputs=given)


def _translated(names: Sequence[str], to: Names) -> tuple[str, ...]:
    return tuple(to.get(name, name) for name in names)
