"""The log of a search: a line for every candidate, whether made now or by an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from inspector.optimize.quantization.fallback_trial import Tried
from inspector.optimize.quantization.resume import EARLIER, Rejected
from inspector.records.optimization import Attempt


def recalled(known: Rejected) -> Attempt:
    """Return what an earlier run found as a line of this run's log."""
    outcome: Literal["rejected", "failed"] = "failed" if known.outcome == "failed" else "rejected"
    return Attempt(
        f"{known.name} ({EARLIER})",
        outcome,
        known.reason,
        known.size_bytes,
        worst_sqnr_db=known.sqnr_db,
        worst_cosine=known.cosine,
    )


def chosen(attempts: Sequence[Attempt], best: Tried | None) -> tuple[Attempt, ...]:
    """Return the log with the candidate that was taken marked."""
    marked = list(attempts)
    if best is not None and best.candidate is not None:
        for place in reversed(range(len(marked))):
            if marked[place].name == best.candidate.name and marked[place].outcome == "passed":
                marked[place] = replace(marked[place], outcome="chosen")
                break
    return tuple(marked)
