"""Two artifacts of different formats and one signature laid out to be measured: each in the runtime that runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import OperationFailed, UsageError
from inspector.isolation.plain_line import plain_line
from inspector.records.event import Started, Steps
from inspector.runtimes.callables import runnables_of
from inspector.runtimes.calling import label, require_runtime, runtime_title
from inspector.workflows.benchmark.model_pair import INPUTS, CalledPair, folder_for_inputs, read_inputs, settings_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPlan
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.records.runnable import Runnable


def lay_out_mixed(before: Inspection, after: Inspection, plan: BenchPlan, cancel: CancelToken) -> Steps[CalledPair]:
    """Return two with inputs that both take. Raises UsageError where a runtime is missing, OperationFailed, ChildFailed."""
    calls = calls_of_pair(before, after, plan.signature)
    for call in calls:
        require_runtime(call)
    if plan.device == "cuda":
        raise UsageError("artifacts of two formats are measured on the CPU", "leave --device out, or compare two ONNX models")
    for one in (before, after):
        if one.computation.saved_model is not None:
            from inspector.workflows.benchmark.saved_models import effects_of

            yield from effects_of(one)
    settings = _settings(plan, before, after)
    with folder_for_inputs() as folder:
        inputs = yield from _inputs(before, after, calls, plan, folder.path, settings, cancel)
    signature = next((call.signature for call in calls if call.signature), "")
    ran = tuple(f"{label(call)} runs in {runtime_title(call)}" for call in calls)
    notes = (*((f"signature {signature}",) if signature else ()), *ran, *inputs.notes)
    made = CalledPair(before, after, inputs, settings, "cpu", notes, folder)
    made.calls = calls
    return made


def calls_of_pair(before: Inspection, after: Inspection, signature: str = "") -> tuple[Runnable, ...]:
    """Return how the same signature ("": the default one) is called in both; an ONNX model has one, of no name.

    Raises UsageError where one of them has no such signature, OperationFailed where it has none at all.
    """
    offered = [runnables_of(one) for one in (before, after)]
    for one, calls in zip((before, after), offered, strict=True):
        if not calls:
            raise OperationFailed(f"{plain_line(one.computation.artifact.path)} has no signature to call", "save it with one")
    wanted = signature or next((calls[0].signature for calls in offered if calls[0].signature), "")
    return tuple(_chosen(calls, wanted, explicit=bool(signature)) for calls in offered)


def _chosen(calls: tuple[Runnable, ...], wanted: str, *, explicit: bool) -> Runnable:
    """Return the call of that name; where nobody asked for it by name, or there is only one of no name, the first one."""
    found = next((call for call in calls if call.signature == wanted), None)
    if found is not None:
        return found
    if explicit and calls[0].signature:
        held = ", ".join(plain_line(call.signature, 60) for call in calls[:12])
        message = f'{label(calls[0])} has no signature "{plain_line(wanted, 80)}"; it has {held}'
        raise UsageError(message, "name one that both have")
    return calls[0]


def _settings(plan: BenchPlan, before: Inspection, after: Inspection) -> OptimizeSettings:
    """Return limits within which both run."""
    both = [settings_of(plan, one) for one in (before, after)]
    return replace(both[0], memory_bytes=max(one.memory_bytes for one in both))


def _inputs(
    before: Inspection,
    after: Inspection,
    calls: tuple[Runnable, ...],
    plan: BenchPlan,
    folder: Path,
    settings: OptimizeSettings,
    cancel: CancelToken,
) -> Steps[InputSet]:
    """Return inputs: the user's, or made for the one that leaves fewer lengths open, so that the other takes them, too."""
    if plan.data:
        return (yield from read_inputs(before, plan, folder, settings, cancel))
    yield Started("making inputs")
    one, call = before, calls[0]
    if not plan.lengths and _open_lengths(after, calls[1]) < _open_lengths(before, call):
        one, call = after, calls[1]
    made = str(folder / "inputs")
    if call.runtime == "tensorflow":
        from inspector.runtimes.tensorflow.served import served_signature
        from inspector.verify.signature_inputs import make_signature_inputs

        served, computation = served_signature(one, call.signature), one.computation
        return (
            yield from make_signature_inputs(
                served, made, INPUTS, plan.seed, settings, cancel, plan.lengths, computation=computation
            )
        )
    if call.runtime == "litert":
        from inspector.verify.tflite_inputs import make_tflite_inputs

        return (yield from make_tflite_inputs(one, call.signature, made, INPUTS, plan.seed, settings, cancel, plan.lengths))
    from inspector.verify.inputs import make_inputs

    return (yield from make_inputs(one, made, INPUTS, plan.seed, settings, cancel, plan.lengths))


def _open_lengths(inspection: Inspection, call: Runnable) -> int:
    """Return how many lengths of its inputs a signature leaves open, an unknown rank being more than any."""
    signatures = inspection.computation.signatures
    found = next((one for one in signatures if one.name == call.signature), signatures[0] if signatures else None)
    shapes = [spec.shape for spec in found.inputs] if found is not None else []
    return sum(100 if shape is None else sum(not isinstance(dim, int) or dim < 0 for dim in shape) for shape in shapes)
