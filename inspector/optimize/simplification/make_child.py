"""Making one candidate as a child process does it: a tool runs, and its result is finished."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from inspector.optimize.simplification.finish_child import finish
from inspector.optimize.simplification.requests import Finished, FinishRequest, MakeRequest

Report = Callable[[int, int, str], None]


def make(request: MakeRequest, report: Report) -> Finished:
    """Run the tool on the model and return what its finished result counts to. Raises OperationFailed."""
    run: Callable[[object, Report], int] = import_module(f"{__package__}.{request.module}").run
    run(request.tool, report)
    return finish(FinishRequest(request.original, request.tool.target, request.target), report)
