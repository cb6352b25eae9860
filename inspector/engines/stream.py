"""What an engine sends, taken in by a thread of its own: whoever listens never waits for it and can stop at any time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Final, Generic, Protocol, TypeVar

from inspector.isolation import failure
from inspector.isolation.limits import CancelToken

Item = TypeVar("Item")

TICK_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 0.5
"""How long a thread has to close what it holds before nobody waits for it any more."""


class ByteSource(Protocol):
    """Bytes that come once: read(n) gives at most n of them, none only at the end."""

    def read(self, size: int, /) -> bytes: ...


class Stopped(Exception):
    """Nobody listens any more."""


class StoppableSource:
    """A source that counts what it gives and ends with Stopped once it is told to stop."""

    def __init__(self, source: ByteSource, stop: threading.Event) -> None:
        self._source = source
        self._stop = stop
        self.count = 0

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none only at the end; raises Stopped."""
        if self._stop.is_set():
            raise Stopped
        data = self._source.read(size)
        self.count += len(data)
        return data


class Listener(Generic[Item]):
    """Runs produce(stop) in a daemon thread and gives what it yields.

    A thread that waits for a socket cannot be woken up, so nobody waits for it: once stop is set it ends with the next bytes
    that arrive, closing what it holds, or with the process.
    """

    def __init__(self, produce: Callable[[threading.Event], Iterator[Item]], capacity: int = 4) -> None:
        self._stop = threading.Event()
        self._produce = produce
        self._items: queue.Queue[Item | BaseException | None] = queue.Queue(capacity)
        self._thread = threading.Thread(target=self._run, name="engine-listener", daemon=True)
        self._thread.start()

    def listen(self, cancel: CancelToken, title: str) -> Generator[Item | None]:
        """Yield items as they come, None for every tick without; raises what produce raises, ChildFailed if cancelled."""
        try:
            while True:
                if cancel.cancelled:
                    raise failure.cancelled(title)
                try:
                    item = self._items.get(timeout=TICK_SECONDS)
                except queue.Empty:
                    yield None
                    continue
                if item is None:
                    return
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._stop.set()
            self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        items = self._produce(self._stop)
        try:
            for item in items:
                self._put(item)
            self._put(None)
        except Stopped:
            pass
        except BaseException as error:
            self._put_last(error)
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()

    def _put(self, item: Item | BaseException | None) -> None:
        while not self._stop.is_set():
            try:
                return self._items.put(item, timeout=TICK_SECONDS)
            except queue.Full:
                continue
        raise Stopped

    def _put_last(self, error: BaseException) -> None:
        try:
            self._put(error)
        except Stopped:
            return
