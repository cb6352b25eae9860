"""What became of each rung, in words."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.errors import InspectorError
from inspector.records.optimization import Attempt, Candidate, Judgement


def reason_of(error: InspectorError) -> str:
    """Return why something failed; a cancelled child is no reason but the end, and is raised again."""
    if getattr(error, "kind", "") == "cancelled":
        raise error
    return f"{error.message} ({error.hint})" if error.hint else error.message


def attempt_of(candidate: Candidate, judgement: Judgement, seconds: float, peak_bytes: int | None) -> Attempt:
    """Return a judged candidate as a line of the log."""
    facts, outputs = judgement.facts, judgement.parity.outputs if judgement.parity else ()
    return Attempt(
        name=candidate.name,
        outcome="chosen" if judgement.passed else "rejected",
        reason=judgement.reason,
        size_bytes=facts.size_bytes if facts else None,
        node_count=facts.node_count if facts else None,
        worst_sqnr_db=min((one.sqnr_db for one in outputs if one.sqnr_db is not None), default=None),
        worst_cosine=min((one.cosine for one in outputs if one.cosine is not None), default=None),
        repairs=candidate.repairs,
        seconds=seconds,
        peak_bytes=peak_bytes,
    )


def summary(attempts: Sequence[Attempt]) -> str:
    """Return why no rung passed, in one line: each one's own reason."""
    said = [f"{one.name}: {one.reason}" for one in attempts if one.reason]
    return "no candidate passed: " + "; ".join(said) if said else "no candidate passed"
