"""One step applied to what the steps before it came to: candidates made, judged, and what was chosen proven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inspector.errors import OperationFailed
from inspector.optimize.attempts import reason_of
from inspector.records.event import Partial, Steps, result_of
from inspector.records.optimization import Change, Outcome, Preflight, SignatureProof, SignatureWork, StepProgress, Subject
from inspector.records.runnable import Runnable
from inspector.workflows.optimization.facts import facts_of_all, model_facts
from inspector.workflows.optimization.judging import Judging, calls_of
from inspector.workflows.optimization.proving import Proof
from inspector.workflows.optimization.racing import race_of, timing_of
from inspector.workflows.optimization.signatures import converted_grounds

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.optimize.optimizer import Optimizer, StepWork
    from inspector.records.optimization import Candidate, OptimizerName
    from inspector.workflows.optimization.grounds import Grounds


def optimizer_for(name: OptimizerName, subject: Subject) -> Optimizer:
    """Return the optimizer of that name for what the subject is; there is one for each name that is offered for it."""
    found: Optimizer = optimizers_for(subject)[name]
    return found


def optimizers_for(subject: Subject) -> Any:
    """Return every optimizer there is for an ONNX model, or for a SavedModel, by name."""
    from inspector.optimize.catalogue import OPTIMIZERS, SAVED_MODEL_OPTIMIZERS

    return OPTIMIZERS if subject.inspection.computation.artifact.format == "onnx" else SAVED_MODEL_OPTIMIZERS


@dataclass(frozen=True, slots=True)
class Application:
    """A step and what it works on; all_grounds are those of each signature of the original, the default one first."""

    name: OptimizerName
    subject: Subject
    all_grounds: tuple[Grounds, ...]
    preflight: Preflight
    new_folder: Callable[[], Path]
    cancel: CancelToken

    def run(self) -> Steps[tuple[Change, Subject]]:
        """Return what the step came to, and the model after it: the one before where it was not accepted."""
        if self._is_converted and len(self.subject.calls) > 1:
            return (yield from self._file_by_file())
        grounds = self._converted(self.all_grounds) if self._is_converted else self.all_grounds
        change, best = yield from self._applied(self.subject, grounds)
        if best is None:
            return change, self.subject
        return change, (yield from subject_of(best, self._calls_after(best)))

    @property
    def _is_converted(self) -> bool:
        """Whether the subject is ONNX, made of something else."""
        return bool(self.subject.calls) and self.subject.calls[0].runtime == "onnxruntime"

    def _converted(self, all_grounds: Sequence[Grounds]) -> tuple[Grounds, ...]:
        return tuple(converted_grounds(one, call) for one, call in zip(all_grounds, self.subject.calls, strict=True))

    def _calls_after(self, best: Candidate) -> tuple[Runnable, ...]:
        """Return how each signature is called after the step; a converted model keeps its names."""
        if best.calls or not self.subject.calls:
            return best.calls
        return (replace(self.subject.calls[0], path=best.path),)

    def _applied(self, subject: Subject, grounds: tuple[Grounds, ...]) -> Steps[tuple[Change, Candidate | None]]:
        """Return the change, and the candidate that it accepts."""
        outcome = yield from self._outcome(subject, grounds)
        change = yield from Proof(self.name, grounds, subject.facts, self.preflight, self.cancel).of(outcome)
        return change, outcome.best if change.status == "accepted" else None

    def _outcome(self, subject: Subject, grounds: tuple[Grounds, ...]) -> Steps[Outcome]:
        optimizer = optimizer_for(self.name, subject)
        judging = Judging(self.name, grounds, self.cancel)
        yield Partial(StepProgress(self.name, f"making candidates: {optimizer.title}"))
        try:
            return (yield from optimizer.apply(subject, self._work(subject, grounds), judging.judge, self.cancel))
        except OperationFailed as error:
            return Outcome(None, None, reason_of(error), judging.attempts)

    def _work(self, subject: Subject, grounds: tuple[Grounds, ...]) -> StepWork:
        from inspector.optimize.optimizer import StepWork

        main = grounds[0]
        signatures = () if subject.inspection.computation.saved_model is None else _signature_works(subject, grounds)
        return StepWork(
            str(self.new_folder()),
            main.settings,
            main.calibration,
            main.evaluation,
            race_of(main),
            signatures,
            timing_of(main, self.cancel),
        )

    def _file_by_file(self) -> Steps[tuple[Change, Subject]]:
        """Apply the step to the file of each signature; it is accepted where none of them is refused, and one is better."""
        changes, calls = [], []
        for grounds, call in zip(self._converted(self.all_grounds), self.subject.calls, strict=True):
            part = yield from subject_at(call.path)
            change, best = yield from self._applied(part, (grounds,))
            changes.append(change)
            calls.append(replace(call, path=best.path) if best is not None else call)
        whole = self._together(changes)
        if whole.status != "accepted":
            return whole, self.subject
        after = yield from _subject_with(tuple(calls))
        return replace(whole, after=after.facts), after

    def _together(self, changes: Sequence[Change]) -> Change:
        """Return what one step came to for all files: what refuses it, or what the first accepted one says."""
        names = [call.signature for call in self.subject.calls]
        proofs = tuple(_proof_of(name, change) for name, change in zip(names, changes, strict=True))
        seconds, before = sum(change.seconds for change in changes), self.subject.facts
        refused = next((at for at, one in enumerate(changes) if one.verdict in ("rejected", "cannot run")), None)
        if refused is not None:
            reason = f"signature {names[refused]}: {changes[refused].reason}"
            return replace(changes[refused], reason=reason, before=before, signatures=proofs, seconds=seconds)
        accepted = next((one for one in changes if one.status == "accepted"), changes[0])
        return replace(accepted, before=before, signatures=proofs, seconds=seconds)


def subject_at(path: str, calls: tuple[Runnable, ...] = ()) -> Steps[Subject]:
    """Return a model of the private folder, read and analyzed, as the next step's subject."""
    from inspector.workflows.examine import examine

    opened: Any = yield from result_of(examine(Path(path)))
    return Subject(path, opened, model_facts(opened.computation), calls)


def subject_of(best: Candidate, calls: tuple[Runnable, ...]) -> Steps[Subject]:
    """Return what a step made as the next one's subject."""
    if not calls:
        return (yield from subject_at(calls_of(best)[0].path))
    return (yield from _subject_with(calls))


def _subject_with(calls: tuple[Runnable, ...]) -> Steps[Subject]:
    """Return the file of the default signature as the subject, with the facts of all files."""
    first = yield from subject_at(calls[0].path, calls)
    others = [path for path in dict.fromkeys(call.path for call in calls) if path != first.path]
    parts = [first.facts]
    for path in others:
        part = yield from subject_at(path)
        parts.append(part.facts)
    return replace(first, facts=facts_of_all(parts))


def _signature_works(subject: Subject, grounds: Sequence[Grounds]) -> tuple[SignatureWork, ...]:
    by_name = {call.signature: call for call in subject.calls}
    return tuple(SignatureWork(by_name.get(one.call.signature, one.call), one.calibration, one.evaluation) for one in grounds)


def _proof_of(name: str, change: Change) -> SignatureProof:
    return SignatureProof(
        name,
        change.parity,
        change.gates,
        change.confirmation,
        change.conformance,
        change.contract_changes,
        change.reason if change.verdict in ("rejected", "cannot run") else "",
    )
