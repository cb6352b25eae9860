"""Whether ONNX Runtime loads a model, in how long, and what it then says of its inputs and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inspector.records.event import Steps
from inspector.records.optimization import OptimizeSettings
from inspector.runtimes.calling import file_runnable
from inspector.runtimes.load_call import LoadedCall, load_call

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken


def load_model(path: str, settings: OptimizeSettings, cancel: CancelToken | None) -> Steps[LoadedCall]:
    """Create a session for the model at path in a child and return what it says; see load_call()."""
    return load_call(file_runnable(path), settings, cancel)
