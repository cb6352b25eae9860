"""Review many artifacts in a bounded number of child processes; one that brings its child down costs nobody else's row."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from inspector import __version__
from inspector.errors import InspectorError
from inspector.isolation.child import run_child
from inspector.isolation.failure import ChildFailed
from inspector.isolation.limits import GIB, NUMPY_ON_ONE_THREAD, CancelToken, Limits
from inspector.records.event import Event, Finished, Partial, Progress, Started
from inspector.records.index import Index, IndexRow
from inspector.records.review import Tool
from inspector.workflows.many.orders import Item, ManySettings, Order

ENTRY: Final = "inspector.workflows.many.review_child:review_some"
SECONDS_EACH: Final = 900.0
"""An artifact may take no longer."""
_MEMORY_BYTES: Final = 4 * GIB
_TOGETHER: Final = 16
"""Small artifacts that one child reviews: its start costs as much as one of them."""
_SMALL_BYTES: Final = 32 << 20
_TICK_SECONDS: Final = 0.1


def default_jobs() -> int:
    """Return how many children run at the same time where nobody says: one for each processor, four at most."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable, 4))


def review_many(items: Sequence[Item], settings: ManySettings, jobs: int, cancel: CancelToken) -> Iterator[Event[Index]]:
    """Review every item, write its reports, and return the index.

    An item whose child crashes, takes more than its memory or time, or fails by a defect of ours gets a row that says so. After
    a cancel the index says what was not looked at. Nothing is raised for an artifact.
    """
    begun = time.monotonic()
    yield Started(f"reviewing {len(items):,} artifacts")
    run = _Run(items, settings, cancel)
    workers = [threading.Thread(target=run.work, daemon=True) for _ in range(min(jobs, len(items)))]
    for worker in workers:
        worker.start()
    try:
        while run.is_open or any(worker.is_alive() for worker in workers):
            if doing := run.wait(_TICK_SECONDS):
                yield Progress(len(run.rows), len(items), doing)
    finally:
        cancel.cancel()
        for worker in workers:
            worker.join()
    if run.defect is not None:
        raise run.defect
    yield Finished(run.index(jobs, time.monotonic() - begun))


@dataclass(frozen=True, slots=True)
class _Done:
    """A row of the item at a place."""

    place: int
    row: IndexRow


_Said: TypeAlias = "_Done | str"


class _Run:
    """What is left to do, what was done, and the threads' way to say so."""

    def __init__(self, items: Sequence[Item], settings: ManySettings, cancel: CancelToken) -> None:
        self._items = items
        self._settings = settings
        self._cancel = cancel
        self._left = deque(_batches(items))
        self._said: queue.SimpleQueue[_Said] = queue.SimpleQueue()
        self.rows: dict[int, IndexRow] = {}
        """By place."""
        self.defect: Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be heard."""
        return not self._said.empty()

    def wait(self, seconds: float) -> str:
        """Take in what the threads say within that time; return the name of what is being done, empty where nothing changed."""
        try:
            said = self._said.get(timeout=seconds)
        except queue.Empty:
            return ""
        if isinstance(said, str):
            return said
        self.rows[said.place] = said.row
        return said.row.path

    def index(self, jobs: int, seconds: float) -> Index:
        """Return what there is so far."""
        rows = tuple(self.rows[item.place] for item in self._items if item.place in self.rows)
        rest = tuple(item.named for item in self._items if item.place not in self.rows)
        passed = not rest and all(row.verdict == "pass" for row in rows)
        return Index(Tool(__version__), rows, rest, seconds, jobs, "pass" if passed else "fail")

    def work(self) -> None:
        """Review batch after batch until none is left."""
        try:
            while not self._cancel.cancelled:
                try:
                    batch = self._left.popleft()
                except IndexError:
                    return
                self._review(batch)
        except Exception as error:
            self.defect = error
            self._cancel.cancel()

    def _review(self, batch: tuple[Item, ...]) -> None:
        """Have a child review a batch; where it fails, what is left is done again, each item by a child of its own."""
        heard = 0
        try:
            for rows in self._child(batch):
                for item, row in zip(batch[heard : len(rows)], rows[heard:], strict=True):
                    self._said.put(_Done(item.place, row))
                heard = len(rows)
        except InspectorError as error:
            if isinstance(error, ChildFailed) and error.kind == "cancelled":
                return
            rest = batch[heard:]
            if len(rest) > 1 or heard:
                self._left.extendleft((item,) for item in reversed(rest))
            else:
                self._said.put(_Done(rest[0].place, _failed(rest[0], error)))

    def _child(self, batch: tuple[Item, ...]) -> Iterator[tuple[IndexRow, ...]]:
        """Yield the rows of a batch so far, each time there are more."""
        limits = Limits(_MEMORY_BYTES, SECONDS_EACH * len(batch))
        title = batch[0].named if len(batch) == 1 else f"{len(batch)} artifacts"
        events = run_child(
            ENTRY,
            Order(batch, self._settings),
            tuple[IndexRow, ...],
            limits,
            self._cancel,
            title=title,
            environment=NUMPY_ON_ONE_THREAD,
            partial_type=tuple[IndexRow, ...],
        )
        for event in events:
            if isinstance(event, Partial | Finished):
                yield event.result
            elif isinstance(event, Progress):
                self._said.put(event.note)


def _failed(item: Item, error: InspectorError) -> IndexRow:
    message = error.message.removeprefix(item.named).lstrip(": ")
    shown = f"{item.named}: {message}"
    return IndexRow(item.named, "unreadable", error=shown, hint=error.hint, exit_code=error.exit_code)


def _batches(items: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """Yield items in order, small ones together, so that there is enough for every child and no large one waits for others."""
    together: list[Item] = []
    for item in items:
        if not _is_small(item.named):
            yield (item,)
            continue
        together.append(item)
        if len(together) == _TOGETHER:
            yield tuple(together)
            together = []
    if together:
        yield tuple(together)


def _is_small(named: str) -> bool:
    path = Path(named)
    try:
        return path.is_file() and path.stat().st_size <= _SMALL_BYTES
    except (OSError, ValueError):
        return False
