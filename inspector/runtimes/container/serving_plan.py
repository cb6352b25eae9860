"""What a container is made to do, step by step, what counts as ready, and how its ports are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from inspector.engines.connection import Engine
from inspector.errors import UsageError
from inspector.isolation.plain_line import plain_line
from inspector.records.loadable_image import LoadableImage
from inspector.records.slimming import SlimRequest
from inspector.runtimes.container.exercises import requests_of
from inspector.runtimes.container.http_requests import HttpRequest
from inspector.runtimes.container.reach import Reach, way_to
from inspector.runtimes.container.readiness import ExitZero, FirstOutput, Healthy, HttpAnswer, Listening, Ready, parse_ready

TURNS: Final = 2
"""How often a container does everything: what is loaded only with the second request has to be seen, too."""


@dataclass(frozen=True, slots=True)
class ServingStep:
    """One request, or one command where request is None, of the exercise with that index."""

    exercise: int
    label: str
    request: HttpRequest | None = None
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServingPlan:
    """All steps of one turn in order, what counts as ready, the image's own check; reach is None where no port is asked."""

    steps: tuple[ServingStep, ...]
    ready: Ready
    reach: Reach | None
    check: tuple[str, ...] = ()
    """Command of the health check, where it is not what readiness is told from."""

    @property
    def only_commands(self) -> bool:
        """Whether there are steps, and none of them needs a server."""
        return bool(self.steps) and all(step.request is None for step in self.steps)


def plan_serving(
    image: LoadableImage, request: SlimRequest, requests: Mapping[int, tuple[HttpRequest, ...]], engine: Engine
) -> ServingPlan:
    """Return the plan for an image on an engine.

    Where nothing is said of ready and the image has no health check, a container that is asked over HTTP is ready once its
    port takes connections. Raises UsageError for request files and --ready that make no sense.
    """
    steps = tuple(_steps(request, requests))
    asked = list(dict.fromkeys(step.request.url.port for step in steps if step.request is not None))
    ready = parse_ready(request.start.ready, image)
    if asked and isinstance(ready, FirstOutput):
        ready = Listening(asked[0])
    if asked and isinstance(ready, ExitZero):
        raise UsageError("--ready exit: a container that has ended answers no requests", "leave it out, or give its URL")
    ports = [ready.port, *asked] if isinstance(ready, HttpAnswer | Listening) else asked
    check = parse_ready("", image)
    own_check = check.command if isinstance(check, Healthy) and not isinstance(ready, Healthy | ExitZero) else ()
    return ServingPlan(steps, ready, _reach(engine, list(dict.fromkeys(ports))), own_check)


def _steps(request: SlimRequest, requests: Mapping[int, tuple[HttpRequest, ...]]) -> Iterator[ServingStep]:
    for index, exercise in enumerate(request.exercises):
        if exercise.kind == "command":
            yield ServingStep(index, plain_line(" ".join(exercise.command), 100), command=exercise.command)
            continue
        asked = requests.get(index) or (requests_of(exercise) if exercise.kind == "http" else ())
        if not asked:
            raise UsageError(f"--exercise {exercise.told}: there are no inputs to post", "give some with --data inputs.npz")
        yield from (ServingStep(index, one.label, one) for one in asked)


def _reach(engine: Engine, ports: list[int]) -> Reach | None:
    if not ports:
        return None
    ways = [way_to(engine, port) for port in ports]
    problem = next((way.problem for way in ways if way.problem), "")
    return replace(ways[0], problem=problem, more=tuple(ports[1:]))
