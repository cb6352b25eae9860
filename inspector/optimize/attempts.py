"""What every step logs alike: a judged candidate as a line, and a failure as a reason."""

from __future__ import annotations

from inspector.errors import InspectorError
from inspector.records.optimization import Attempt, Candidate, Judgement


def attempt_of(candidate: Candidate, judgement: Judgement, seconds: float = 0.0, peak_bytes: int | None = None) -> Attempt:
    """Return a judged candidate as a line of a step's log, passed or rejected."""
    facts, outputs = judgement.facts, judgement.parity.outputs if judgement.parity else ()
    return Attempt(
        name=candidate.name,
        outcome="passed" if judgement.passed else "rejected",
        reason=judgement.reason,
        size_bytes=facts.size_bytes if facts else None,
        node_count=facts.node_count if facts else None,
        worst_sqnr_db=min((one.sqnr_db for one in outputs if one.sqnr_db is not None), default=None),
        worst_cosine=min((one.cosine for one in outputs if one.cosine is not None), default=None),
        repairs=candidate.repairs,
        seconds=seconds,
        peak_bytes=peak_bytes,
    )


def reason_of(error: InspectorError) -> str:
    """Return why something failed, as a reason; a cancelled child is no reason but the end, and is raised again."""
    if getattr(error, "kind", "") == "cancelled":
        raise error
    return f"{error.message} ({error.hint})" if error.hint else error.message
