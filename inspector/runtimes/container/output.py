"""What a container prints: when the first of it came, whether a text was in it, and how it ended; never all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from inspector.isolation.plain_line import last_line

MOST_BYTES: Final = 64 << 20
"""Bytes a container may print before it is ready."""
_TAIL: Final = 4096


class Output:
    """Both streams of a container as they come; times in ns of the monotonic clock. One thread feeds it, any may look."""

    def __init__(self, wanted: str = "") -> None:
        """wanted: a text to look for, on either stream."""
        self.first_at: int | None = None
        self.found_at: int | None = None
        self.count = 0
        self.changed = threading.Event()
        self._wanted = wanted.encode("utf-8", "surrogateescape")
        self._ends = [b"", b""]
        self._tails = [b"", b""]

    @property
    def is_too_much(self) -> bool:
        """Whether it printed more than anybody should."""
        return self.count > MOST_BYTES

    def feed(self, stream: int, data: bytes) -> None:
        """Take in what one stream (0 or 1) brought."""
        now = time.monotonic_ns()
        if not data:
            return
        if self.first_at is None:
            self.first_at = now
            self.changed.set()
        self.count += len(data)
        self._tails[stream] = (self._tails[stream] + data)[-_TAIL:]
        if self._wanted and self.found_at is None:
            self._look(stream, data, now)

    def follow(self, frames: Iterable[tuple[bytes | None, bytes | None]]) -> None:
        """Take in what an engine sends of both streams, until it ends or is too much."""
        for printed, complained in frames:
            self.feed(0, printed or b"")
            self.feed(1, complained or b"")
            if self.is_too_much:
                self.changed.set()
                return

    def last_line(self) -> str:
        """Return the last line printed, cleaned: that of the error stream where it has one."""
        return last_line(self._tails[1]) or last_line(self._tails[0])

    def says(self, text: str) -> bool:
        """Whether a text is among what came last."""
        return any(text.encode() in tail for tail in self._tails)

    def _look(self, stream: int, data: bytes, now: int) -> None:
        seen = self._ends[stream] + data
        if self._wanted in seen:
            self.found_at = now
            self.changed.set()
        keep = len(self._wanted) - 1
        self._ends[stream] = seen[-keep:] if keep else b""


def close_frames(frames: Any) -> None:
    """Hang up: an engine waits for whoever listens and does not read, even with the end of the container."""
    with suppress(*broken_off()):
        frames.close()


def broken_off() -> tuple[type[Exception], ...]:
    """Return what reading raises once the SDK's socket was closed under it."""
    from inspector.runtimes.container.ours import failures

    return *failures(), AttributeError


def read_into(output: Output, frames: Any, ended: threading.Event) -> None:
    """Feed an output from an engine's stream, in a thread of its own; what breaks off has ended."""
    try:
        output.follow(frames)
    except broken_off():
        pass
    finally:
        close_frames(frames)
        ended.set()
        output.changed.set()
