"""Ways to run children of tests and to see that they are gone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from inspector.isolation.child import ChildFailed, run_child
from inspector.isolation.limits import Limits
from inspector.records.event import Finished

TEST_LIMITS = Limits(memory_bytes=2 << 30, wall_seconds=60)


def finish(entry: str, request: object, response_type: object = int, limits: Limits = TEST_LIMITS, **more: object):
    """Run an entry of child_entries to its end and return its Finished event."""
    events = list(run_child(f"child_entries:{entry}", request, response_type, limits, title="the test", **more))
    assert isinstance(events[-1], Finished)
    return events[-1]


def fail(
    entry: str, request: object = 0, response_type: object = int, limits: Limits = TEST_LIMITS, **more: object
) -> ChildFailed:
    """Run an entry that must fail and return the error."""
    with pytest.raises(ChildFailed) as caught:
        finish(entry, request, response_type, limits, **more)
    return caught.value


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def await_death(pid: int, seconds: float = 10) -> bool:
    """Wait for a process to be gone."""
    deadline = time.monotonic() + seconds
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)
