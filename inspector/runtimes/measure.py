"""What a quick measurement of two side by side needs and gives; the work is in measure_child."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from inspector.records.optimization import InputSet
from inspector.records.runnable import Runnable

ENTRY: Final = "inspector.runtimes.measure_child:measure_in_child"

Triple = tuple[float, float, float]
"""Of the original, the changed one, and the original once more in sessions of its own, as control."""


@dataclass(frozen=True, slots=True)
class MeasureRequest:
    """How two are called, what to feed them, and how long to go on, in seconds.

    "together" holds a session of each subject at once and interleaves runs; "in turns" holds one session at a time.
    """

    before: Runnable
    after: Runnable
    inputs: InputSet
    threads: int
    budget_seconds: float
    seed: int
    mode: Literal["together", "in turns"] = "together"


@dataclass(frozen=True, slots=True)
class Round:
    """Sessions made anew: ms to create each, of its first run, and of paired runs when warm; by subject as in Triple."""

    creation: Triple
    first_run: Triple
    runs: tuple[Triple, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureAnswer:
    """Everything that was timed, in the order it was; the first session of the process apart, in ms, and whose it was."""

    first_creation: float
    first_subject: str
    rounds: tuple[Round, ...]
    threads: int
    repeats: int = 1
    """The most runs that one sample is the mean of."""
    feeds: int = 1
    """Distinct inputs that were used."""
    notes: tuple[str, ...] = ()
