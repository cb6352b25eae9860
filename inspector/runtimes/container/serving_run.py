"""One container from its start to its end, everything it is made to do in between, and what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Final

from inspector.engines.stream import Stopped
from inspector.errors import InspectorError
from inspector.isolation.plain_line import plain_line
from inspector.records.event import Progress
from inspector.records.serving import Answer, Observation, Served
from inspector.runtimes.container.live_container import LiveContainer
from inspector.runtimes.container.readiness import ExitZero
from inspector.runtimes.container.sending import NotStarted
from inspector.runtimes.container.serving_plan import TURNS, ServingStep
from inspector.runtimes.container.serving_session import ServingSession
from inspector.runtimes.container.serving_step import Performer

OWN: Final = -1
"""In the place of an exercise's index: of what the image brings itself."""
OWN_COMMAND: Final = "the image's own command"
HEALTH_CHECK: Final = "its health check"
_IN_PLACE: Final = " (in place of the image's command)"
_CHECK_SECONDS: Final = 30.0
"""What engines give a health check."""

Doing = Generator[Progress, None, Served]


class ServingRun:
    """Runs in a thread of its own: engines answer when they like. over is set once its containers are gone."""

    def __init__(self, session: ServingSession, deadline: float, observed: bool) -> None:
        self.over = threading.Event()
        self._session = session
        self._deadline = deadline
        self._observed = observed
        self._stop = threading.Event()

    def results(self, stop: threading.Event) -> Iterator[Progress | Served]:
        """Yield each step that is done, and last what came of it all, whatever that is. Raises Stopped."""
        self._stop = stop
        self._performer = Performer(self._session, stop)
        try:
            yield (yield from self._served())
        finally:
            self.over.set()

    def _served(self) -> Doing:
        try:
            image = self._session.copy(self._stop, self._deadline).name
        except NotStarted as problem:
            return Served(failure=str(problem))
        except InspectorError as error:
            return Served(failure=plain_line(error.message))
        plan = self._session.plan
        if plan.only_commands and not self._session.has_command():
            return (yield from self._one_by_one(image, Served()))
        return (yield from self._own_command(image))

    def _own_command(self, image: str) -> Doing:
        """Run what the image runs and ask it everything."""
        session, plan = self._session, self._session.plan
        live = LiveContainer(session, image, session.request.start, plan.ready, plan.reach, self._deadline, self._observed)
        with live:
            live.start(self._stop)
            if live.has_ended and live.watched.code == 0:
                return (yield from self._after_its_end(image, live))
            answers: list[Answer] = []
            if not live.failure:
                yield from self._ask(live, answers)
            return self._finished(live, answers)

    def _after_its_end(self, image: str, live: LiveContainer) -> Doing:
        """Go on after a command that has ended by itself, with 0: a batch job, or nothing that serves."""
        live.watched.output_ended.wait(2)
        printed, complained = live.streams()
        plan = self._session.plan
        own = Answer(OWN, OWN_COMMAND, 0, 0, "", printed, len(printed), "", complained)
        if plan.only_commands:
            live.failure = ""
        elif plan.steps:
            live.failure = live.end_told("before it was asked")
        served = self._finished(live, [own])
        return (yield from self._one_by_one(image, served)) if plan.only_commands and not served.failure else served

    def _ask(self, live: LiveContainer, answers: list[Answer]) -> Generator[Progress]:
        """Do all steps, in turns; the first one that gives no answer is the last."""
        plan = self._session.plan
        total = TURNS * len(plan.steps)
        for turn in range(TURNS):
            for step in plan.steps:
                answer = self._performer.perform(live, step, turn, self._deadline)
                answers.append(answer)
                yield Progress(len(answers), total, step.label)
                if answer.failure:
                    live.failure = f"{step.label}: {answer.failure}"
                    return
        if plan.check:
            step = ServingStep(OWN, HEALTH_CHECK, command=plan.check)
            checked = self._performer.perform(live, step, 0, min(self._deadline, time.monotonic() + _CHECK_SECONDS))
            if checked.failure:
                live.notes.append(f"{HEALTH_CHECK}: {checked.failure}")
            else:
                answers.append(replace(checked, body=b"", body_bytes=0, sha256="", errors=b""))

    def _finished(self, live: LiveContainer, answers: list[Answer]) -> Served:
        """Stop the container and put together what came of it."""
        code = live.watched.code if live.failure else live.stop(self._stop)
        printed, complained = live.streams()
        observation = live.observation()
        reach = self._session.plan.reach
        notes = (*([reach.note] if reach is not None and reach.note else ()), *live.notes)
        return Served(tuple(answers), printed, complained, code, live.ready_ms, live.failure, observation, notes)

    def _one_by_one(self, image: str, served: Served) -> Doing:
        """Run each command in a container of its own, in the place of the image's; served is what was done before."""
        served = replace(served, notes=(*served.notes, "commands ran in the place of the image's, which does not go on"))
        steps = self._session.plan.steps
        for index, step in enumerate(steps):
            done = self._instead(image, step)
            observation = _merged(served.observation, done.observation)
            notes = tuple(dict.fromkeys((*served.notes, *done.notes)))
            answers = (*served.answers, *done.answers)
            code = done.exit_code if served.exit_code in (None, 0) else served.exit_code
            served = replace(
                served, answers=answers, exit_code=code, failure=done.failure, observation=observation, notes=notes
            )
            yield Progress(index + 1, len(steps), step.label)
            if served.failure:
                break
        return served

    def _instead(self, image: str, step: ServingStep) -> Served:
        start = replace(self._session.request.start, command=step.command)
        live = LiveContainer(self._session, image, start, ExitZero(), None, self._deadline, self._observed)
        with live:
            live.start(self._stop)
            if self._stop.is_set():
                raise Stopped
            if live.has_ended and live.watched.code is not None and not live.watched.output.is_too_much:
                live.failure = ""  # any exit code is an answer
            elif live.failure:
                live.failure = f"{step.label}: {live.failure}"
            served = self._finished(live, [])
            if served.failure:
                return served
            label = step.label + _IN_PLACE
            answer = Answer(
                step.exercise, label, 0, live.watched.code, "", served.stdout, len(served.stdout), "", served.stderr
            )
            return replace(served, answers=(answer,))


def _merged(first: Observation | None, second: Observation | None) -> Observation | None:
    """Return what either saw."""
    if first is None or second is None:
        return first or second
    return Observation(
        first.opened | second.opened,
        first.executed | second.executed,
        first.listed | second.listed,
        first.lost + second.lost,
        tuple(dict.fromkeys((*first.notes, *second.notes))),
    )
