"""Load modules while this process would wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module

from inspector.records.event import Event, Progress, Value


def loading_meanwhile(events: Iterable[Event[Value]], *modules: str) -> Iterator[Event[Value]]:
    """Pass events on and, with the first that tells of progress, load what will be needed once they are over.

    By then child processes are at work, so that it takes nobody's time.
    """
    is_loaded = False
    for event in events:
        if not is_loaded and isinstance(event, Progress):
            is_loaded = True
            for module in modules:
                import_module(module)
        yield event
