"""One container that is made to do something: started, asked, stopped, and removed in any case."""

from __future__ import annotations

import os
import threading
import time
from contextlib import ExitStack, suppress
from typing import Any, Final, Self

from inspector.engines.stream import Stopped
from inspector.errors import InspectorError
from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import ImageStart
from inspector.records.serving import Observation
from inspector.runtimes.container import outcome
from inspector.runtimes.container.container_run import ContainerRun, Terms, Watched
from inspector.runtimes.container.graceful_stop import stop_gracefully
from inspector.runtimes.container.http_probe import can_enter_networks, network_of
from inspector.runtimes.container.ours import failures
from inspector.runtimes.container.reach import Reach
from inspector.runtimes.container.readiness import Ready
from inspector.runtimes.container.recorded_output import RecordedOutput
from inspector.runtimes.container.sending import LimitsRefused, NotStarted
from inspector.runtimes.container.serving_session import ServingSession

_LAST_WORDS: Final = 2.0
"""Seconds that the output of a container that has ended may take to arrive."""
_TO_BE_SEEN: Final = 1.0
"""Seconds that an engine may take to say that a container has ended."""
_TICK: Final = 0.02


class LiveContainer:
    """A context: within it the container is there. failure says why it is of no more use; notes what is to be known of it."""

    def __init__(
        self,
        session: ServingSession,
        image: str,
        start: ImageStart,
        ready: Ready,
        reach: Reach | None,
        until: float,
        observed: bool,
    ) -> None:
        """until: on the monotonic clock, when all of it has to be over."""
        self.failure = ""
        self.notes: list[str] = []
        self._session = session
        self._image = image
        self._reach = reach
        self._observed = observed
        seconds = min(session.request.sample_seconds, max(1.0, until - time.monotonic()))
        self._terms = Terms(
            start,
            ready,
            reach,
            None,
            session.memory_bytes,
            time.monotonic() + seconds,
            seconds,
            session.labels,
            session.image.platform,
            until,
            RecordedOutput,
        )
        self._run: ContainerRun | None = None
        self._watch: Any = None
        self._pid: int | None = None
        self._network: int | None = None
        self._found: dict[str, Any] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @property
    def name(self) -> str:
        """What the engine knows it by."""
        return self._run.name if self._run is not None else ""

    @property
    def watched(self) -> Watched:
        """What is seen of it; of one that was never started, nothing."""
        seen = self._run.watched if self._run is not None else None
        return seen if seen is not None else Watched(RecordedOutput(), threading.Event())

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, as the engine says."""
        return self.watched.ended_at is not None

    @property
    def ready_ms(self) -> float | None:
        """Milliseconds from the start until it was ready; None where it was not."""
        stamps = self._run.stamps if self._run is not None else None
        return (stamps.ready - stamps.start_began) / 1e6 if stamps is not None and stamps.ready is not None else None

    @property
    def network(self) -> int | None:
        """Descriptor of its network, where that is entered; None where its ports are asked from here."""
        return self._network

    def start(self, stop: threading.Event) -> None:
        """Create and start it, and wait until it is ready; failure tells where it does not get there. Raises Stopped."""
        try:
            self._start(stop)
        except LimitsRefused as problem:
            if self._session.own_limits:
                self.failure = str(problem)
                return
            self._stack.close()
            self._session.own_limits = True
            self._note("the engine may not raise limits: open files and processes are bounded as for this program")
            self._try(stop)
        except NotStarted as problem:
            self.failure = str(problem)

    def address(self, port: int) -> tuple[str, int] | None:
        """Return where a port is asked; None where the engine published none."""
        return self._reach.asked_at(self._found, port) if self._reach is not None else None

    def end_told(self, when: str) -> str:
        """Return what its end means."""
        self.watched.output_ended.wait(_LAST_WORDS)
        return self._run.end_told(self.watched, when) if self._run is not None else ""

    def trouble(self, when: str) -> str:
        """Return why nothing more can be asked of it, if so: it has ended, or floods."""
        if self.watched.output.is_too_much:
            return outcome.printed_too_much(when)
        return self.end_told(when) if self.has_ended else ""

    def late_trouble(self, when: str) -> str:
        """Return the same, having waited for the engine to notice."""
        until = time.monotonic() + _TO_BE_SEEN
        while not self.has_ended and time.monotonic() < until:
            time.sleep(_TICK)
        return self.trouble(when)

    def stop(self, stop: threading.Event) -> int | None:
        """Ask it to end; returns its exit code, None where it had to be killed. Raises Stopped."""
        watched = self.watched
        by_itself = stop_gracefully(self._session.engine.client, self.name, watched, self._pid, stop)
        watched.output_ended.wait(_LAST_WORDS)
        return watched.code if by_itself else None

    def streams(self) -> tuple[bytes, bytes]:
        """Return standard output and standard error, bounded at both ends."""
        output = self.watched.output
        assert isinstance(output, RecordedOutput)
        return output.streams[0].content, output.streams[1].content

    def observation(self) -> Observation | None:
        """Return what it opened; None where that was not seen, which the notes tell."""
        if self._watch is None:
            return None
        found: Observation = self._watch.observation()
        if self._watch.problem:
            self._note(f"not observed: {plain_line(self._watch.problem)}")
            return None
        return found

    def _try(self, stop: threading.Event) -> None:
        try:
            self._start(stop)
        except NotStarted as problem:
            self.failure = str(problem)

    def _start(self, stop: threading.Event) -> None:
        run = self._run = ContainerRun(self._session.engine, self._image, self._terms, self._session.own_limits)
        self._stack.callback(self._remove, run)
        run.create()
        if self._observed:
            self._begin_to_watch(run)
        if stop.is_set():
            raise Stopped
        run.start_and_wait(stop, self._when_started)

    def _remove(self, run: ContainerRun) -> None:
        if not run.remove():
            self._session.leave([run.remove])

    def _begin_to_watch(self, run: ContainerRun) -> None:
        from inspector.runtimes.container.observation import watching

        try:
            self._watch = self._stack.enter_context(watching(self._session.engine, run.container_id))
        except (InspectorError, OSError) as error:
            self._watch = None
            self._note(f"not observed: {plain_line(str(error))}")

    def _when_started(self) -> None:
        """Take hold of its network while its first process is there, whose number may be another's later."""
        if self._watch is not None:
            try:
                self._watch.started()
            except InspectorError as error:
                self._note(f"not observed: {plain_line(error.message)}")
                self._watch = None
        with suppress(*failures()):
            self._found = self._session.engine.client.inspect_container(self.name)
        pid = (self._found.get("State") or {}).get("Pid")
        if not pid or not can_enter_networks(self._session.engine.place.socket_path):
            return
        self._pid = int(pid)
        if self._reach is not None and self._reach.way == "inside":
            with suppress(OSError):
                self._network = network_of(self._pid)
                self._stack.callback(os.close, self._network)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
