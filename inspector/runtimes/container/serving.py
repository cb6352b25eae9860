"""An image that is made to serve, again and again: on the engine that DOCKER_HOST names; nothing of it stays."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from types import MappingProxyType
from typing import Final

from inspector.engines.connection import engines
from inspector.engines.stream import Listener
from inspector.isolation.limits import CancelToken, Limits
from inspector.records.event import Started, Steps
from inspector.records.loadable_image import LoadableImage
from inspector.records.slimming import Served, SlimRequest
from inspector.runtimes.container.http_requests import HttpRequest
from inspector.runtimes.container.ours import remove_stale
from inspector.runtimes.container.serving_plan import plan_serving
from inspector.runtimes.container.serving_run import ServingRun
from inspector.runtimes.container.serving_session import ServingSession

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
        patience = time.monotonic() + seconds + _TO_CLEAN_UP
        try:
            with closing(Listener(run.results).listen(cancel or CancelToken(), title)) as found:
                for result in found:
                    if isinstance(result, Served):
                        return result
                    if result is not None:
                        yield result
                    if time.monotonic() > patience:
                        break
        finally:
            run.over.wait(_TO_CLEAN_UP)
        return Served(failure=f"the engine did not answer within {seconds:g} s")


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
