"""Takes the place of a session of slimming: tells what was recorded, so that the screen can be looked at at any moment."""

from __future__ import annotations

import time
from collections.abc import Iterator

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event, Finished, Partial, Progress, Started, Warned
from inspector.records.image_inspection import ImageInspection
from inspector.records.slimming import Slimming, SlimProgress, SlimRequest, SlimSurvey


class Recorded:
    """What sessions tell, and what they were asked for; takes the place of what makes them."""

    def __init__(
        self,
        survey: SlimSurvey,
        *told: SlimProgress,
        result: Slimming | None = None,
        error: Exception | None = None,
        no_survey: Exception | None = None,
    ) -> None:
        """Without result and error a run waits to be stopped."""
        self.survey = survey
        self.told = told
        self.result = result
        self.error = error
        self.no_survey = no_survey
        self.ran: list[SlimRequest] = []
        self.saved: list[str] = []
        self.closed = 0

    def __call__(self, inspection: ImageInspection, request: SlimRequest) -> SessionStandIn:
        return SessionStandIn(self, inspection, request)


class SessionStandIn:
    """One session."""

    def __init__(self, recorded: Recorded, inspection: ImageInspection, request: SlimRequest) -> None:
        self._recorded = recorded
        self.inspection = inspection
        self.request = request

    def survey(self) -> SlimSurvey:
        if self._recorded.no_survey is not None:
            raise self._recorded.no_survey
        return self._recorded.survey

    def run(self, cancel: CancelToken) -> Iterator[Event[Slimming]]:
        recorded = self._recorded
        recorded.ran.append(self.request)
        yield Started("getting ready to slim")
        yield Progress(1, 3, "of it")
        for progress in recorded.told:
            yield Partial(progress)  # type: ignore[misc]
        if recorded.error is not None:
            raise recorded.error
        while recorded.result is None and not cancel.cancelled:
            time.sleep(0.01)
        if recorded.result is not None:
            yield Warned("an engine is slow")
            yield Finished(recorded.result)

    def save(self, target: str, cancel: CancelToken) -> Iterator[Event[Slimming]]:
        from dataclasses import replace

        assert self._recorded.result is not None
        assert not cancel.cancelled
        self._recorded.saved.append(target)
        steps = self._recorded.result.steps
        written = (*steps[:-1], replace(steps[-1], output=target))
        yield Finished(replace(self._recorded.result, steps=written, output=target))

    def close(self) -> None:
        self._recorded.closed += 1
