"""What a workflow says while it runs; front ends draw these and do nothing else."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result", covariant=True)


@dataclass(frozen=True, slots=True)
class Started:
    """Work has begun; title is a short phrase such as "inferring shapes"."""

    title: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: done of total (total 0: unknown), in whatever unit note names."""

    done: int
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something went less well than hoped; the work goes on."""

    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Result]):
    """The last event of a workflow that succeeded; failures raise InspectorError instead."""

    result: Result


@dataclass(frozen=True, slots=True)
class Partial(Generic[Result]):
    """A result that can be shown already; a later event carries a fuller one of the same kind."""

    result: Result


Event = Started | Progress | Warned | Partial[Result] | Finished[Result]

Steps = Generator[Event[Any], None, Value]
"""Part of a workflow: yields what it says, returns what it makes; `yield from` runs it within another one."""


def result_of(events: Iterable[Event[Value]]) -> Steps[Value]:
    """Pass on what a workflow says and return its result."""
    return (yield from finish(events)).result


def finish(events: Iterable[Event[Value]]) -> Steps[Finished[Value]]:
    """Pass on what a workflow says and return its last event, which of a child knows its memory and time."""
    for event in events:
        if isinstance(event, Finished):
            return event
        yield event
    raise AssertionError("a workflow ended without a result")
