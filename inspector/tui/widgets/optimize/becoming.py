"""What steps make of an artifact: what each is for by format, and what the artifact is after those that were accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from textual.content import Content

from inspector.report.sentences import FORMAT_NAMES

if TYPE_CHECKING:
    from inspector.records.artifact import Format
    from inspector.records.optimization import OptimizerName, Subject

_PURPOSES: Final[Mapping[OptimizerName, str]] = {
    "simplify": "fewer nodes, the same figures",
    "fp16": "floats of half the size",
    "int8": "8-bit weights, and activations where that is faster",
    "int8-dynamic": "8-bit weights only; activations are scaled as they come",
    "warmstart": "starts sooner; the last step, since it may be bound to this machine",
}
_SAVED_MODEL_PURPOSES: Final[Mapping[OptimizerName, str]] = {
    "prune": "only what serving needs: no optimizer slots, no unused functions",
    "simplify": "constants folded, variables frozen where that pays",
    "to-onnx": "a model for ONNX Runtime; the steps for those follow",
    "to-litert": "a .tflite for LiteRT, the floats as they are",
    "fp16": "a .tflite with floats of half the size",
    "int8": "a .tflite with 8-bit weights and activations",
    "int8-dynamic": "a .tflite with 8-bit weights; activations are scaled as they come",
}

_NOW: Final[Mapping[Format, str]] = {"onnx": "it is an ONNX model now", "tflite": "it is a LiteRT model now"}


def purpose(name: OptimizerName, format_: Format) -> str:
    """Return what a step is for, in a few words."""
    named = _PURPOSES if format_ == "onnx" else _SAVED_MODEL_PURPOSES
    return named.get(name, name)


def format_of(subject: Subject) -> Format:
    """Return the format of what steps have made so far."""
    return subject.inspection.computation.artifact.format


def steps_title(first: Format, now: Format) -> Content:
    """Return the title of the box of steps: what they would be applied to, where that has become another format."""
    if now == first or now not in _NOW:
        return Content("steps")
    return Content.assemble("steps · ", (_NOW[now], "$good bold"), f" · u goes back to the {FORMAT_NAMES[first]}")
