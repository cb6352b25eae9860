"""Measuring a SavedModel runs it: what it does beside computing is said before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import BenchPlan
from inspector.records.event import Finished, Warned
from inspector.records.finding import Finding
from inspector.runtimes.installed import installed_version
from inspector.workflows.benchmark.laying_out import lay_out
from inspector.workflows.examine import examine

SAMPLE = Path(__file__).parents[4] / "sample_models" / "digits_keras"


@pytest.mark.parametrize(("severity", "warned"), [("high", True), ("medium", True), ("low", False), ("info", False)])
def test_what_it_does_beside_computing_is_said_before_it_is_run(severity: str, warned: bool) -> None:
    if not installed_version("tensorflow-cpu"):
        pytest.skip("TensorFlow has no wheel for this Python or platform")
    opened = next(event.result for event in examine(SAMPLE) if isinstance(event, Finished))
    message = "WriteFile writes a file when the artifact is loaded: /etc/planted"
    planted = replace(opened, findings=(*opened.findings, Finding("writes-files", severity, message)))
    events = lay_out(planted, None, BenchPlan(), CancelToken())
    first = next(events)
    events.close()
    assert isinstance(first, Warned) is warned
    if isinstance(first, Warned):
        assert message in first.message
