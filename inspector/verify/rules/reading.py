"""What a rule looks at: figures, and what is read of them in a review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from inspector.records.review import Review

Unit = Literal["bytes", "ms", "count", "share", "dB", "number", "a second", "word", "version"]

Side = Literal["now", "before"]
"""now: what came out of the work (the last accepted change, the artifact compared with), or the artifact where nothing was
done; before: the artifact that work began with, where there is more than one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a figure, or why it is not known.

    low and high are the interval around a value that was measured. key tells values of one figure apart (conditions), so that
    they find what they were before; where says the same to a person. noise is the smallest ratio above 1 that says something,
    as the original measured against itself gives it.
    """

    value: float | str | None
    low: float | None = None
    high: float | None = None
    key: str = ""
    where: str = ""
    unknown: str = ""
    noise: float | None = None
    note: str = ""
    absent: bool = False
    """Whether the review has nothing of the kind, so that something has to be asked for."""


Read = Callable[[Review, Side], Sequence[Reading]]
"""Reads a figure; no reading at all: the review has nothing of that side."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something a rule can look at: its name as it is written, its unit, what it is, and how it is read.

    needs says what to add to the command line where a review does not have it. words are those it can be, where they are known;
    ratios reads what was compared within one review, before and after measured in turns.
    """

    name: str
    unit: Unit
    what: str
    read: Read
    needs: str = ""
    words: tuple[str, ...] = ()
    ratios: Callable[[Review], Sequence[Reading]] | None = None


def nothing(reason: str) -> tuple[Reading, ...]:
    """Return the one reading of what is not known."""
    return (Reading(None, unknown=reason, absent=True),)


def one(value: float | str | None, where: str = "", unknown: str = "not known") -> tuple[Reading, ...]:
    """Return the one reading of a value; None: it is not known."""
    return (Reading(value, where=where, unknown=unknown if value is None else ""),)
