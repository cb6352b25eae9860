"""One container from its creation until it is ready, or until it is clear that it will not be; always removed."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from inspector.engines.connection import Engine
from inspector.engines.stream import Stopped
from inspector.records.benchmark import ImageStart
from inspector.runtimes.container import outcome
from inspector.runtimes.container.health_probe import HealthProbe
from inspector.runtimes.container.http_probe import HttpProbe
from inspector.runtimes.container.ours import CONTAINER_PREFIX, failures, remove_container
from inspector.runtimes.container.output import Output, read_into
from inspector.runtimes.container.reach import Reach
from inspector.runtimes.container.readiness import ExitZero, Healthy, HttpAnswer, Listening, LogText, Ready
from inspector.runtimes.container.sending import LimitsRefused, NotStarted

_TICK: Final = 0.02
_GRACE: Final = 0.25
"""Seconds in which a container that has just become ready may still turn out to have failed: a traceback is output, too."""
_LAST_WORDS: Final = 0.5
"""Seconds that the output of a container that has ended may take to arrive."""
_MOST_PROCESSES: Final = 4096


@dataclass(frozen=True, slots=True)
class Terms:
    """How a container is started and until when it may take; deadline on the monotonic clock, seconds as it was set."""

    start: ImageStart
    ready: Ready
    reach: Reach | None
    cpus: float | None
    memory_bytes: int | None
    deadline: float
    seconds: float
    labels: Mapping[str, str]
    platform: str = ""
    watched_until: float = 0.0
    """On the monotonic clock: until when its end is waited for; 0: a little longer than the deadline."""
    make_output: Callable[[str], Output] = Output


@dataclass(slots=True)
class Stamps:
    """Times in ns of the monotonic clock; None: not got to."""

    create_began: int = 0
    created: int | None = None
    start_began: int = 0
    started: int | None = None
    first_output: int | None = None
    listening: int | None = None
    ready: int | None = None


@dataclass(slots=True)
class Watched:
    """What goes on beside the thread that waits; ended_at in ns of the monotonic clock."""

    output: Output
    changed: threading.Event
    output_ended: threading.Event = field(default_factory=threading.Event)
    http: HttpProbe | None = None
    health: HealthProbe | None = None
    ended_at: int | None = None
    code: int | None = None


class ContainerRun:
    """Creates, starts and watches one container; stamps has what it got to, also after a failure."""

    def __init__(self, engine: Engine, image: str, terms: Terms, own_limits: bool = False) -> None:
        self.stamps = Stamps()
        self.name = CONTAINER_PREFIX + os.urandom(8).hex()
        self.container_id = ""
        self.watched: Watched | None = None
        """What is seen of it, once it was about to be started."""
        self._client: Any = engine.client
        self._image = image
        self._terms = terms
        self._made = False
        self.own_limits = own_limits
        """Whether it gets limits on open files and processes that this process has, since the engine may not raise them."""

    def until_ready(self, stop: threading.Event) -> None:
        """Return once it is ready; raises NotStarted, and Stopped where nobody waits any more."""
        try:
            self.create()
            self.start_and_wait(stop)
        except LimitsRefused:
            if self.own_limits or not self.remove():
                raise
            self.own_limits, self.stamps = True, Stamps()
            self.create()
            self.start_and_wait(stop)

    def create(self) -> None:
        """Create the container; raises NotStarted."""
        self.stamps.create_began = time.monotonic_ns()
        self._made = True
        try:
            self.container_id = str(self._client.create_container(self._image, **self._settings())["Id"])
        except failures() as error:
            raise NotStarted(outcome.refused(error, "create the container")) from None
        self.stamps.created = time.monotonic_ns()

    def start_and_wait(self, stop: threading.Event, when_started: Callable[[], None] | None = None) -> None:
        """Start the container and wait until it is ready; raises NotStarted and Stopped."""
        watched = self.watched = self._attached()
        try:
            self._start(watched)
            if when_started is not None:
                when_started()
            self._wait(watched, stop)
        finally:
            self.stamps.first_output = watched.output.first_at
            for probe in (watched.http, watched.health):
                if probe is not None:
                    probe.stop()

    def remove(self) -> bool:
        """End and remove it, with its anonymous volumes; whether it is gone."""
        return not self._made or remove_container(self._client, self.name)

    def _settings(self) -> dict[str, Any]:
        terms, reach = self._terms, self._terms.reach
        host = self._client.create_host_config(
            **(reach.host_settings() if reach is not None else {"network_mode": "none"}),
            log_config={"Type": "none"},
            nano_cpus=round(terms.cpus * 1e9) if terms.cpus else None,
            mem_limit=terms.memory_bytes,
            memswap_limit=terms.memory_bytes,
            pids_limit=_MOST_PROCESSES,
            ulimits=_own_limits() if self.own_limits else None,
        )
        return {
            "name": self.name,
            "entrypoint": list(terms.start.command) or None,
            "host_config": host,
            "labels": dict(terms.labels),
            "healthcheck": {"test": ["NONE"]},
            "ports": reach.published if reach is not None else None,
        }

    def _attached(self) -> Watched:
        """Listen to what the container will print; raises NotStarted."""
        ready = self._terms.ready
        output = self._terms.make_output(ready.text if isinstance(ready, LogText) else "")
        watched = Watched(output, output.changed)
        try:
            frames = self._client.attach(self.name, stdout=True, stderr=True, stream=True, demux=True)
        except failures() as error:
            raise _not_started(error) from None
        arguments = (output, frames, watched.output_ended)
        threading.Thread(target=read_into, args=arguments, name="container-output", daemon=True).start()
        return watched

    def _start(self, watched: Watched) -> None:
        self.stamps.start_began = time.monotonic_ns()
        try:
            self._client.start(self.name)
            self.stamps.started = time.monotonic_ns()
            threading.Thread(target=self._see_the_end, args=(watched,), name="container-end", daemon=True).start()
            self._start_probe(watched)
        except failures() as error:
            raise _not_started(error) from None

    def _start_probe(self, watched: Watched) -> None:
        ready, reach = self._terms.ready, self._terms.reach
        if isinstance(ready, Healthy):
            watched.health = HealthProbe(self._client, self.name, ready.command, self._terms.deadline, watched.changed)
            watched.health.start()
        if isinstance(ready, HttpAnswer | Listening) and reach is not None:
            found = self._client.inspect_container(self.name)
            address, pid = reach.asked_at(found, ready.port), (found.get("State") or {}).get("Pid")
            if address is None:
                raise NotStarted("the engine published no port of the container, so that nobody can ask it")
            if pid or reach.way != "inside":
                inside = pid if reach.way == "inside" else None
                watched.http = HttpProbe(ready, address, inside, self._terms.deadline, watched.changed)
                watched.http.start()

    def _see_the_end(self, watched: Watched) -> None:
        try:
            until = self._terms.watched_until or self._terms.deadline
            patience = max(1.0, until - time.monotonic()) + 5
            code = self._client.wait(self.name, timeout=patience).get("StatusCode")
        except failures():
            return
        watched.code, watched.ended_at = code, time.monotonic_ns()
        watched.changed.set()

    def _wait(self, watched: Watched, stop: threading.Event) -> None:
        """Wait until it is ready and has not failed right after."""
        while True:
            if stop.is_set():
                raise Stopped
            self._note(watched)
            if self.stamps.ready is not None:
                return self._confirm(watched, stop)
            if watched.ended_at is not None:
                return self._after_the_end(watched)
            if watched.output.is_too_much:
                raise NotStarted(outcome.printed_too_much())
            if watched.http is not None and watched.http.problem:
                raise NotStarted(watched.http.problem)
            if time.monotonic() > self._terms.deadline:
                terms = self._terms
                raise NotStarted(outcome.not_ready(terms.ready.told, terms.seconds, watched.output, _known(watched)))
            watched.changed.wait(_TICK)
            watched.changed.clear()

    def _note(self, watched: Watched) -> None:
        """Take over the stamps that are there."""
        ready, stamps = self._terms.ready, self.stamps
        if watched.http is not None:
            stamps.listening, stamps.ready = watched.http.listening_at, watched.http.answered_at
        elif isinstance(ready, Healthy):
            stamps.ready = watched.health.passed_at if watched.health is not None else None
        elif isinstance(ready, LogText):
            stamps.ready = watched.output.found_at
        elif isinstance(ready, ExitZero):
            stamps.ready = watched.ended_at if watched.code == 0 else None
        elif not isinstance(ready, HttpAnswer | Listening):
            stamps.ready = watched.output.first_at

    def _confirm(self, watched: Watched, stop: threading.Event) -> None:
        """Raise NotStarted if what looked ready fails at once."""
        until = time.monotonic() + _GRACE
        while watched.ended_at is None and time.monotonic() < until and not stop.is_set():
            time.sleep(_TICK)
        if watched.ended_at is not None and watched.code != 0:
            self._after_the_end(watched)

    def _after_the_end(self, watched: Watched) -> None:
        """Return if it was ready before its end; raises NotStarted otherwise."""
        watched.output_ended.wait(_LAST_WORDS)
        self._note(watched)
        if self.stamps.ready is not None and watched.code == 0:
            return
        self.stamps.ready = None
        raise NotStarted(self.end_told(watched))

    def end_told(self, watched: Watched, when: str = "before it was ready") -> str:
        """Return what its end at the wrong time means, in one line."""
        state: dict[str, Any] = {}
        with suppress(*failures()):
            state = self._client.inspect_container(self.name).get("State") or {}
        limit = self._terms.memory_bytes
        memory = f"{limit / (1 << 20):g} MiB" if limit else ""
        return outcome.ended(state, watched.code, watched.output, memory, self._terms.platform, when)


def _not_started(error: BaseException) -> NotStarted:
    kind = LimitsRefused if outcome.is_about_resource_limits(error) else NotStarted
    return kind(outcome.refused(error, "start the container"))


def _own_limits() -> list[Any]:
    """Return limits that an engine can give that has no more than this process."""
    from docker.types import Ulimit

    wanted = {"nofile": (resource.RLIMIT_NOFILE, 1 << 16), "nproc": (resource.RLIMIT_NPROC, 1 << 15)}
    found = []
    for name, (limit, most) in wanted.items():
        hard = resource.getrlimit(limit)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(hard, most)
        found.append(Ulimit(name=name, soft=bound, hard=bound))
    return found


def _known(watched: Watched) -> str:
    """Return what probes found out without being content."""
    if watched.http is not None:
        if watched.http.status is not None:
            return f"it answered with status {watched.http.status}"
        return "nothing listens on that port" if watched.http.listening_at is None else "it took connections and did not answer"
    code = watched.health.code if watched.health is not None else None
    return f"the check ended with {code}" if code is not None else ""
