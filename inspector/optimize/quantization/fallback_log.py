"""The log of a search: a line for every candidate, whether made now or by an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from inspector.optimize.quantization.fallback_trial import Tried
from inspector.optimize.quantization.resume import EARLIER, Rejected
from inspector.records.optimization import Attempt, Candidate, Judgement


def judged(candidate: Candidate, judgement: Judgement, seconds: float) -> Attempt:
    """Return a judged candidate as a line of the log."""
    outputs = judgement.parity.outputs if judgement.parity else ()
    return Attempt(
        candidate.name,
        "passed" if judgement.passed else "rejected",
        judgement.reason,
        judgement.facts.size_bytes if judgement.facts else None,
        judgement.facts.node_count if judgement.facts else None,
        min((one.sqnr_db for one in outputs if one.sqnr_db is not None), default=None),
        min((one.cosine for one in outputs if one.cosine is not None), default=None),
        candidate.repairs,
        seconds,
    )


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
