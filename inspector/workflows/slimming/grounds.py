"""What slimmed images are held against: the original on an engine, doing its exercises twice, and what it opened meanwhile."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from inspector.errors import UnreadableArtifact
from inspector.records.event import Started, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inspector.isolation.limits import CancelToken, Limits
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.loadable_image import LoadableImage
    from inspector.records.serving import Observation, Served
    from inspector.records.slimming import SlimRequest
    from inspector.runtimes.container.http_requests import HttpRequest
    from inspector.runtimes.container.serving import Server

NO_ENGINE: Final = "no engine"
_SECONDS: Final = 600.0
"""How long one container may take at least, sending the image to the engine included."""
NO_EXERCISE: Final = "trace needs an exercise: what nobody asks for cannot be seen to be used"


@dataclass(slots=True)
class Grounds:
    """The original, ready to be compared with; what could not be had is said in problem, for every level, or trace_problem.

    originals are two runs, each in a container of its own; the first was observed where that could be done.
    """

    source: ImageInspection
    limits: Limits
    loadable: LoadableImage | None = None
    server: Server | None = None
    requests: Mapping[int, tuple[HttpRequest, ...]] = field(default_factory=dict)
    originals: tuple[Served, ...] = ()
    problem: str = ""
    trace_problem: str = ""
    held: ExitStack = field(default_factory=ExitStack)

    @property
    def observation(self) -> Observation | None:
        """What the original was seen to open."""
        return next((one.observation for one in self.originals if one.observation is not None), None)

    @property
    def failure(self) -> str:
        """Why the original itself does not do what it is asked for; empty where it does."""
        failures = [one.failure for one in self.originals if one.failure]
        failures += [answer.failure for one in self.originals for answer in one.answers if answer.failure]
        return failures[0] if failures else ""

    def close(self) -> None:
        """Remove what is on the engine."""
        self.held.close()


def lay_grounds(source: ImageInspection, request: SlimRequest, folder: Path, cancel: CancelToken) -> Steps[Grounds]:
    """Have the original do its exercises, where there is an engine.

    Raises UsageError for exercises that make no sense, OperationFailed where there is no room, ChildFailed when cancelled.
    """
    from inspector.isolation.limits import Limits

    grounds = Grounds(source, Limits(request.memory_bytes, max(_SECONDS, 4 * request.sample_seconds)))
    try:
        yield from _laid(grounds, request, folder, cancel)
    except UnreadableArtifact as error:
        grounds.problem = f"{NO_ENGINE}: {error.message}"
    except BaseException:
        grounds.close()
        raise
    grounds.trace_problem = grounds.problem or grounds.trace_problem
    return grounds


def _laid(grounds: Grounds, request: SlimRequest, folder: Path, cancel: CancelToken) -> Steps[None]:
    from inspector.formats.image.loadable import make_loadable
    from inspector.runtimes.container.serving import serving
    from inspector.verify.contract_requests import requests_for_contract

    _look_for_engine()
    grounds.requests = yield from requests_for_contract(request, cancel)
    packed = folder / "original"
    packed.mkdir(mode=0o700)
    grounds.loadable = yield from make_loadable(grounds.source.image, packed, cancel)
    grounds.server = grounds.held.enter_context(serving(grounds.loadable, request, grounds.limits, requests=grounds.requests))
    if not request.exercises:
        grounds.trace_problem = NO_EXERCISE
    elif "trace" in request.levels:
        grounds.trace_problem = grounds.server.problem_observing
    observed = "trace" in request.levels and not grounds.trace_problem
    for number in (1, 2):
        yield Started(f"the original serves, {'once' if number == 1 else 'and once more'}")
        served = yield from grounds.server.run(cancel, observed=observed and number == 1)
        grounds.originals = (*grounds.originals, served)
        if served.failure:
            return


def _look_for_engine() -> None:
    """Raise UnreadableArtifact where no engine answers, before anything is made for one."""
    from inspector.engines.connection import engines

    with engines(""):
        pass
