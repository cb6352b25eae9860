"""simplify, of a SavedModel: variables become constants and the graph is rewritten, where measuring shows that it pays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.analysis.findings.wording import size
from inspector.errors import InspectorError
from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.attempts import attempt_of, reason_of
from inspector.optimize.freezing.requests import FreezeRequest, Frozen, FrozenModel
from inspector.optimize.freezing.ways import RECIPES, SHARED
from inspector.records.event import Partial, Started, Steps, finish
from inspector.records.measurement import Comparison
from inspector.records.optimization import (
    Attempt,
    Candidate,
    Judgement,
    OptimizerName,
    OptimizeSettings,
    Outcome,
    Preflight,
    StepProgress,
    Subject,
)
from inspector.records.runnable import Runnable
from inspector.runtimes.tensorflow.availability import missing_tensorflow, tensorflow_version
from inspector.runtimes.tensorflow.child_environment import tensorflow_environment

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork

WORTHWHILE: Final = 0.99
"""Share of the original's bytes up to which a result is smaller."""

_ENTRY: Final = "inspector.optimize.freezing.freeze_child:freeze"
_LARGEST: Final = (1 << 31) - (1 << 20)
_KINDS: Final = {"session_creation": "loading", "latency": "latency"}


@dataclass(frozen=True, slots=True)
class _Proven:
    """A candidate that passed the judge, and how it compares."""

    candidate: Candidate
    judgement: Judgement
    size_bytes: int
    comparisons: tuple[Comparison, ...]

    def verdicts(self, verdict: str) -> int:
        return sum(one.verdict == verdict for one in self.comparisons)


class SimplifySavedModel:
    """Folds what can be folded, for good: no checkpoint to restore, no graph to rewrite at every load."""

    name: OptimizerName = "simplify"
    title = "simplify"
    description = "freeze variables to constants and fold what they make constant, where it is smaller or faster"

    def requires(self, subject: Subject, settings: OptimizeSettings) -> Preflight:  # noqa: ARG002 - the protocol's
        """Say whether it can be frozen as far as the facts tell."""
        facts = subject.inspection.computation.saved_model
        if facts is None:
            return Preflight(False, "it is no SavedModel")
        if missing := missing_tensorflow():
            return Preflight(False, missing)
        main = facts.main
        if not main.signatures:
            return Preflight(False, "it has no signature, and only what signatures run is kept")
        if main.tables:
            return Preflight(
                False, f"table {main.tables[0].name} is filled when the SavedModel is loaded: a graph of constants has none"
            )
        if subject.facts.weight_bytes > _LARGEST:
            return Preflight(False, f"weights of {size(subject.facts.weight_bytes)} do not fit into one graph of constants")
        served = sum(variable.byte_count for variable in facts.variables if variable.role == "parameter")
        return Preflight(
            True,
            choice="frozen, and frozen with the graph rewritten: the better of what passes",
            notes=(
                f"{len(facts.variables)} variables; {size(served)} of them are parameters",
                "kept only if smaller or faster",
            ),
            warnings=("weights become part of the graph: it cannot be trained further",),
        )

    def apply(self, subject: Subject, work: StepWork, judge: Judge, cancel: CancelToken) -> Steps[Outcome]:
        """Make both candidates, have them judged and timed, and return the better one if it is smaller or faster.

        Raises OperationFailed only where the token was cancelled.
        """
        yield Partial(StepProgress(self.name, "freezing"))
        try:
            done = yield from _freeze(subject, work, cancel)
        except InspectorError as error:
            reason = reason_of(error)
            return Outcome(None, None, reason, (Attempt("frozen", "failed", reason),))
        attempts: list[Attempt] = []
        proven: list[_Proven] = []
        for model in _worth_judging(done.result.models, subject, work.settings, attempts):
            candidate = _candidate(model, work, done.result.repairs)
            yield Partial(StepProgress(self.name, f"judging {candidate.name}", tuple(attempts)))
            judgement = yield from judge(candidate)
            attempts.append(attempt_of(candidate, judgement, done.seconds, done.peak_bytes))
            if judgement.passed:
                comparisons = yield from _timed(work, candidate)
                proven.append(_Proven(candidate, judgement, model.size_bytes, comparisons))
        return _chosen(proven, attempts, subject)


