"""By simulation: how often intervals hold, how often equal things are called different, and what slowdown is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from inspector.bench.cold_start import EARLIEST_ROUNDS
from inspector.bench.compare import FEWEST_PAIRS, Basis, compared, is_tight
from inspector.records.measurement import Comparison
from tests.unit.bench.simulated import Machine, simulated

BASIS: Final = Basis("latency")
TRIALS: Final = 80
RESAMPLES: Final = 200
COVERAGE: Final = 0.93
FALSE_CLAIMS: Final = 0.05

MACHINES: Final = [
    Machine("lognormal", 7),
    Machine("heavy tails", 30),
    Machine("bimodal", 20),
    Machine("ties", 25),
    Machine("one-sided", 20),
    Machine("drift", 30),
    Machine("lognormal", 3, 20, session=0.03),
    Machine("lognormal", 6, 20, session=0.05),
    Machine("lognormal", 9, 12),
    Machine("lognormal", 9, 20, session=0.1),
    Machine("correlated", 9, 20, session=0.02),
    Machine("heavy tails", 9, 12, session=0.03),
    Machine("bimodal", 9, 12, session=0.03),
    Machine("drift", 12, 8, session=0.03),
    Machine("correlated", 1, 150),
]


SLOWED: Final = [  # what the default budget gives
    Machine("lognormal", 10, spread=0.03),
    Machine("lognormal", 20, spread=0.05),
    Machine("heavy tails", 24, spread=0.03),
    Machine("bimodal", 20, spread=0.025),
    Machine("correlated", 9, 20, session=0.02),
]
LONGEST: Final = 40


def shown(machine: Machine, true_ratio: float, trials: int = TRIALS) -> Iterator[Comparison]:
    """Yield what comparisons of so many simulated measurements show."""
    for trial in range(trials):
        yield compared(BASIS, simulated(machine, true_ratio, trial), trial, resamples=RESAMPLES)


@pytest.mark.parametrize("machine", MACHINES, ids=str)
def test_intervals_hold_and_equal_things_are_not_called_different(machine: Machine) -> None:
    found = list(shown(machine, 1.0))
    held = sum(one.low <= 1.0 <= one.high for one in found)
    control_held = sum((one.noise_low or 0) <= 1.0 <= (one.noise_high or 0) for one in found)
    claimed = sum(one.verdict != "no difference shown" for one in found)
    assert (held + control_held) / 2 / TRIALS >= COVERAGE
    assert claimed / TRIALS <= FALSE_CLAIMS


@pytest.mark.parametrize("machine", SLOWED, ids=str)
def test_a_tenth_slower_is_found(machine: Machine) -> None:
    found = Counter(one.verdict for one in shown(machine, 1.1, 50))
    assert found["slower"] >= 0.8 * 50
    assert found["faster"] == 0


@dataclass(frozen=True)
class Ended:
    """A measurement that ended by itself: after how many pairs, with what verdict, and what it had ever said before."""

    pairs: int
    verdict: str
    ever: frozenset[str]


def measured_until_tight(machine: Machine, true_ratio: float, trial: int) -> Ended:
    """Look after every pair, as a measurement does, and stop as soon as the interval is tight."""
    triples = simulated(machine, true_ratio, trial)
    ever = set()
    for pairs in range(FEWEST_PAIRS, machine.rounds + 1):
        found = compared(BASIS, triples[:pairs], trial, resamples=1)  # of single pairs the sign test is the wider one
        ever.add(found.verdict)
        if pairs >= EARLIEST_ROUNDS and is_tight(found):
            break
    return Ended(pairs, found.verdict, frozenset(ever))


@pytest.mark.parametrize("spread", [0.01, 0.02, 0.05])
def test_stopping_when_tight_claims_no_more_than_a_fixed_number_of_pairs(spread: float) -> None:
    trials = 80
    found = [measured_until_tight(Machine("lognormal", LONGEST, spread=spread), 1.0, trial) for trial in range(trials)]
    assert sum(one.verdict != "no difference shown" for one in found) / trials <= 0.075
    assert sum(len(one.ever) > 1 for one in found) / trials <= 0.075  # not even to somebody who watches and stops at will
    early = sum(one.pairs < LONGEST for one in found)
    assert early > 0.9 * trials if spread == 0.01 else True


def test_a_large_difference_ends_it_sooner_and_is_found() -> None:
    found = [measured_until_tight(Machine("lognormal", LONGEST, spread=0.05), 2.0, trial) for trial in range(20)]
    assert all(one.verdict == "slower" for one in found)
    assert sum(one.pairs for one in found) / 20 < 0.7 * LONGEST
