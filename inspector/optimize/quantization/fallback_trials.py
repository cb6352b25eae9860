"""Candidates made, judged and remembered one by one: what the search for int8 is made of."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import InspectorError
from inspector.optimize.attempts import attempt_of, reason_of
from inspector.optimize.quantization.children import run_in_child
from inspector.optimize.quantization.fallback_influence import Alone
from inspector.optimize.quantization.fallback_influence_answer import Influence
from inspector.optimize.quantization.fallback_log import recalled
from inspector.optimize.quantization.fallback_recipe import Describer
from inspector.optimize.quantization.fallback_trial import OtherTerms, Trial, Tried, better
from inspector.optimize.quantization.quantized import Quantized, QuantizeRequest
from inspector.optimize.quantization.resume import Rejected, SearchMemory, terms_of
from inspector.records.event import Partial, Progress, Steps
from inspector.records.optimization import (
    Attempt,
    Candidate,
    Judgement,
    NodeSensitivity,
    OptimizerName,
    Permission,
    StepProgress,
    Subject,
)

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Judge, StepWork
    from inspector.optimize.quantization.prepared import Prepared

_SMALLER: Final = 0.99
"""A file of at most this share of the subject's bytes is smaller."""

_ENTRIES: Final = {"static": "static_child:quantize_static", "dynamic": "dynamic_child:quantize_dynamic"}


