"""Does one step with a running container, a request or a command, and makes an answer of what came."""

from __future__ import annotations

import threading
import time
from typing import Final

from inspector.engines.stream import Stopped
from inspector.records.serving import Answer
from inspector.runtimes.container.container_command import ContainerCommand
from inspector.runtimes.container.http_exchange import HttpExchange
from inspector.runtimes.container.live_container import LiveContainer
from inspector.runtimes.container.serving_plan import ServingStep
from inspector.runtimes.container.serving_session import ServingSession

MOST_BODY: Final = 4 << 20
"""Bytes that are kept of one answer; all of a longer one are in its digest."""
MOST_BODIES: Final = 64 << 20
"""Bytes that are kept of all answers of one container."""
_TICK: Final = 0.05
_AFTER_THE_END: Final = 0.5
"""Seconds in which what a container had still answered may arrive."""


class Performer:
    """Does steps until it is told to stop, and minds how much of the answers is kept."""

    def __init__(self, session: ServingSession, stop: threading.Event) -> None:
        self._session = session
        self._stop = stop
        self._room = MOST_BODIES

    def perform(self, live: LiveContainer, step: ServingStep, turn: int, until: float) -> Answer:
        """Do one step; what keeps it from giving an answer is in the answer's failure. Raises Stopped."""
        seconds = min(self._session.request.sample_seconds, until - time.monotonic())
        if seconds <= 0:
            return Answer(step.exercise, step.label, turn, failure="there was no time left for it")
        keep = min(MOST_BODY, self._room)
        if step.request is not None:
            answer = self._request(live, step, turn, seconds, keep)
        else:
            answer = self._command(live, step, turn, seconds, keep)
        self._room -= len(answer.body)
        return answer

    def _request(self, live: LiveContainer, step: ServingStep, turn: int, seconds: float, keep: int) -> Answer:
        assert step.request is not None
        address = live.address(step.request.url.port)
        if address is None:
            return Answer(step.exercise, step.label, turn, failure="the engine published no such port of the container")
        asking = HttpExchange(step.request, address, live.network, seconds, keep)
        problem = self._wait(live, asking, seconds)
        found = asking.response if asking.done.is_set() else None
        failure = problem or self._explained(live, found.failure if found is not None else "gave no answer")
        if found is None or failure:
            return Answer(step.exercise, step.label, turn, failure=failure)
        return Answer(
            step.exercise,
            step.label,
            turn,
            found.status,
            found.content_type,
            found.body,
            found.body_bytes,
            found.sha256,
            milliseconds=found.milliseconds,
        )

    def _command(self, live: LiveContainer, step: ServingStep, turn: int, seconds: float, keep: int) -> Answer:
        running = ContainerCommand(self._session.engine.client, live.name, step.command, keep)
        problem = self._wait(live, running, seconds)
        output = running.output
        return Answer(
            step.exercise,
            step.label,
            turn,
            running.code,
            "",
            bytes(output.body),
            output.body_bytes,
            output.sha256,
            output.errors.content,
            running.milliseconds,
            problem or self._explained(live, running.failure),
        )

    def _wait(self, live: LiveContainer, asking: HttpExchange | ContainerCommand, seconds: float) -> str:
        """Wait until it is done; returns why it will not be, if so. Raises Stopped."""
        asking.start()
        until, ended = time.monotonic() + seconds, 0.0
        while not asking.done.wait(_TICK):
            if self._stop.is_set():
                asking.give_up()
                raise Stopped
            ended = ended or (time.monotonic() if live.has_ended else 0.0)
            floods = live.watched.output.is_too_much
            if floods or (ended and time.monotonic() - ended > _AFTER_THE_END):
                asking.give_up()
                return live.trouble("while it was asked")
            if time.monotonic() > until + _AFTER_THE_END:
                asking.give_up()
                return f"no whole answer within {seconds:.3g} s"
        return ""

    def _explained(self, live: LiveContainer, failure: str) -> str:
        """Return a failure, or what is behind it: the container has ended."""
        return (live.late_trouble("while it was asked") or failure) if failure else ""
