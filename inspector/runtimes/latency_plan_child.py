"""How often sessions are made anew within a budget, from what making and running them once took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_QUICK_ROUNDS: Final = 9
"""Times that sessions are made anew, beside the first."""
_FEWEST_ROUNDS: Final = 6
"""The fewest that give a median an interval of 95 %."""
_MOST_ROUNDS: Final = 24
_WARM_RUNS: Final = 12
"""About as many runs as it takes to see that a session is warm."""
_RESTS: Final = 2
"""Before a session is made, and before its first block."""
_FEWEST_RUNS: Final = 12
QUICK_PATIENCE: Final = 4.0
"""Budgets after which a quick measurement ends whatever it has."""
PATIENCE: Final = 3.0


@dataclass(slots=True)
class Estimate:
    """Seconds to create a session of each subject, to run each for the first time, once when warm, and until it rests then."""

    creation: float = 0.0
    first: float = 0.0
    run: float = 0.0
    rest: float = 0.0

    def add(self, creation: float, first: float, run: float, rest: float) -> None:
        """Add those of one subject, in ms."""
        self.creation += creation / 1000
        self.first += first / 1000
        self.run += run / 1000
        self.rest += rest / 1000


def patience(quick: bool) -> float:
    """Return the budgets after which a measurement ends whatever it has."""
    return QUICK_PATIENCE if quick else PATIENCE


def planned_rounds(estimate: Estimate, budget_seconds: float, quick: bool) -> int:
    """Return how often to make sessions: fewer times than wanted only where that alone takes too long; one at least."""
    ahead, wanted = estimate.creation, _QUICK_ROUNDS
    if not quick:
        ahead = estimate.creation + estimate.first + _WARM_RUNS * estimate.run + _RESTS * estimate.rest
        wanted = _FEWEST_ROUNDS
    if wanted * ahead < budget_seconds / 2:
        return min(_MOST_ROUNDS, max(wanted, int(budget_seconds / 4 / max(ahead, 1e-6))))
    made = estimate.creation if quick else estimate.creation + estimate.first
    if _FEWEST_ROUNDS * made + _FEWEST_RUNS * estimate.run < (patience(quick) - 1) * budget_seconds:
        return _FEWEST_ROUNDS
    return max(1, int(budget_seconds / max(made, 1e-6)))
