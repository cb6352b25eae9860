"""Lays an artifact, or two that go together, out to be measured: inputs, device, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.errors import UsageError
from inspector.records.event import Steps
from inspector.records.image_inspection import ImageInspection
from inspector.records.inspection import Inspection
from inspector.records.opened import artifact_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.benchmark import BenchPlan
    from inspector.records.graph import Signature
    from inspector.records.opened import Opened
    from inspector.workflows.benchmark.measurable import Measurable

_CALLED = {
    "onnx": "an ONNX model",
    "saved_model": "a SavedModel",
    "tflite": "a LiteRT model",
    "image": "a container image",
}


def lay_out(before: Opened, after: Opened | None, plan: BenchPlan, cancel: CancelToken) -> Steps[Measurable]:
    """Return what is to be measured. Raises UsageError for two that do not go together, OperationFailed, ChildFailed."""
    if after is not None:
        check_pair(before, after, plan.signature)
    if isinstance(before, ImageInspection):
        from inspector.workflows.benchmark.images import lay_out_images

        return (yield from lay_out_images(before, after, plan, cancel))
    if after is not None and not isinstance(after, Inspection):
        raise AssertionError("checked above")
    if after is not None and after.computation.artifact.format != before.computation.artifact.format:
        from inspector.workflows.benchmark.mixed_pair import lay_out_mixed

        return (yield from lay_out_mixed(before, after, plan, cancel))
    if before.computation.saved_model is not None:
        from inspector.workflows.benchmark.saved_models import lay_out_saved_models

        return (yield from lay_out_saved_models(before, after, plan, cancel))
    if before.computation.artifact.format == "tflite":
        from inspector.workflows.benchmark.tflite_models import lay_out_tflite_models

        return (yield from lay_out_tflite_models(before, after, plan, cancel))
    from inspector.workflows.benchmark.onnx_models import lay_out_models

    return (yield from lay_out_models(before, after, plan, cancel))


def check_pair(before: Opened, after: Opened, signature: str = "") -> None:
    """Raise UsageError where two artifacts cannot be measured side by side: an image and a model, or another signature.

    signature is which of a SavedModel's or LiteRT model's is meant; empty: the first.
    """
    if isinstance(before, ImageInspection) != isinstance(after, ImageInspection):
        names = [_CALLED[artifact_of(one).format] for one in (before, after)]
        raise UsageError(f"{artifact_of(after).path} is {names[1]}, not {names[0]}", "compare two images, or two models")
    if isinstance(before, Inspection) and isinstance(after, Inspection):
        difference = _difference(_signature(before, signature), _signature(after, signature))
        if difference:
            raise UsageError(f"{artifact_of(after).path} has another signature: {difference}", "the inputs must be the same")


def _signature(inspection: Inspection, name: str) -> Signature | None:
    signatures = inspection.computation.signatures
    return next((one for one in signatures if one.name == name), signatures[0] if signatures else None)


def _difference(before: Signature | None, after: Signature | None) -> str:
    """Return how the inputs of two signatures differ, empty where the same feeds do for both."""
    mine, others = ({spec.name: spec for spec in (one.inputs if one else ())} for one in (before, after))
    if missing := sorted(mine.keys() ^ others.keys()):
        return f"only one of them has the input {missing[0]}"
    for name, spec in mine.items():
        other = others[name]
        if other.dtype != spec.dtype:
            return f"input {name} is {other.dtype}, not {spec.dtype}"
        if spec.shape is not None and other.shape is not None and len(spec.shape) != len(other.shape):
            return f"input {name} has {len(other.shape)} dimensions, not {len(spec.shape)}"
    return ""
