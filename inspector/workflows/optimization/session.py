"""A session of optimizing one model: steps in order, each undone or saved at will, everything in a private folder."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed, UsageError
from inspector.optimize.attempts import reason_of
from inspector.records.event import Event, Finished, Started, Steps, result_of
from inspector.records.optimization import (
    Change,
    ChangeVerdict,
    ModelFacts,
    Optimization,
    OptimizationRequest,
    Preflight,
    Subject,
)
from inspector.workflows.optimization.applying import Application, optimizers_for
from inspector.workflows.optimization.facts import model_facts
from inspector.workflows.optimization.grounds import Grounds, lay_grounds, settings_for
from inspector.workflows.optimization.signature_grounds import lay_signature_grounds

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.isolation.private_folder import PrivateFolder
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import OptimizerName, OptimizeSettings
    from inspector.records.publishing import PublishedVersion, PublishRequest

END_OF_LITERT: Final = "steps start from a SavedModel or an ONNX model"

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
        artifact = inspection.computation.artifact
        if artifact.format == "tflite":
            raise UsageError(f"{artifact.path} is a LiteRT model: {END_OF_LITERT}", "name the SavedModel it was made of")
        self.inspection = inspection
        self.request = request
        self._folder: PrivateFolder | None = None
        self._grounds: tuple[Grounds, ...] = ()
        self._steps: list[_Step] = []
        self._runs = 0
        self._written = ""

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
        if self._grounds:
            return self._grounds[0].original
        computation = self.inspection.computation
        facts = computation.saved_model
        path = computation.artifact.path if facts is None else facts.folder
        return Subject(str(Path(path).absolute()), self.inspection, model_facts(computation))

    def steps(self) -> tuple[OptimizerName, ...]:
        """Return the names of all steps there are for what the model is by now."""
        return tuple(optimizers_for(self.current))

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
        self._written = ""
        yield Finished(step.change)

    def undo_to(self, count: int) -> None:
        """Forget every step after the first count ones."""
        del self._steps[count:]
        self._written = ""

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
        settings = settings_for(self.request, self.inspection)
        saved = yield from save_subject(self.current, target, contract, files_of(self.inspection), settings, cancel)
        self._note_written(str(target), saved.others)
        yield Finished(replace(self._result(contract), final=saved.facts))

    def publish(self, request: PublishRequest, cancel: CancelToken) -> Iterator[Event[PublishedVersion]]:
        """Publish the current SavedModel as a version of a serving folder, with its contract; see publish_saved_model().

        Raises OperationFailed where no step was accepted, UsageError where it is no SavedModel any more.
        """
        from inspector.workflows.publishing import publish_saved_model

        if not self._accepted:
            raise OperationFailed("nothing is published: no step was accepted", "see the reason of each step")
        contract = yield from self._contract(cancel)
        published = yield from result_of(
            publish_saved_model(self.current.inspection, replace(request, contract=contract), cancel)
        )
        self._note_written(published.path)
        yield Finished(published)

    def _note_written(self, target: str, others: tuple[str, ...] = ()) -> None:
        """Note in the last accepted step where its result went."""
        last = max(at for at, step in enumerate(self._steps) if step.change.status == "accepted")
        step = self._steps[last]
        self._steps[last] = replace(step, change=replace(step.change, output=target, files=others))
        self._written = target

    def result(self, cancel: CancelToken) -> Iterator[Event[Optimization]]:
        """Return everything that was done so far, nothing being written."""
        contract = yield from self._contract(cancel)
        yield Finished(self._result(contract))

    def close(self) -> None:
        """Remove the private folder and every candidate in it."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None
            self._grounds = ()

    @property
    def _accepted(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.status == "accepted")

    def _result(self, contract: Contract) -> Optimization:
        original = self._original.facts
        final = self.current.facts if self._accepted else None
        path = self.inspection.computation.artifact.path
        return Optimization(path, original, self.changes, contract, self._written, final)

    def _contract(self, cancel: CancelToken) -> Steps[Contract]:
        from inspector.workflows.contract import contract_after

        recipe = tuple(line for change in self._accepted for line in change.recipe)
        return (yield from contract_after(self.inspection, self.current.inspection, self.request.contract, recipe, cancel))

    def _run(self, name: OptimizerName, cancel: CancelToken, keep_fp32: tuple[str, ...]) -> Steps[_Step]:
        subject = self.current
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
        judged_by = tuple(replace(one, settings=settings) for one in grounds)
        application = Application(name, self._with_calls(subject), judged_by, preflight, self._new_folder, cancel)
        return _Step(*(yield from application.run()))

    def _with_calls(self, subject: Subject) -> Subject:
        """Return the original with how its signatures are called, which is known once its grounds are laid."""
        return subject if subject.calls else replace(subject, calls=self._original.calls)

    def _preflight(self, name: OptimizerName, settings: OptimizeSettings) -> Preflight:
        """Say what a step would do; none can do anything to what is bound to this machine, or has become LiteRT's."""
        from inspector.optimize.warmstart import bound_reason

        subject = self.current
        if subject.inspection.computation.artifact.format == "tflite":
            return Preflight(False, f"it is a LiteRT model now: {END_OF_LITERT}; undo the step, or start anew")
        optimizers = optimizers_for(subject)
        if name not in tuple(optimizers):
            return Preflight(False, _not_offered(name, subject))
        reason = bound_reason(subject.inspection.computation)
        return Preflight(False, reason) if reason else optimizers[name].requires(subject, settings)

    def _lay_grounds(self, cancel: CancelToken) -> Steps[tuple[Grounds, ...]]:
        """Gather what steps are judged on, once."""
        if not self._grounds:
            if self.inspection.computation.saved_model is None:
                grounds = yield from lay_grounds(self.inspection, self.request, self._new_folder(), cancel)
                self._grounds = (grounds,)
            else:
                folder = self._new_folder()
                self._grounds = yield from lay_signature_grounds(self.inspection, self.request, folder, cancel)
        return self._grounds

    def _new_folder(self) -> Path:
        """Return an empty folder within the private one, which is made where there is enough room."""
        if self._folder is None:
            from inspector.isolation.private_folder import temporary_folder

            self._folder = temporary_folder("candidates", COPIES_IN_WORK * self.inspection.computation.total_bytes)
        self._runs += 1
        folder = self._folder.path / f"{self._runs}"
        folder.mkdir(mode=0o700)
        return folder


def _not_offered(name: OptimizerName, subject: Subject) -> str:
    """Return why there is no such step for what the model is by now."""
    if subject.inspection.computation.artifact.format == "onnx":
        return f"{name} is a step for SavedModels" + (", and it is an ONNX model by now" if subject.calls else "")
    return f"{name} is a step for ONNX models: to-onnx makes one"


def _not_run(name: OptimizerName, before: ModelFacts, preflight: Preflight) -> Change:
    verdict: ChangeVerdict = "nothing to do" if preflight.nothing_to_do else "cannot run"
    return Change(name, "skipped", verdict, preflight.reason, before, preflight=preflight, warnings=preflight.warnings)


def _unjudgeable(name: OptimizerName, before: ModelFacts, preflight: Preflight, reason: str) -> Change:
    """Return the change of a step that nothing can be proven of, since the original gives nothing to compare with."""
    why = f"nothing can be proven: {reason}"
    return Change(name, "rejected", "rejected", why, before, preflight=preflight, warnings=preflight.warnings)
