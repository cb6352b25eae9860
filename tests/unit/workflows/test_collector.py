"""Pausing the garbage collector."""

from __future__ import annotations

import gc
from threading import Barrier, Thread

import pytest

from inspector.workflows import collector
from inspector.workflows.collector import MANY_NODES, collector_paused, set_aside


def test_it_is_off_inside_and_on_again_after_an_error() -> None:
    def fail() -> None:
        with collector_paused():
            assert not gc.isenabled()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert gc.isenabled()


def test_the_outermost_of_nested_blocks_switches_it_on() -> None:
    with collector_paused():
        with collector_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_blocks_in_two_threads_overlap() -> None:
    inside, done, seen = Barrier(2), Barrier(2), []

    def other() -> None:
        with collector_paused():
            inside.wait(10)
            done.wait(10)

    thread = Thread(target=other)
    thread.start()
    with collector_paused():
        inside.wait(10)
    seen.append(gc.isenabled())
    done.wait(10)
    thread.join(10)
    assert seen == [False]
    assert gc.isenabled()


def test_it_stays_off_where_somebody_had_switched_it_off() -> None:
    gc.disable()
    try:
        with collector_paused():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_built_is_old_afterwards() -> None:
    with collector_paused():
        built = [[number] for number in range(20_000)]
    young = gc.get_objects(generation=0)
    assert len(young) < len(built) // 10


@pytest.mark.parametrize(("nodes", "kept"), [(MANY_NODES - 1, False), (MANY_NODES, True)])
def test_only_large_graphs_are_set_aside(nodes: int, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "_sets_aside", False)
    gc.unfreeze()
    try:
        set_aside(nodes)
        with collector_paused():
            pass
        assert (gc.get_freeze_count() > 0) is kept
    finally:
        gc.unfreeze()
