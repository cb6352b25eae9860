"""simplify: fewer nodes for the same job; several tools try, and the best result that passes the judge is taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.analysis.findings.wording import size
from inspector.errors import OperationFailed
from inspector.optimize.simplification.candidates import SLACK_BYTES, Made, Workshop
from inspector.optimize.simplification.folding import foresee
from inspector.records.event import Partial, Steps
from inspector.records.optimization import (
    Attempt,
    ModelFacts,
    OptimizerName,
    OptimizeSettings,
    Outcome,
    Preflight,
    StepProgress,
    Subject,
)

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork

WORTHWHILE: Final = 0.99
"""Share of the original's bytes up to which a result of as many nodes is an improvement."""


class Simplify:
    """Folds constants, fuses, and removes what does nothing, with whichever tools do it best."""

    name: OptimizerName = "simplify"
    title = "simplify"
    description = "fold constants, fuse nodes and remove what does nothing: the same operators, fewer of them"

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:
        """Say what there is to simplify; it can always be tried."""
        from inspector.optimize.simplification.survey import survey
        from inspector.optimize.simplification.ways import ONNXSLIM

        found = survey(subject.inspection)
        warnings = []
        if found.folding.growth > SLACK_BYTES and "growth" not in settings.allow:
            warnings.append(
                f"folding every constant would add {size(found.folding.growth)} "
                f"({found.folding.largest_node} gives {size(found.folding.largest_bytes)}): only small ones are folded"
            )
        if found.custom_domains:
            warnings.append(f"operators of {', '.join(found.custom_domains)} are no standard ones: tools may refuse the model")
        if not ONNXSLIM.version:
            warnings.append(f"onnxslim is not installed and will not be tried: {ONNXSLIM.install}")
        notes = tuple(found.sentences()) or ("nothing stands out; tools may still find something",)
        return Preflight(
            True, choice="onnxsim, onnxruntime, onnxslim: the best that passes", notes=notes, warnings=tuple(warnings)
        )

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Make candidates, have the most promising judged first, and return the first that passes.

        Raises OperationFailed where the work folder cannot be written, or the token was cancelled.
        """
        yield Partial(StepProgress(self.name, "simplifying"))
        folding = foresee(subject.inspection.computation)
        workshop = Workshop(subject, Path(work.folder), work.settings, cancel, folding)
        try:
            yield from workshop.make_all()
        except OSError as error:
            raise OperationFailed(
                f"cannot write candidates: {error.strerror or error}", "free space for temporary files"
            ) from error
        promising, rest = _sort(workshop.made, subject.facts)
        attempts = [*workshop.attempts, *rest]
        yield Partial(StepProgress(self.name, "judging", tuple(attempts)))
        if not promising and workshop.held_back:
            return Outcome(None, None, workshop.held_back, tuple(attempts))
        outcome = yield from _judged(promising, attempts, judge)
        for made in workshop.made:
            if made.candidate is not outcome.best:
                made.remove()
        warnings = (f"only small constants were folded: {workshop.held_back}",) if workshop.held_back else ()
        return replace(outcome, warnings=warnings)


def _sort(made: list[Made], facts: ModelFacts) -> tuple[list[Made], list[Attempt]]:
    """Return what is worth judging, best first, and lines of the log for what is no improvement."""
    nodes = facts.node_count - facts.constant_count
    better = [
        one
        for one in made
        if one.counts.nodes < nodes or (one.counts.nodes == nodes and one.counts.size_bytes <= WORTHWHILE * facts.size_bytes)
    ]
    rest = [one.attempt("rejected", _no_improvement(one, facts)) for one in made if one not in better]
    return sorted(better, key=lambda one: one.rank), rest


def _no_improvement(made: Made, facts: ModelFacts) -> str:
    nodes = facts.node_count - facts.constant_count
    return f"no improvement: {made.counts.nodes:,} nodes without constants, {nodes:,} before"


def _judged(promising: list[Made], attempts: list[Attempt], judge: Judge) -> Steps[Outcome]:
    """Have candidates judged until one passes."""
    if not promising:
        failed = [one for one in attempts if one.outcome == "failed"]
        reason = "no tool found anything to remove"
        if failed and len(failed) == len(attempts):
            return Outcome(None, None, f"{failed[0].name}: {failed[0].reason}", tuple(attempts))
        return Outcome(None, None, reason, tuple(attempts), nothing_to_do=True)
    reasons = []
    for at, made in enumerate(promising):
        judgement = yield from judge(made.candidate)
        if judgement.passed:
            attempts.append(made.attempt("chosen"))
            attempts += [_not_judged(other, made) for other in promising[at + 1 :]]
            return Outcome(made.candidate, judgement, "", tuple(attempts))
        attempts.append(made.attempt("rejected", judgement.reason))
        reasons.append(f"{made.candidate.name}: {judgement.reason}")
    return Outcome(None, None, reasons[0], tuple(attempts))


def _not_judged(made: Made, better: Made) -> Attempt:
    reason = f"not judged: {better.candidate.name} passed and has no more nodes"
    return replace(made.attempt("not run", reason), repairs=())
