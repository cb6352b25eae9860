"""What a plan comes to: one turn for each set of conditions, and how much of the time there is each of them gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Final

from inspector.records.measurement import Conditions

if TYPE_CHECKING:
    from inspector.records.artifact import Format
    from inspector.records.benchmark import BenchKind, BenchPlan

CAPACITY_LOADS_WEIGHT: Final = 0.5
"""An open loop needs less time than a closed one: its rate is known, and only the tail is new."""

SAVED_MODEL_STARTS_WEIGHT: Final = 2.0
"""Importing TensorFlow alone takes several seconds."""

FEWEST_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One set of conditions to measure under, and its share of the time relative to the others."""

    kind: BenchKind
    conditions: Conditions
    weight: float = 1.0


def schedule(plan: BenchPlan, artifact_format: Format) -> tuple[Turn, ...]:
    """Return every turn in order; what an artifact of the format has no use for is left out.

    An image has neither batches nor threads nor an open loop of its own: only its starts are measured, cold from a pull of all
    its layers, warm from layers that the engine has.
    """
    turns: list[Turn] = []
    if "cold_start" in plan.kinds:
        turns += _starts(plan, artifact_format)
    if "latency" in plan.kinds and artifact_format != "image":
        turns += _latencies(plan)
    return tuple(turns)


def _starts(plan: BenchPlan, artifact_format: Format) -> Iterator[Turn]:
    threads = 0 if artifact_format == "image" else plan.threads[0]
    weight = SAVED_MODEL_STARTS_WEIGHT if artifact_format == "saved_model" else 1.0
    for cpus, cache in product((None, *plan.cpus), plan.caches):
        yield Turn("cold_start", Conditions(threads=threads, cache=cache, cpus=cpus), weight)


def _latencies(plan: BenchPlan) -> Iterator[Turn]:
    for threads, batch in product(plan.threads, plan.batches):
        closed = Conditions(threads=threads, batch=batch)
        yield Turn("latency", closed)
        for load in plan.loads:
            yield Turn("latency", replace(closed, load=load), CAPACITY_LOADS_WEIGHT)


def seconds_for(turn: Turn, rest: tuple[Turn, ...], seconds_left: float, reserved_weight: float = 0.0) -> float:
    """Return the share of what is left that a turn gets before the rest; what an earlier one did not need goes to all.

    It is never less than what it takes to measure anything at all, budget or not.
    """
    weights = turn.weight + sum(one.weight for one in rest) + reserved_weight
    return max(FEWEST_SECONDS * turn.weight, seconds_left * turn.weight / weights)
