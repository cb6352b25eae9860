"""Running parts of workflows to their end, and models read, recorded and compared in one line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from inspector.formats.onnx.read import read
from inspector.records.event import Steps
from inspector.records.inspection import Inspection
from inspector.records.optimization import InputSet, OptimizeSettings, Reference
from inspector.records.parity import Parity
from inspector.runtimes.onnx_runtime.record_outputs import record_outputs
from inspector.verify.parity import compare
from inspector.workflows.analyse import analyse

SETTINGS = OptimizeSettings(threads=1)

Value = TypeVar("Value")


def returned(steps: Steps[Value]) -> Value:
    """Run steps to their end and return what they make."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def inspected(path: Path) -> Inspection:
    """Return the inspection of a model."""
    return analyse(read(path))


def recorded(path: Path, inputs: InputSet, folder: Path) -> Reference:
    """Return what the model gives for the inputs."""
    return returned(record_outputs(str(path), inputs, str(folder), SETTINGS, None))


def parity_of(original: Path, changed: Path, inputs: InputSet, folder: Path) -> Parity:
    """Return how far one model is from another on the inputs."""
    return returned(compare(str(changed), recorded(original, inputs, folder), SETTINGS, None))
