"""What an ONNX model gives for a set of inputs, kept in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.records.event import Steps
from inspector.records.optimization import InputSet, OptimizeSettings, Reference
from inspector.runtimes.calling import file_runnable
from inspector.runtimes.record_outputs import record_outputs_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken


def record_outputs(
    path: str, inputs: InputSet, folder: str, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[Reference]:
    """Run the model at a path on every input and keep its outputs in the folder; see record_outputs_of()."""
    return record_outputs_of(file_runnable(path), inputs, folder, settings, cancel)
