"""Sends a copy of an image to an engine, which unpacks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from inspector.engines.connection import CALL_SECONDS
from inspector.engines.loading import problem_in
from inspector.engines.stream import Stopped
from inspector.runtimes.container.marked_copy import MarkedCopy
from inspector.runtimes.container.ours import failures
from inspector.runtimes.container.outcome import refused

_MOST_SAID: Final = 1 << 16
_PIECE: Final = 1 << 20


class NotStarted(Exception):
    """What kept a container from becoming ready, in one line."""


class LimitsRefused(NotStarted):
    """The engine may not raise the limits on open files and processes as it does by default."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A copy that an engine has: what it says of it, ns from the last byte sent to its answer, and ns that sending took.

    Engines put what they are sent aside and unpack once they have all of it.
    """

    name: str
    unpack_ns: int
    send_ns: int
    sent_bytes: int
    inspected: dict[str, Any] = field(default_factory=dict)


def send_copy(client: Any, copy: MarkedCopy, stop: threading.Event, deadline: float) -> Unpacked:
    """Send a copy and return once it is unpacked; raises NotStarted, and Stopped where nobody waits any more."""
    sending = _Sending(copy, stop, deadline)
    try:
        answer = client.post(
            f"{client.base_url}/v{client.api_version}/images/load",
            params={"quiet": "1"},
            data=sending.pieces(),
            headers={"Content-Type": "application/x-tar"},
            timeout=(CALL_SECONDS, max(1.0, deadline - time.monotonic())),
            stream=True,
        )
        with answer:
            said = answer.raw.read(_MOST_SAID, decode_content=True)
        done = time.monotonic_ns()
        problem = problem_in(said, answer.status_code)
        if problem:
            raise NotStarted(f"the engine does not take the image: {problem}")
        inspected = client.inspect_image(copy.name)
    except failures() as error:
        if stop.is_set():
            raise Stopped from None
        if sending.file_problem:
            raise NotStarted(f"a layer cannot be read: {sending.file_problem}") from None
        if time.monotonic() >= deadline:
            raise NotStarted("it was not unpacked in time") from None
        raise NotStarted(refused(error, "take the image")) from None
    return Unpacked(copy.name, done - sending.ended_at, sending.ended_at - sending.began_at, sending.count, inspected)


class _Sending:
    """The bytes of a copy on their way; times in ns of the monotonic clock."""

    def __init__(self, copy: MarkedCopy, stop: threading.Event, deadline: float) -> None:
        self.began_at = self.ended_at = time.monotonic_ns()
        self.count = 0
        self.file_problem = ""
        self._copy = copy
        self._stop = stop
        self._deadline = deadline

    def pieces(self) -> Iterator[bytes]:
        """Yield the archive in large pieces; raises Stopped."""
        waiting: list[bytes] = []
        held = 0
        for piece in self._read():
            waiting.append(piece)
            held += len(piece)
            if held >= _PIECE:
                yield self._counted(b"".join(waiting))
                waiting, held = [], 0
            if self._stop.is_set():
                raise Stopped
            if time.monotonic() > self._deadline:
                raise NotStarted("it could not be sent in time")
        yield self._counted(b"".join(waiting))
        self.ended_at = time.monotonic_ns()

    def _counted(self, piece: bytes) -> bytes:
        self.count += len(piece)
        return piece

    def _read(self) -> Iterator[bytes]:
        try:
            yield from self._copy.archive()
        except OSError as error:
            self.file_problem = error.strerror or type(error).__name__
            raise
