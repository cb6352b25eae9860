"""Keep the garbage collector out of the way while millions of small records are built."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MANY_NODES: Final = 20_000
"""From this many nodes on, records are set aside from later collections."""

_lock = threading.Lock()
_pauses = 0
_was_enabled = False
_sets_aside = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """Switch cyclic collection off inside the block; nested and concurrent blocks are counted.

    Records hold no reference cycles, so nothing is lost, and collecting while they are built costs as much as building.
    What was built counts as old afterwards, so that the next collection does not begin with all of it.
    """
    global _pauses, _was_enabled
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if _pauses == 0 and _was_enabled:
                gc.freeze()
                if not _sets_aside:
                    gc.unfreeze()  # into the oldest generation, where freezing alone keeps it out of every collection
                gc.enable()


def set_aside(node_count: int) -> None:
    """Exempt what exists now from later collections when the graph is large: a full pass over it would stall a screen."""
    global _sets_aside
    if node_count >= MANY_NODES:
        _sets_aside = True
        gc.freeze()