def _freeze(subject: Subject, work: StepWork, cancel: CancelToken) -> Steps[FinishedChild[Frozen]]:
    yield Started("freezing")
    request = FreezeRequest(
        tuple(one.call for one in work.signatures), str(Path(work.folder, "frozen")), str(Path(work.folder, "loadable"))
    )
    child = run_child(
        _ENTRY,
        request,
        Frozen,
        Limits(work.settings.memory_bytes, work.settings.step_seconds),
        cancel,
        title=f"freezing {plain_line(Path(subject.path).name, 80)}",
        environment=tensorflow_environment(),
    )
    done = yield from finish(child)
    assert isinstance(done, FinishedChild)
    return done


def _worth_judging(
    models: tuple[FrozenModel, ...], subject: Subject, settings: OptimizeSettings, attempts: list[Attempt]
) -> list[FrozenModel]:
    """Return what was made, smallest first, without what has grown beyond what is allowed; the log says why."""
    before = subject.facts.size_bytes
    kept = []
    for model in models:
        if model.reason:
            attempts.append(Attempt(model.way, "failed", model.reason))
        elif model.size_bytes > before and "growth" not in settings.allow:
            grown = f"it would be {size(model.size_bytes - before)} larger"
            attempts.append(Attempt(model.way, "rejected", grown, model.size_bytes, model.nodes))
        else:
            kept.append(model)
    return sorted(kept, key=lambda model: model.size_bytes)


def _candidate(model: FrozenModel, work: StepWork, repairs: tuple[str, ...]) -> Candidate:
    calls = tuple(Runnable(model.path, "tensorflow", one.call.signature, one.call.tags) for one in work.signatures)
    recipe = (*RECIPES[model.way], SHARED, f"TensorFlow {tensorflow_version()}")
    return Candidate(model.path, model.way, recipe, repairs, calls=calls)


def _timed(work: StepWork, candidate: Candidate) -> Steps[tuple[Comparison, ...]]:
    """Time the default signature beside the original, where anything is to be timed."""
    if work.timing is None:
        return ()
    yield Started(f"timing {candidate.name}")
    return (yield from work.timing(work.signatures[0].call, candidate.calls[0]))


def _chosen(proven: list[_Proven], attempts: list[Attempt], subject: Subject) -> Outcome:
    """Return the best of what passed, if it is smaller or faster; else what was measured as the reason."""
    if not proven:
        reason = next((one.reason for one in attempts if one.reason), "nothing could be made")
        grown_only = bool(attempts) and all(one.outcome == "rejected" and one.size_bytes is not None for one in attempts)
        return Outcome(None, None, reason, tuple(attempts), nothing_to_do=grown_only and "larger" in reason)
    best = min(proven, key=lambda one: (one.verdicts("slower"), -one.verdicts("faster"), one.size_bytes))
    measured = tuple(comparison for one in proven for comparison in one.comparisons)
    if best.size_bytes > WORTHWHILE * subject.facts.size_bytes and not best.verdicts("faster"):
        reason = f"neither smaller nor faster: {_figures(best, subject)}"
        lines = tuple(replace(one, outcome="rejected", reason=reason) if one.outcome == "passed" else one for one in attempts)
        return Outcome(None, None, reason, lines, nothing_to_do=True, comparisons=measured)
    lines = tuple(
        replace(one, outcome="chosen") if one.name == best.candidate.name and one.outcome == "passed" else one
        for one in attempts
    )
    return Outcome(best.candidate, best.judgement, "", lines, comparisons=best.comparisons)


def _figures(best: _Proven, subject: Subject) -> str:
    """Return sizes and what was measured: "1.2 MB before, 1.2 MB after; loading 0.98× (no difference shown)"."""
    sizes = f"{size(subject.facts.size_bytes)} before, {size(best.size_bytes)} after"
    times = [f"{_KINDS.get(one.kind, one.kind)} {one.ratio:.2f}× ({one.verdict})" for one in best.comparisons]
    return "; ".join([sizes, *times]) if times else f"{sizes}; nothing was timed"
