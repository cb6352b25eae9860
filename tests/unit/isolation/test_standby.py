"""Children that are started before there is an order for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from child_endings import TEST_LIMITS, await_death, finish, is_running
from child_entries import Question, Reply

from inspector.isolation.child import ChildFailed, FinishedChild, run_child
from inspector.isolation.standby import StandbyChild


def test_a_child_that_stands_by_takes_the_order_it_waits_for_once() -> None:
    with closing(StandbyChild("child_entries:answer")) as standby:
        pid = standby._process.pid if standby._process else 0
        for attempt in range(2):
            events = list(run_child("child_entries:answer", Question("q", (1, 2)), Reply, TEST_LIMITS, standby=standby))
            assert isinstance(events[-1], FinishedChild)
            assert events[-1].result == Reply("q", 3, 0)
            assert not is_running(pid), attempt


def test_a_child_that_stands_by_for_something_else_or_is_gone_is_not_taken() -> None:
    with closing(StandbyChild("child_entries:noisy")) as standby:
        assert finish("answer", Question("q", (1,)), Reply, standby=standby).result == Reply("q", 1, 0)
        assert standby._process is not None
        os.kill(standby._process.pid, signal.SIGKILL)
        assert await_death(standby._process.pid)
        assert finish("noisy", 3, standby=standby).result == 3


def test_a_child_that_stands_by_is_ended_where_nobody_takes_it() -> None:
    standby = StandbyChild("child_entries:answer")
    assert standby._process is not None
    pid = standby._process.pid
    assert is_running(pid)
    standby.close()
    assert not is_running(pid)
    assert standby.take("child_entries:answer") is None


def test_a_module_that_cannot_be_imported_ahead_is_told_of_when_it_is_ordered() -> None:
    entry = "child_entries_that_are_not:answer"
    with closing(StandbyChild(entry)) as standby, pytest.raises(ChildFailed, match="ModuleNotFoundError"):
        list(run_child(entry, 0, int, TEST_LIMITS, standby=standby))


def test_a_child_that_stands_by_dies_with_its_parent() -> None:
    parent = (
        "import os, sys; sys.path[:0] = sys.argv[1:]\n"
        "from inspector.isolation.standby import StandbyChild\n"
        "one = StandbyChild('child_entries:answer'); print(one._process.pid, flush=True); os._exit(0)"
    )
    here = Path(__file__).resolve()
    ended = subprocess.run(
        [sys.executable, "-c", parent, str(here.parents[3]), str(here.parent)], capture_output=True, text=True, timeout=60
    )
    assert await_death(int(ended.stdout)), ended.stderr
