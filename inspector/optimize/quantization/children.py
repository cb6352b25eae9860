"""Running a step's children: within its limits, and with what they failed of as a reason."""

from __future__ import annotations

from typing import TypeVar

from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.records.event import Steps, finish
from inspector.records.optimization import OptimizeSettings

Result = TypeVar("Result")

_ROOM = "inspector.optimize.quantization."


def run_in_child(
    entry: str, request: object, kind: type[Result], settings: OptimizeSettings, cancel: CancelToken, title: str
) -> Steps[FinishedChild[Result]]:
    """Call "module:function" of this room in a child bounded by the settings. Raises what run_child() does."""
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    events = run_child(_ROOM + entry, request, kind, limits, cancel, title=title, environment=NUMPY_ON_ONE_THREAD)
    finished = yield from finish(events)
    assert isinstance(finished, FinishedChild)
    return finished
