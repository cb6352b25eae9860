"""A session of optimizing one model: steps in order, each undone or saved at will, everything in a private folder."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inspector.errors import OperationFailed, UsageError
from inspector.optimize.attempts import reason_of
from inspector.records.event import Event, Finished, Partial, Started, Steps, result_of
from inspector.records.optimization import (
    Change,
    ChangeVerdict,
    ModelFacts,
    Optimization,
    OptimizationRequest,
    Outcome,
    Preflight,
    StepProgress,
    Subject,
)
from inspector.workflows.optimization.facts import model_facts
from inspector.workflows.optimization.grounds import Grounds, lay_grounds, settings_for
from inspector.workflows.optimization.judging import Judging
from inspector.workflows.optimization.racing import race_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.isolation.private_folder import PrivateFolder
    from inspector.optimize.optimizer import Optimizer
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import OptimizerName, OptimizeSettings

COPIES_IN_WORK: Final = 3
"""How many times the model's bytes must be free where candidates are made."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that was run: what came of it, and the model after it, which is the one before where it was not accepted."""

    change: Change
    subject: Subject


class OptimizationSession:
    """Optimizes the model of an inspection step by step; nothing is written outside its private folder before save().

    The input is only read. Steps run one at a time. close() removes the folder; so does the end of this process.
    """

    def __init__(self, inspection: Inspection, request: OptimizationRequest) -> None:
        """Take a model to optimize; raises UsageError where it is none that can be."""
        computation = inspection.computation
        if computation.saved_model is not None:
            raise UsageError(f"{computation.artifact.path} is a SavedModel: these steps are for ONNX models")
        self.inspection = inspection
        self.request = request
        self._folder: PrivateFolder | None = None
        self._grounds: Grounds | None = None
        self._steps: list[_Step] = []
        self._runs = 0

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the steps so far came to, in order."""
        return tuple(step.change for step in self._steps)

    @property
    def current(self) -> Subject:
        """The model after the steps so far; the original where none was accepted."""
        return self._steps[-1].subject if self._steps else self._original

    @property
    def _original(self) -> Subject:
        if self._grounds is not None:
            return self._grounds.original
        computation = self.inspection.computation
        return Subject(str(Path(computation.artifact.path).absolute()), self.inspection, model_facts(computation))

    def preflight(self, name: OptimizerName) -> Preflight:
        """Say what a step would do to the current model, without running anything."""
        return self._preflight(name, self.request.settings)

    def run(self, name: OptimizerName, cancel: CancelToken, keep_fp32: Sequence[str] = ()) -> Iterator[Event[Change]]:
        """Apply one step to the current model: Partial events carry a StepProgress, Finished the change.

        keep_fp32 names nodes that stay in fp32, on top of those of the request. Raises UsageError for data or a contract that
        does not fit the model, and OperationFailed where the private folder cannot be written or the work was cancelled.
        """
        begun = time.monotonic()
        yield Started(f"{name}")
        step = yield from self._run(name, cancel, tuple(keep_fp32))
        step = replace(step, change=replace(step.change, seconds=time.monotonic() - begun))
        self._steps.append(step)
        yield Finished(step.change)

    def undo_to(self, count: int) -> None:
        """Forget every step after the first count ones."""
        del self._steps[count:]

    def save(self, target: Path, cancel: CancelToken) -> Iterator[Event[Optimization]]:
        """Write the current model to target with its contract embedded, and read it back.

        Raises OperationFailed where no step was accepted or the system refuses; target is then as it was.
        """
        from inspector.workflows.files import files_of
        from inspector.workflows.optimization.saving import save_subject

        if not self._accepted:
            raise OperationFailed("nothing is written: no step was accepted", "see the reason of each step")
        yield Started(f"writing {target.name}")
        contract = yield from self._contract(cancel)
        protected = files_of(self.inspection)
        final = yield from save_subject(self.current, target, contract, protected, self._limits, cancel)
        last = max(at for at, step in enumerate(self._steps) if step.change.status == "accepted")
        step = self._steps[last]
        self._steps[last] = replace(step, change=replace(step.change, output=str(target)))
        yield Finished(replace(self._result(contract), output=str(target), final=final))

    def result(self, cancel: CancelToken) -> Iterator[Event[Optimization]]:
        """Return everything that was done so far, nothing being written."""
        contract = yield from self._contract(cancel)
        yield Finished(self._result(contract))

    def close(self) -> None:
        """Remove the private folder and every candidate in it."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None
            self._grounds = None

    @property
    def _accepted(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.status == "accepted")

    @property
    def _limits(self) -> Any:
        from inspector.isolation.limits import Limits

        settings = settings_for(self.request, self.inspection)
        return Limits(settings.memory_bytes, settings.step_seconds)

    def _result(self, contract: Contract) -> Optimization:
        original = self._original.facts
        final = self.current.facts if self._accepted else None
        return Optimization(self.inspection.computation.artifact.path, original, self.changes, contract, final=final)

    def _contract(self, cancel: CancelToken) -> Steps[Contract]:
        from inspector.workflows.contract import contract_after

        recipe = tuple(line for change in self._accepted for line in change.recipe)
        return (yield from contract_after(self.inspection, self.current.inspection, self.request.contract, recipe, cancel))

    def _run(self, name: OptimizerName, cancel: CancelToken, keep_fp32: tuple[str, ...]) -> Steps[_Step]:
        subject = self.current
        optimizer = _optimizer(name)
        settings = settings_for(self.request, self.inspection)
        settings = replace(settings, keep_fp32=(*settings.keep_fp32, *keep_fp32))
        preflight = self._preflight(name, settings)
        if not preflight.runnable:
            return _Step(_not_run(name, subject.facts, preflight), subject)
        try:
            grounds = yield from self._lay_grounds(cancel)
        except UsageError:
            raise
        except OperationFailed as error:
            return _Step(_unjudgeable(name, subject.facts, preflight, reason_of(error)), subject)
        grounds = replace(grounds, settings=settings)
        outcome = yield from self._apply(optimizer, subject, grounds, cancel)
        return (yield from self._prove(name, outcome, grounds, subject, preflight, cancel))

    def _preflight(self, name: OptimizerName, settings: OptimizeSettings) -> Preflight:
        """Say what a step would do; none can do anything to what is bound to this machine."""
        from inspector.optimize.warmstart import bound_reason

        reason = bound_reason(self.current.inspection.computation)
        return Preflight(False, reason) if reason else _optimizer(name).requires(self.current, settings)

    def _lay_grounds(self, cancel: CancelToken) -> Steps[Grounds]:
        """Gather what steps are judged on, once."""
        if self._grounds is None:
            self._grounds = yield from lay_grounds(self.inspection, self.request, self._new_folder(), cancel)
        return self._grounds

    def _new_folder(self) -> Path:
        """Return an empty folder within the private one, which is made where there is enough room."""
        if self._folder is None:
            self._folder = _private_folder(self.inspection.computation.total_bytes)
        self._runs += 1
        folder = self._folder.path / f"{self._runs}"
        folder.mkdir(mode=0o700)
        return folder

    def _apply(self, optimizer: Optimizer, subject: Subject, grounds: Grounds, cancel: CancelToken) -> Steps[Outcome]:
        from inspector.optimize.optimizer import StepWork

        judging = Judging(optimizer.name, grounds, cancel)
        work = StepWork(str(self._new_folder()), grounds.settings, grounds.calibration, grounds.evaluation, race_of(grounds))
        yield Partial(StepProgress(optimizer.name, f"making candidates: {optimizer.title}"))
        try:
            return (yield from optimizer.apply(subject, work, judging.judge, cancel))
        except OperationFailed as error:
            return Outcome(None, None, reason_of(error), judging.attempts)

    def _prove(
        self,
        name: OptimizerName,
        outcome: Outcome,
        grounds: Grounds,
        subject: Subject,
        preflight: Preflight,
        cancel: CancelToken,
    ) -> Steps[_Step]:
        from inspector.workflows.optimization.proving import Proof

        change = yield from Proof(name, grounds, subject.facts, preflight, cancel).of(outcome)
        if change.status != "accepted" or outcome.best is None:
            return _Step(change, subject)
        return _Step(change, (yield from inspected(Path(outcome.best.path))))


