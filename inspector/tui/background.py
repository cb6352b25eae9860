"""Work on the open artifact that goes on beside the screen, one step after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from textual.message_pump import MessagePump

from inspector.isolation.limits import CancelToken
from inspector.records.event import Event
from inspector.tui.jobs import Job, Jobs

if TYPE_CHECKING:
    from inspector.records.image_inspection import ImageInspection
    from inspector.records.inspection import Inspection
    from inspector.records.opened import Opened


Step = Callable[[Any, CancelToken], Iterator[Event[Any]]]
"""From what is known of an artifact to events about it that carry more of the same kind."""


class Background:
    """A queue of steps, each a job that starts from what is known when its turn comes."""

    def __init__(self, jobs: Jobs, owner: MessagePump) -> None:
        self._jobs = jobs
        self._owner = owner
        self._steps: list[tuple[str, Step]] = []
        self._job: Job | None = None

    @property
    def pending(self) -> bool:
        """Whether a step is running, or waits for its turn, or has said things that are not taken in yet."""
        return self._job is not None or bool(self._steps)

    def is_running(self, job: Job) -> bool:
        """Return whether the job is the current step."""
        return job is self._job

    def complete(self, inspection: Inspection) -> None:
        """Queue what a fresh inspection lacks: inferred shapes, compared weights."""
        if not inspection.computation.inferred:
            self.add("inferring shapes", _infer_shapes)
        if not inspection.weights_compared:
            self.add("comparing weights", _compare_weights)

    def evaluate(self, batch: int, settings: Mapping[str, int]) -> None:
        """Queue an analysis at other values of symbolic dimensions."""

        def step(inspection: Inspection, _: CancelToken) -> Iterator[Event[Inspection]]:
            from inspector.workflows.analyse import evaluate

            return evaluate(inspection, batch, settings)

        self.add("evaluating", step)

    def read_everything(self) -> None:
        """Queue what takes reading every byte: digests, and equal weights confirmed to the last."""
        self.add("reading every byte", _read_everything)

    def verify_digests(self) -> None:
        """Queue what compares the digests of all layers with what they hold."""
        self.add("verifying digests", _verify_digests)

    def add(self, title: str, step: Step) -> None:
        """Queue a step."""
        self._steps.append((title, step))

    def go_on(self, inspection: Opened) -> None:
        """Start the next step unless one is under way: it is until end() is called, whatever its thread does."""
        if self._job is None and self._steps:
            title, step = self._steps.pop(0)
            self._job = self._jobs.start(title, lambda token: step(inspection, token), self._owner)

    def end(self) -> None:
        """Take the current step as done: its last event has been handled."""
        self._job = None

    def stop(self) -> None:
        """Stop the current step and forget the others."""
        self._steps = []
        if self._job is not None:
            self._jobs.cancel(self._job)
            self._job = None


def _infer_shapes(inspection: Inspection, token: CancelToken) -> Iterator[Event[Inspection]]:
    from inspector.workflows.shapes import infer_shapes

    return infer_shapes(inspection, cancel=token)


def _compare_weights(inspection: Inspection, _: CancelToken) -> Iterator[Event[Inspection]]:
    from inspector.workflows.weights import compare_weights

    return compare_weights(inspection)


def _read_everything(inspection: Inspection, _: CancelToken) -> Iterator[Event[Inspection]]:
    from inspector.workflows.digests import read_everything

    return read_everything(inspection)


def _verify_digests(inspection: ImageInspection, token: CancelToken) -> Iterator[Event[ImageInspection]]:
    from inspector.workflows.verify_image import verify_image

    return verify_image(inspection, token)
