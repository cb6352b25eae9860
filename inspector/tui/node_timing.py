"""The job that measures the time of each node of an open model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event
from inspector.tui.jobs import Workflow

if TYPE_CHECKING:
    from inspector.analysis.measured_time import MeasuredTime
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import OptimizationRequest


def timing_workflow(inspection: Inspection, request: OptimizationRequest | None) -> Workflow:
    """Return the workflow, with the inputs and the lengths that are known of the model."""

    def workflow(token: CancelToken) -> Iterator[Event[MeasuredTime]]:
        from inspector.records.optimization import OptimizationRequest
        from inspector.workflows.node_times import node_times

        return node_times(inspection, request or OptimizationRequest(lengths=dict(inspection.settings)), token)

    return workflow
