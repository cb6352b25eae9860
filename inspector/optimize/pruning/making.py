"""Making a pruned SavedModel in a child: one way, and where it fails the other; each is a line of the log."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from inspector.analysis.findings.wording import size
from inspector.errors import InspectorError
from inspector.isolation.child import FinishedChild, run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.optimize.attempts import attempt_of, reason_of
from inspector.optimize.optimizer import Judge, StepWork
from inspector.optimize.pruning.preflight import kept_signatures
from inspector.optimize.pruning.requests import ENTRY, SLOT_REPAIR, Pruned, PruneRequest, PruningWay
from inspector.optimize.pruning.survey import Survey, survey
from inspector.records.event import Partial, Steps, finish
from inspector.records.optimization import Attempt, Candidate, Outcome, StepProgress, Subject
from inspector.records.runnable import Loader, Runnable
from inspector.records.saved_model import SavedModelFacts
from inspector.runtimes.tensorflow.child_environment import tensorflow_environment

_NAMES: Final[dict[PruningWay, str]] = {
    "objects": "tf.saved_model.save of its signatures",
    "graph": "the part of its graph that signatures take",
}

_UNKNOWN_OPERATOR: Final = "not registered"
"""What TensorFlow says of an operator it does not know, whichever way it loads."""


@dataclass(slots=True)
class Making:
    """Prunes one subject; log holds what became of each way."""

    subject: Subject
    work: StepWork
    judge: Judge
    cancel: CancelToken
    log: list[Attempt] = field(default_factory=list)

    def best(self) -> Steps[Outcome]:
        """Return the first way's result that the judge passes. Raises OperationFailed where it was cancelled."""
        facts = self._facts()
        found = survey(self.subject.inspection.computation, self._kept())
        ways: tuple[PruningWay, ...] = ("objects", "graph") if facts.main.style == "tf2" else ("graph",)
        reasons = []
        for way in ways:
            yield Partial(StepProgress("prune", f"pruning: {_NAMES[way]}", tuple(self.log)))
            try:
                made = yield from self._make(way, found)
            except InspectorError as error:
                reasons.append(reason_of(error))
                self.log.append(Attempt(_NAMES[way], "failed", reasons[-1], peak_bytes=getattr(error, "peak_bytes", None)))
                if _UNKNOWN_OPERATOR in reasons[-1]:
                    break
                continue
            candidate = self._candidate(made.result, way)
            if self._is_no_gain(made.result):
                return self._nothing(made, candidate)
            yield Partial(StepProgress("prune", "judging", tuple(self.log)))
            judgement = yield from self.judge(candidate)
            attempt = attempt_of(candidate, judgement, made.seconds, made.peak_bytes)
            if judgement.passed:
                self.log.append(replace(attempt, outcome="chosen"))
                return Outcome(candidate, judgement, "", tuple(self.log), warnings=tuple(self._warnings()))
            self.log.append(attempt)
            reasons.append(judgement.reason)
            shutil.rmtree(candidate.path, ignore_errors=True)
        return Outcome(None, None, reasons[0], tuple(self.log))

    def _make(self, way: PruningWay, found: Survey) -> Steps[FinishedChild[Pruned]]:
        """Run the child that writes it. Raises InspectorError."""
        facts, settings = self._facts(), self.work.settings
        request = PruneRequest(
            source=str(Path(facts.folder).absolute()),
            target=str(self._target(way)),
            scratch=str(Path(self.work.folder).absolute() / "loadable"),
            tags=facts.main.tags,
            signatures=self._kept(),
            way=way,
            clear_slots=found.has_slots,
        )
        limits = Limits(settings.memory_bytes, settings.step_seconds)
        try:
            ended = yield from finish(
                run_child(ENTRY, request, Pruned, limits, self.cancel, title="pruning", environment=tensorflow_environment())
            )
        except InspectorError:
            shutil.rmtree(request.target, ignore_errors=True)
            raise
        finally:
            shutil.rmtree(request.scratch, ignore_errors=True)
        assert isinstance(ended, FinishedChild)
        return ended

    def _candidate(self, made: Pruned, way: PruningWay) -> Candidate:
        path = str(self._target(way))
        recipe, repairs = tuple(self._recipe(made, way)), tuple(_repairs(made))
        return Candidate(path, _NAMES[way], recipe, repairs, calls=self._calls(path))

    def _recipe(self, made: Pruned, way: PruningWay) -> Iterator[str]:
        if made.cleared_slots:
            yield f"{made.cleared_slots:,} slot variables cleared in the object graph of a copy of saved_model.pb"
        how = (
            "tf.saved_model.load, then tf.saved_model.save" if way == "objects" else "extract_sub_graph of its GraphDef, SaveV2"
        )
        yield f"TensorFlow {made.tensorflow}: {how}; signatures kept: {', '.join(self._kept())}"
        yield f"checkpoint with {made.entry_count:,} entries; assets and assets.extra copied"

    def _calls(self, path: str) -> tuple[Runnable, ...]:
        """Return how each signature that is kept is called in the result, the default one first."""
        facts = self._facts()
        known = [one.call for one in self.work.signatures if one.call.signature in self._kept()]
        calls = known or [Runnable("", "tensorflow", name, facts.main.tags) for name in self._kept()]
        loader: Loader = "objects"
        return tuple(replace(call, path=path, runtime="tensorflow", tags=facts.main.tags, loader=loader) for call in calls)

    def _is_no_gain(self, made: Pruned) -> bool:
        return made.size_bytes >= self.subject.facts.size_bytes and not tuple(_repairs(made)) and not self._dropped()

    def _nothing(self, made: FinishedChild[Pruned], candidate: Candidate) -> Outcome:
        """Return that the result is no smaller."""
        before, after = self.subject.facts.size_bytes, made.result.size_bytes
        reason = f"nothing to do: what serving needs takes {size(after)} when it is saved again, and it has {size(before)}"
        attempt = Attempt(candidate.name, "rejected", "no smaller", after, seconds=made.seconds, peak_bytes=made.peak_bytes)
        shutil.rmtree(candidate.path, ignore_errors=True)
        return Outcome(None, None, reason, (*self.log, attempt), nothing_to_do=True)

    def _warnings(self) -> Iterator[str]:
        warm_up = self._facts().warm_up
        if gone := [name for name in (warm_up.signatures if warm_up else ()) if name in self._dropped()]:
            yield f"warm-up requests are copied as they are, and name signatures that are gone: {', '.join(gone)}"

    def _dropped(self) -> tuple[str, ...]:
        return tuple(one.name for one in self._facts().main.signatures if one.name not in self._kept())

    def _kept(self) -> tuple[str, ...]:
        return kept_signatures(self._facts(), self.work.settings)

    def _target(self, way: PruningWay) -> Path:
        return Path(self.work.folder).absolute() / f"pruned_{way}"

    def _facts(self) -> SavedModelFacts:
        facts = self.subject.inspection.computation.saved_model
        assert facts is not None
        return facts


def _repairs(made: Pruned) -> Iterator[str]:
    """Yield what the result does that the original does not."""
    if made.cleared_slots:
        yield SLOT_REPAIR
    if made.restored:
        yield f"{made.restored:,} variables get their values in servers, too: the original does not restore them"
