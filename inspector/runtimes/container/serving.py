"""An image that is made to serve, again and again: on the engine that DOCKER_HOST names; nothing of it stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from types import MappingProxyType
from typing import Final, TypeVar

from inspector.engines.connection import engines
from inspector.engines.stream import Listener
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.event import Progress, Started, Steps, Warned
from inspector.records.loadable_image import LoadableImage
from inspector.records.serving import Served
from inspector.records.slimming import SlimRequest
from inspector.records.written_image import AddedFile
from inspector.runtimes.container.bytecode_run import BytecodeRun
from inspector.runtimes.container.http_requests import HttpRequest
from inspector.runtimes.container.ours import remove_stale
from inspector.runtimes.container.serving_plan import plan_serving
from inspector.runtimes.container.serving_run import ServingRun
from inspector.runtimes.container.serving_session import ServingSession

Result = TypeVar("Result")

_SECONDS: Final = 600.0
_TO_CLEAN_UP: Final = 15.0
"""Seconds for removing what was made, once a run was cut off or the engine stopped answering."""

NO_REQUESTS: Final[Mapping[int, tuple[HttpRequest, ...]]] = MappingProxyType({})


class Server:
    """Makes an image serve, in a fresh container each time."""

    def __init__(self, session: ServingSession) -> None:
        self._session = session

    @property
    def problem_observing(self) -> str:
        """Why it cannot be seen what containers open; empty where it can."""
        from inspector.runtimes.container.observation import can_observe

        problem: str = can_observe(self._session.engine)
        return problem

    def run(self, cancel: CancelToken | None = None, observed: bool = False) -> Steps[Served]:
        """Start a container, have it do every exercise twice over, stop it, and return all it answered and printed.

        observed: with what it opened of its file system. Yields Progress for every answer. Whatever goes wrong with the
        container is in the result's failure. Raises ChildFailed where it was cancelled.
        """
        session = self._session
        title = f"running {session.image.title}"
        yield Started(title)
        if session.plan.reach is not None and session.plan.reach.problem:
            return Served(failure=session.plan.reach.problem)
        seconds = session.limits.wall_seconds or _SECONDS
        run = ServingRun(session, time.monotonic() + seconds, observed)
        served = yield from _last_of(run.results, run.over, seconds, cancel, title)
        return served or Served(failure=f"the engine did not answer within {seconds:g} s")

    def bytecode(
        self, interpreter: str, sources: Sequence[str], cancel: CancelToken | None = None
    ) -> Steps[tuple[AddedFile, ...]]:
        """Return bytecode of sources of the image as files beside them, made by its own Python.

        All are cleaned paths relative to the root. Warns where not all of it could be made. Raises ChildFailed where it was
        cancelled.
        """
        session = self._session
        seconds = session.limits.wall_seconds or _SECONDS
        run = BytecodeRun(session, interpreter, sources, time.monotonic() + seconds)
        title = f"making bytecode of {len(sources):,} modules"
        found = yield from _last_of(run.results, run.over, seconds, cancel, title)
        if found is None or found.problem:
            yield Warned(f"{title}: {found.problem if found is not None else 'the engine did not answer'}")
        made = found.made if found is not None else ()
        return tuple(AddedFile(one.path, "code", one.content) for one in made)


def _last_of(
    results: Callable[[threading.Event], Iterator[Progress | Result]],
    over: threading.Event,
    seconds: float,
    cancel: CancelToken | None,
    title: str,
) -> Steps[Result | None]:
    """Pass progress on and return the result that follows; None where nothing comes in time. over is set once all is gone."""
    patience = time.monotonic() + seconds + _TO_CLEAN_UP
    try:
        with closing(Listener(results).listen(cancel or CancelToken(), title)) as found:
            for result in found:
                if result is not None and not isinstance(result, Progress):
                    return result
                if result is not None:
                    yield result
                if time.monotonic() > patience:
                    break
    finally:
        over.wait(_TO_CLEAN_UP)
    return None


@contextmanager
def serving(
    image: LoadableImage,
    request: SlimRequest,
    limits: Limits,
    host: str = "",
    requests: Mapping[int, tuple[HttpRequest, ...]] = NO_REQUESTS,
) -> Iterator[Server]:
    """Give what makes an image serve; once it is closed, no container, volume or image of ours is there any more.

    The engine is sent the image once, with the first run. requests are those of exercises by their index, which those of kind
    "contract" need; those of kind "http" are read from their files. request.sample_seconds bounds how long a container takes
    to get ready, and each step; limits.wall_seconds (None: 600) a whole run, sending the image included; request.memory_bytes
    and limits.memory_bytes a container. host: the engine's address, where more than one answers; empty: the image's, or the
    first.

    Raises UnreadableArtifact where no engine answers, UsageError for exercises and request.start.ready that make no sense.
    """
    with ExitStack() as stack:
        engine = stack.enter_context(engines(f"{image.title}: ", host or image.engine))[0]
        plan = plan_serving(image, request, requests, engine)
        remove_stale(engine.client)
        session = ServingSession(engine, image, request, limits, plan)
        stack.callback(session.close)
        yield Server(session)