def inspected(path: Path) -> Steps[Subject]:
    """Return a model of the private folder, read and analyzed, as the next step's subject."""
    from inspector.workflows.examine import examine

    opened: Any = yield from result_of(examine(path))
    return Subject(str(path), opened, model_facts(opened.computation))


def _optimizer(name: OptimizerName) -> Optimizer:
    from inspector.optimize.catalogue import OPTIMIZERS

    return OPTIMIZERS[name]


def _not_run(name: OptimizerName, before: ModelFacts, preflight: Preflight) -> Change:
    verdict: ChangeVerdict = "nothing to do" if preflight.nothing_to_do else "cannot run"
    return Change(name, "skipped", verdict, preflight.reason, before, preflight=preflight, warnings=preflight.warnings)


def _unjudgeable(name: OptimizerName, before: ModelFacts, preflight: Preflight, reason: str) -> Change:
    """Return the change of a step that nothing can be proven of, since the original gives nothing to compare with."""
    why = f"nothing can be proven: {reason}"
    return Change(name, "rejected", "rejected", why, before, preflight=preflight, warnings=preflight.warnings)


def _private_folder(model_bytes: int) -> PrivateFolder:
    """Return a private folder for candidates; raises OperationFailed where there is no room for them."""
    import shutil

    from inspector.isolation.private_folder import PrivateFolder

    base = Path(tempfile.gettempdir()).absolute()
    try:
        free, needed = shutil.disk_usage(base).free, COPIES_IN_WORK * model_bytes
        if free < needed:
            message = f"{base} has {free:,} bytes free, and candidates may need {needed:,}"
            raise OperationFailed(message, "set TMPDIR to a folder with more room")
        return PrivateFolder(base)
    except OSError as error:
        raise OperationFailed(f"no folder for candidates in {base}: {error.strerror or error}", "set TMPDIR") from None
