"""The part of a review about slimming an image, and what was measured of the original and the slimmed one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from inspector.records.optimization import Change, ChangeVerdict, ModelFacts

if TYPE_CHECKING:
    from inspector.records.benchmark import BenchResult
    from inspector.records.review import Review
    from inspector.records.slimming import Slimming, SlimStep, SlimVerdict
    from inspector.records.written_image import ImageBytes

_VERDICTS: Final[Mapping[SlimVerdict, ChangeVerdict]] = {
    "proven": "accepted",
    "not proven": "accepted",
    "nothing to do": "nothing to do",
    "rejected": "rejected",
    "cannot run": "cannot run",
}


def with_slimming(review: Review, slimming: Slimming, measured: BenchResult | None = None) -> Review:
    """Return the review of the original with every level, a change for each, and what was measured of both images.

    comparisons are those of measured, or, without it, the starts that are part of the last accepted level's proof.
    """
    accepted = [step for step in slimming.steps if step.status == "accepted"]
    proof = accepted[-1].proof if accepted else None
    made = replace(
        review,
        slimming=slimming,
        changes=(*review.changes, *map(_change, slimming.steps)),
        comparisons=proof.starts if proof is not None else (),
        warnings=(*review.warnings, *slimming.warnings),
    )
    if measured is None:
        return made
    from inspector.workflows.bench_review import with_benchmarks

    return with_benchmarks(made, measured, None)


def _change(step: SlimStep) -> Change:
    """Return a level as the change that other optimizers' steps are; a level that nothing proves says so in its reason."""
    return Change(
        optimizer="slim",
        status=step.status,
        verdict=_verdict(step),
        reason=_reason(step),
        before=_facts(step.before),
        after=_facts(step.after) if step.after is not None else None,
        output=step.output,
        choice=step.level,
        comparisons=step.proof.starts if step.proof is not None else (),
        warnings=step.warnings,
        seconds=step.seconds,
    )


def _verdict(step: SlimStep) -> ChangeVerdict:
    verdict = _VERDICTS[step.verdict]
    starts = step.proof.starts if step.proof is not None else ()
    slower = any(one.verdict == "slower" and not one.phase for one in starts)
    return "smaller but slower" if verdict == "accepted" and slower else verdict


def _reason(step: SlimStep) -> str:
    if step.verdict != "not proven" or step.reason.startswith(step.verdict):
        return step.reason
    return f"not proven: {step.reason or (step.proof.reason if step.proof is not None else '')}".rstrip(": ")


def _facts(image: ImageBytes) -> ModelFacts:
    return ModelFacts(image.size_bytes, 0, 0)
