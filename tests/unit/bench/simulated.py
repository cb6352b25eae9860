"""Simulated times: before, after and the control of sessions made anew, as noisy machines give them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log
from typing import Final, Literal

Shape = Literal["lognormal", "drift", "bimodal", "ties", "heavy tails", "correlated", "one-sided"]


@dataclass(frozen=True)
class Machine:
    """How times scatter: rounds of sessions, triples in each, the spread of one run, and that of whole sessions."""

    shape: Shape
    rounds: int
    triples: int = 1
    spread: float = 0.05
    session: float = 0.0


def simulated(machine: Machine, true_ratio: float, seed: int) -> list[list[tuple[float, float, float]]]:
    """Return triples of times in ms, grouped by round; the second of each is so many times as long as the others."""
    chance = random.Random(f"{machine} {seed}")
    groups = []
    for number in range(machine.rounds):
        sessions = [chance.gauss(0, machine.session / 2**0.5) for _ in range(3)]
        level = log(10) + (0.4 * number / machine.rounds if machine.shape == "drift" else 0)
        errors = [[0.0] * 3]
        group = []
        for run in range(machine.triples):
            errors.append([_ERRORS[machine.shape](chance, machine.spread, before) for before in errors[-1]])
            common = chance.gauss(0, 0.1)  # what happens to the machine happens to all three
            if machine.shape == "drift":
                common += 0.05 * run / machine.triples
            times = [exp(level + common + sessions[place] + errors[-1][place]) for place in range(3)]
            group.append((times[0], times[1] * true_ratio, times[2]))
        groups.append(group)
    if machine.shape == "ties":  # a clock that ticks every half millisecond
        return [
            [(_tick(one), _tick(two / true_ratio) * true_ratio, _tick(three)) for one, two, three in group] for group in groups
        ]
    return groups


def _tick(time: float) -> float:
    return max(0.5, round(2 * time) / 2)


_ERRORS: Final[dict[Shape, Callable[[random.Random, float, float], float]]] = {
    "lognormal": lambda chance, spread, before: chance.gauss(0, spread),
    "drift": lambda chance, spread, before: chance.gauss(0, spread),
    "ties": lambda chance, spread, before: chance.gauss(0, spread),
    "bimodal": lambda chance, spread, before: chance.gauss(0, spread / 2) + 4 * spread * (chance.random() < 0.25),
    "heavy tails": lambda chance, spread, before: max(-5.0, min(5.0, spread * _student(chance))),
    "correlated": lambda chance, spread, before: 0.7 * before + 0.71 * chance.gauss(0, spread),
    "one-sided": lambda chance, spread, before: min(5.0, spread * (chance.paretovariate(1.5) - 1)),
}


def _student(chance: random.Random) -> float:
    """Return a value of Student's distribution with two degrees of freedom: its spread is infinite."""
    return chance.gauss(0, 1) / max(1e-9, chance.expovariate(1.0)) ** 0.5