@dataclass(slots=True)
class Trials:
    """Runs trials on one prepared model, keeps the best candidate that passed and a log of them all."""

    optimizer: OptimizerName
    subject: Subject
    work: StepWork
    judge: Judge
    cancel: CancelToken
    prepared: Prepared
    memory: SearchMemory
    began: float = field(default_factory=time.monotonic)
    attempts: list[Attempt] = field(default_factory=list)
    ranges: dict[str, str] = field(default_factory=dict)
    """Files of ranges by calibration method."""
    sensitivity: tuple[NodeSensitivity, ...] = ()
    """By index in the prepared model."""
    alone: tuple[Influence, ...] = ()
    """By prepared name."""
    best: Tried | None = None
    recalled: int = 0
    """Verdicts of an earlier run that were taken for true, and whether this run's judge has shown to demand the same."""
    verified: bool = False
    notes: list[str] = field(default_factory=list)
    """What calibration said, for the recipe."""
    _made: int = 0

    @property
    def over_budget(self) -> bool:
        """Whether the search has had its time."""
        return time.monotonic() - self.began > self.work.settings.budget_seconds

    @property
    def kept_always(self) -> frozenset[str]:
        """The prepared names of nodes that must stay in fp32 in any case: asked for, or with weights that cannot be int8."""
        wanted = set(self.prepared.kept)
        return frozenset(node.name for node in self.prepared.nodes if node.problem or wanted.intersection(node.subject))

    def run(self, trial: Trial, *, live: bool = False) -> Steps[Tried]:
        """Make a candidate and have it judged, unless an earlier run has and live is not asked for.

        Raises OtherTerms where verdicts of an earlier run were taken for true and the judge now demands something else.
        """
        known = self.memory.rejected(trial.key) if not live else None
        if known is not None:
            self.recalled += known.failed_at != "quantizer"
            self.attempts.append(recalled(known))
            return Tried(trial, False, known.reason, known.failed_at, known.sqnr_db, earlier=True)
        yield Partial(StepProgress(self.optimizer, f"making {trial.name}", tuple(self.attempts)))
        start = time.monotonic()
        try:
            candidate = yield from self._make(trial)
        except InspectorError as error:
            tried = Tried(trial, False, reason_of(error), "quantizer")
            self._note(tried, Attempt(trial.name, "failed", tried.reason, seconds=time.monotonic() - start))
            return tried
        judgement = self._weighed((yield from self.judge(candidate)))
        attempt = attempt_of(candidate, judgement, time.monotonic() - start)
        sqnr, failed_at = attempt.worst_sqnr_db, judgement.failed_at
        tried = Tried(trial, judgement.passed, judgement.reason, failed_at, sqnr, candidate, judgement)
        self._check_terms(judgement)
        self._note(tried, attempt)
        self._settle(tried)
        return tried

    def _weighed(self, judgement: Judgement) -> Judgement:
        """Return the judgement, turned down where int8 made the model no smaller and the user does not allow that."""
        before, facts = self.subject.facts.size_bytes, judgement.facts
        if (
            not judgement.passed
            or facts is None
            or facts.size_bytes <= _SMALLER * before
            or "growth" in self.work.settings.allow
        ):
            return judgement
        reason = f"it is no smaller: {facts.size_bytes:,} bytes, {before:,} before"
        return replace(judgement, passed=False, reason=reason, failed_at="size")

    def remake(self, trial: Trial) -> Steps[Candidate | None]:
        """Make a candidate for a closer look, without having it judged; None where that fails."""
        try:
            return (yield from self._make(trial))
        except InspectorError as error:
            reason_of(error)
            return None

    def alone_of(self, trial: Trial) -> Alone:
        """Return what it takes to quantize the trial's nodes one at a time: those with weights first."""
        free = [node for node in self.prepared.nodes if node.operator in trial.operators and node.name not in self.kept_always]
        free.sort(key=lambda node: not node.weighted)
        return Alone(self._request(trial, ""), trial.kind == "static", tuple(node.name for node in free))

    def discard(self, candidate: Candidate | None) -> None:
        """Remove the files of a candidate."""
        if candidate is not None:
            shutil.rmtree(Path(candidate.path).parent, ignore_errors=True)

    def _settle(self, tried: Tried) -> None:
        """Keep the files of the last candidate with room to spare, else of the best that passed, and of no other."""
        nearer = tried.enough or self.best is None or better(self.best, tried) is tried
        if tried.passed and nearer:
            previous, self.best = self.best, tried
            self.discard(previous.candidate if previous is not None else None)
        else:
            self.discard(tried.candidate)

    def _check_terms(self, judgement: Judgement) -> None:
        """Forget verdicts that were given under other terms than this judgement was."""
        terms = terms_of(judgement)
        if not terms:
            return
        self.verified = True
        if terms != self.memory.memory.terms:
            if self.memory.memory.terms:
                self.memory.forget()
            self.memory.note(terms=terms)
            if self.recalled:
                raise OtherTerms

    def _note(self, tried: Tried, attempt: Attempt) -> None:
        """Log a trial, and remember it."""
        self.attempts.append(attempt)
        memory = self.memory.memory
        if tried.passed:
            self.memory.note(passed=tuple(dict.fromkeys((*memory.passed, tried.trial.key))))
        else:
            found = Rejected(
                tried.trial.key,
                tried.trial.name,
                attempt.outcome,
                tried.reason,
                tried.failed_at,
                tried.sqnr_db,
                attempt.worst_cosine,
                attempt.size_bytes,
            )
            self.memory.note(rejected=(*memory.rejected, found))

    def _make(self, trial: Trial) -> Steps[Candidate]:
        """Quantize in a child and describe the file it wrote."""
        self._made += 1
        request = self._request(trial, str(Path(self.work.folder, f"candidate-{self._made}")))
        yield Progress(0, 0, f"quantizing: {trial.name}")
        entry, settings = _ENTRIES[trial.kind], self.work.settings
        try:
            finished = yield from run_in_child(entry, request, Quantized, settings, self.cancel, "the quantizer")
        except BaseException:
            shutil.rmtree(request.folder, ignore_errors=True)
            raise
        made = finished.result
        describer = Describer(self.subject, self.prepared, self.work.calibration)
        kept = describer.kept_nodes(trial, {one.name: one.reason for one in made.left_out}, self.alone)
        added = set(made.domains) - set(self.subject.inspection.computation.opsets)
        expected: frozenset[Permission] = frozenset({"opset"}) if self.prepared.raised or added else frozenset()
        recipe = describer.recipe(trial, kept, self.notes, added)
        return Candidate(made.path, trial.name, recipe, self.prepared.steps, kept, expected_changes=expected)

    def _request(self, trial: Trial, folder: str) -> QuantizeRequest:
        prepared = self.prepared
        return QuantizeRequest(
            prepared.path,
            folder,
            trial.types,
            trial.per_channel,
            trial.operators,
            tuple(sorted(self.kept_always | trial.exclude)),
            self.ranges.get(trial.method, ""),
            prepared.external,
            prepared.described,
        )
