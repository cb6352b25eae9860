"""LiteRT models laid out to be measured: one signature, one set of inputs for both, LiteRT as the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from inspector.records.event import Started, Steps
from inspector.workflows.benchmark.model_pair import (
    INPUTS,
    CalledPair,
    folder_for_inputs,
    read_inputs,
    settings_of,
)

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPlan
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import InputSet, OptimizeSettings
    from inspector.records.runnable import Runnable


def lay_out_tflite_models(
    before: Inspection, after: Inspection | None, plan: BenchPlan, cancel: CancelToken
) -> Steps[CalledPair]:
    """Return one .tflite file or two with inputs. Raises UsageError where LiteRT is missing, OperationFailed, ChildFailed."""
    from inspector.errors import UsageError
    from inspector.runtimes.litert.availability import require_litert
    from inspector.verify.tflite_inputs import tflite_signature

    require_litert()
    if plan.device == "cuda":
        raise UsageError("LiteRT models are measured on the CPU", "leave --device out, or measure an ONNX model")
    models = [one for one in (before, after) if one is not None]
    names = [tflite_signature(one.computation, plan.signature).name for one in models]
    settings = settings_of(plan, before)
    with folder_for_inputs() as folder:
        inputs = yield from _inputs(before, names[0], plan, folder.path, settings, cancel)
    notes = (f"signature {names[0]}" if names[0] else "the file has no signature: its main graph", *inputs.notes)
    made = CalledPair(before, after, inputs, settings, "cpu", notes, folder)
    made.calls = tuple(_call(one, name) for one, name in zip(models, names, strict=True))
    return made


def _call(inspection: Inspection, signature: str) -> Runnable:
    from inspector.records.runnable import Runnable

    return Runnable(str(Path(inspection.computation.artifact.path).absolute()), "litert", signature)


def _inputs(
    inspection: Inspection,
    signature: str,
    plan: BenchPlan,
    folder: Path,
    settings: OptimizeSettings,
    cancel: CancelToken,
) -> Steps[InputSet]:
    if plan.data:
        return (yield from read_inputs(inspection, plan, folder, settings, cancel))
    from inspector.verify.tflite_inputs import make_tflite_inputs

    yield Started("making inputs")
    made = str(folder / "inputs")
    return (
        yield from make_tflite_inputs(inspection, signature, made, INPUTS, plan.seed, settings, cancel, plan.lengths)
    )  # fmt: skip
