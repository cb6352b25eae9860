"""What every optimizer is: it says what it needs, makes candidates, and has each of them judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from inspector.isolation.limits import CancelToken
from inspector.records.benchmark import StartupCandidate, StartupFile
from inspector.records.event import Steps
from inspector.records.measurement import Comparison
from inspector.records.optimization import (
    Candidate,
    InputSet,
    Judgement,
    OptimizerName,
    OptimizeSettings,
    Outcome,
    Preflight,
    Reference,
    SignatureWork,
    Subject,
)
from inspector.records.runnable import Runnable

Judge = Callable[[Candidate], Steps[Judgement]]
"""Holds a candidate against the original: readable, checker, load, contract, parity, conformance, in this order, until one
fails; whoever calls runs it with `yield from`."""


Race = Callable[[str, tuple[StartupFile, ...], CancelToken], Steps[tuple[StartupCandidate, ...]]]
"""Starts the model at a path and files made of it side by side, and says which starts soonest."""


Timing = Callable[[Runnable, Runnable], Steps[tuple[Comparison, ...]]]
"""Times two ways of calling the same signature side by side: loading, and runs when warm."""


@dataclass(frozen=True, slots=True)
class StepWork:
    """What a step may use: a private, empty folder, inputs to calibrate on and others to judge by, what the original gave for
    the latter, and what times starts and runs (None: nothing is to be timed)."""

    folder: str
    settings: OptimizeSettings
    calibration: InputSet
    reference: Reference
    race: Race | None = None
    signatures: tuple[SignatureWork, ...] = ()
    """Of a SavedModel: every signature, the default one first; calibration and reference above are that one's."""
    timing: Timing | None = None


class Optimizer(Protocol):
    """One way to make a model smaller or faster: requires → apply → (the judge) ensures."""

    name: OptimizerName
    title: str
    """What it is, in a few words: "fp16"."""
    description: str
    """What it does, in a sentence."""

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        """Say without running anything whether it can work on the subject, and what it would do and why."""
        ...

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Make candidates from subject.path, which is only read, have them judged, and return the best that passed.

        Native code runs in children bounded by work.settings; a child that fails becomes an Attempt with its reason.
        Raises OperationFailed only where the work folder cannot be written, or the token was cancelled.
        """
        ...
