"""Listening to a thread: items in order, errors passed on, never a wait for a thread that is stuck."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from inspector.engines.stream import Listener, StoppableSource, Stopped
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken


def test_gives_items_in_order_and_ends() -> None:
    found = [item for item in Listener(lambda stop: iter(range(100))).listen(CancelToken(), "counting") if item is not None]
    assert found == list(range(100))


def test_passes_errors_on_after_what_came_before() -> None:
    def produce(stop: threading.Event) -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    found = []
    with pytest.raises(ValueError, match="no more"):
        found += [item for item in Listener(produce).listen(CancelToken(), "counting") if item is not None]


def test_cancels_while_the_thread_is_stuck_and_lets_it_close_what_it_holds_later() -> None:
    stuck, closed = threading.Event(), threading.Event()

    def produce(stop: threading.Event) -> Iterator[int]:
        try:
            stuck.wait()
            yield 1
        finally:
            closed.set()

    cancel = CancelToken()
    items = Listener(produce).listen(cancel, "waiting")
    assert next(items) is None
    cancel.cancel()
    with pytest.raises(ChildFailed, match="waiting was cancelled"):
        next(items)
    assert not closed.is_set()
    stuck.set()
    assert closed.wait(10)


def test_a_listener_that_goes_away_stops_the_thread() -> None:
    closed = threading.Event()

    def produce(stop: threading.Event) -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    with closing(Listener(produce).listen(CancelToken(), "endless")) as items:
        assert next(item for item in items if item is not None) == 1
    assert closed.wait(10)


def test_a_source_counts_and_stops() -> None:
    import io

    stop = threading.Event()
    source = StoppableSource(io.BytesIO(b"12345"), stop)
    assert (source.read(3), source.read(3), source.count) == (b"123", b"45", 5)
    stop.set()
    with pytest.raises(Stopped):
        source.read(1)
