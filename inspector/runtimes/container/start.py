"""Cold starts of an image on the engine that DOCKER_HOST names: unpacked, created, started, ready; nothing of it stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from inspector.engines.connection import Engine, engines
from inspector.engines.stream import Listener
from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.benchmark import ColdStart, ImageStart, PhaseSample
from inspector.records.event import Started, Steps
from inspector.records.loadable_image import LoadableImage
from inspector.records.measurement import CacheState
from inspector.runtimes.container.container_run import ContainerRun, Stamps, Terms
from inspector.runtimes.container.layer_files import prepare_cache
from inspector.runtimes.container.marked_copy import marked_copy
from inspector.runtimes.container.ours import our_labels, remove_image, remove_marked, remove_stale
from inspector.runtimes.container.reach import Reach, way_to
from inspector.runtimes.container.readiness import ExitZero, HttpAnswer, Ready, parse_ready
from inspector.runtimes.container.sending import NotStarted, Unpacked, send_copy
from inspector.runtimes.container.transfer import modelled_transfer

_SECONDS: Final = 120.0
_TO_CLEAN_UP: Final = 15.0
"""Seconds for removing what was made, once a sample was cut off or the engine stopped answering."""
_MS: Final = 1e6

ImageStarter = Callable[[CacheState | None, float | None, CancelToken | None], Steps[ColdStart]]


def start_image(
    image: LoadableImage,
    start: ImageStart,
    cache: CacheState | None,
    cpus: float | None,
    limits: Limits,
    cancel: CancelToken | None = None,
    *,
    host: str = "",
) -> Steps[ColdStart]:
    """Start an image once in a fresh container and return how long each phase took; see image_starter()."""
    with image_starter(image, start, limits, host=host) as starter:
        return (yield from starter(cache, cpus, cancel))


@contextmanager
def image_starter(image: LoadableImage, start: ImageStart, limits: Limits, *, host: str = "") -> Iterator[ImageStarter]:
    """Give what starts an image again and again; once it is closed, no container, volume or image of ours is there any more.

    cold: the engine gets a copy of which it has no layer yet, so that "unpack" is measured each time, and the files are taken
    out of the page cache where they are in sight; "transfer" is modelled. warm: one copy is unpacked beforehand and is no part
    of the times. Phases: transfer, unpack, create, start, (for HTTP: listening, from the start until the port takes a
    connection,) ready. Sending the copy is no phase, the transfer stands for it; the notes say how long it took. The wall time
    is the sum of the measured phases: between them, caches are prepared. limits.memory_bytes bounds a container,
    limits.wall_seconds a whole sample. host: the engine's address, where more than one answers; empty: that of the image, or
    the first.

    Raises UnreadableArtifact where no engine answers, UsageError for a start.ready that is none. A container that fails is a
    ColdStart that says why; a starter raises ChildFailed where it was cancelled.
    """
    ready = parse_ready(start.ready, image)
    with ExitStack() as stack:
        engine = stack.enter_context(engines(f"{image.title}: ", host or image.engine))[0]
        remove_stale(engine.client)
        reach = way_to(engine, ready.port) if isinstance(ready, HttpAnswer) else None
        session = _Session(engine, image, start, ready, reach, limits)
        stack.callback(session.close)
        yield session.sample


@dataclass(slots=True)
class _Session:
    """Starts of one image on one engine."""

    engine: Engine
    image: LoadableImage
    start: ImageStart
    ready: Ready
    reach: Reach | None
    limits: Limits
    labels: Mapping[str, str] = field(default_factory=our_labels)
    own_limits: bool = False
    _warm: Unpacked | None = None
    _undone: list[Callable[[], bool]] = field(default_factory=list)
    """What removes things that are there until the end."""

    def sample(self, cache: CacheState | None, cpus: float | None, cancel: CancelToken | None = None) -> Steps[ColdStart]:
        """Start the image once."""
        yield Started(f"starting {self.image.title}")
        if self.reach is not None and self.reach.problem:
            return ColdStart(0.0, failure=self.reach.problem)
        seconds = self.limits.wall_seconds or _SECONDS
        sample = _Sample(self, cache, cpus, time.monotonic() + seconds, seconds)
        patience = sample.deadline + _TO_CLEAN_UP
        try:
            with closing(Listener(sample.results).listen(cancel or CancelToken(), f"starting {self.image.title}")) as found:
                for result in found:
                    if result is not None:
                        return result
                    if time.monotonic() > patience:
                        break
        finally:
            sample.over.wait(_TO_CLEAN_UP)
        return ColdStart(0.0, failure=f"the engine did not answer within {seconds:g} s")

    def warm_copy(self, stop: threading.Event, deadline: float) -> Unpacked:
        """Return the copy that warm starts share, unpacked once; raises as send_copy() does."""
        if self._warm is None:
            copy = marked_copy(self.image, self.labels)
            self._undone.append(partial(remove_image, self.engine.client, copy.name))
            self._warm = send_copy(self.engine.client, copy, stop, deadline)
        return self._warm

    def leave(self, removals: Iterable[Callable[[], bool]]) -> None:
        """Take note of what could not be removed yet."""
        self._undone += removals

    def close(self) -> None:
        """Remove everything, also what an engine has finished only after nobody waited for it any more."""
        for removal in reversed(self._undone):
            removal()
        remove_marked(self.engine.client, self.labels)


class _Sample:
    """One start, in a thread of its own: engines answer when they like."""

    def __init__(
        self, session: _Session, cache: CacheState | None, cpus: float | None, deadline: float, seconds: float
    ) -> None:
        self.deadline = deadline
        self.over = threading.Event()
        self._session = session
        self._cache = cache
        self._cpus = cpus
        self._seconds = seconds
        self._removals: list[Callable[[], bool]] = []
        self._phases: list[PhaseSample] = []
        self._notes: list[str] = []
        self._resident: float | None = None
        self._cache_note = ""

    def results(self, stop: threading.Event) -> Iterator[ColdStart]:
        """Yield the one start, whatever becomes of it."""
        try:
            found = self._started(stop)
        finally:
            self._session.leave([removal for removal in reversed(self._removals) if not removal()])
            self.over.set()
        yield found

    def _started(self, stop: threading.Event) -> ColdStart:
        failure = ""
        try:
            unpacked = self._unpacked(stop)
            self._resident, self._cache_note = prepare_cache(unpacked.inspected, self._cache)
            self._run(unpacked.name, stop)
        except NotStarted as problem:
            failure = str(problem)
        except InspectorError as error:
            failure = plain_line(error.message)
        wall = sum(phase.milliseconds for phase in self._phases if not phase.modelled)
        return ColdStart(wall, tuple(self._phases), self._resident, self._cache_note, failure, tuple(self._notes))

    def _unpacked(self, stop: threading.Event) -> Unpacked:
        session = self._session
        if self._cache == "warm":
            return session.warm_copy(stop, self.deadline)
        self._phases.append(modelled_transfer(session.image, session.start.bytes_per_second))
        copy = marked_copy(session.image, session.labels)
        self._removals.append(partial(remove_image, session.engine.client, copy.name))
        unpacked = send_copy(session.engine.client, copy, stop, self.deadline)
        self._phases.append(PhaseSample("unpack", unpacked.unpack_ns / _MS))
        seconds, size = _rounded_up(unpacked.send_ns / 1e9), unpacked.sent_bytes / 1e6
        self._notes.append(f"sending {size:.1f} MB to the engine took at most {seconds:g} s, which no phase counts")
        return unpacked

    def _run(self, name: str, stop: threading.Event) -> None:
        session = self._session
        terms = Terms(
            session.start,
            session.ready,
            session.reach,
            self._cpus,
            session.limits.memory_bytes,
            self.deadline,
            self._seconds,
            session.labels,
            session.image.platform,
        )
        run = ContainerRun(session.engine, name, terms, session.own_limits)
        self._removals.append(run.remove)
        try:
            run.until_ready(stop)
        finally:
            session.own_limits = run.own_limits
            self._phases += _phases_of(run.stamps)
            self._note_more(run.stamps)

    def _note_more(self, stamps: Stamps) -> None:
        reach = self._session.reach
        if isinstance(self._session.ready, ExitZero) and self._session.engine.command == "podman":
            self._notes.append("podman looks every 250 ms whether a container has ended")
        if self._session.own_limits:
            self._notes.append("the engine may not raise limits: open files and processes are bounded as for this program")
        if reach is not None and reach.note:
            self._notes.append(reach.note)
        if isinstance(self._session.ready, HttpAnswer) and stamps.first_output is not None:
            took = _rounded_up((stamps.first_output - stamps.start_began) / 1e9)
            self._notes.append(f"its first output came within {took:g} s of the start")


def _rounded_up(seconds: float) -> float:
    """Return the next of 0.1, 0.2, 0.5, 1, 2, 5…: what is said of many starts should be the same of most."""
    decade = 0.1
    while True:
        for step in (decade, 2 * decade, 5 * decade):
            if seconds <= step:
                return round(step, 1)
        decade *= 10


def _phases_of(stamps: Stamps) -> list[PhaseSample]:
    """Return the phases that a container got to.

    A short program can print before the engine has said that it was started: then the start ends with the output.
    """
    phases = []
    if stamps.created is not None:
        phases.append(PhaseSample("create", (stamps.created - stamps.create_began) / _MS))
    if stamps.started is not None:
        seen = [at for at in (stamps.started, stamps.listening, stamps.ready) if at is not None]
        at = min(seen)
        phases.append(PhaseSample("start", (at - stamps.start_began) / _MS))
        if stamps.listening is not None:
            phases.append(PhaseSample("listening", (stamps.listening - at) / _MS))
            at = stamps.listening
        if stamps.ready is not None:
            phases.append(PhaseSample("ready", (stamps.ready - at) / _MS))
    return phases
