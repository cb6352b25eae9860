"""Write what the steps came to where the user wants it: whole, with its contract inside, and read back before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from inspector.errors import InspectorError, OperationFailed
from inspector.optimize.signature_files import signature_files
from inspector.records.contract import CONTRACT_KEY, Contract
from inspector.records.event import Steps
from inspector.records.optimization import ModelFacts, OptimizeSettings, Subject
from inspector.workflows.optimization.facts import facts_of_all, model_facts
from inspector.workflows.optimization.signatures import with_original_names

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.runnable import Runnable


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written: its facts, and the files of signatures beside the one that was named."""

    facts: ModelFacts
    others: tuple[str, ...] = ()


def save_subject(
    subject: Subject,
    target: Path,
    contract: Contract,
    protected: Sequence[Path],
    settings: OptimizeSettings,
    cancel: CancelToken,
) -> Steps[Saved]:
    """Write the model to target with the contract inside it, read it back, and return its facts.

    An ONNX model of several signatures is a file for each: the first one's at target, others beside it under the signature's
    name. protected are files that are neither overwritten nor removed. Raises UsageError where target is one of them, or no
    place for such a model, OperationFailed where the system refuses, or what was written does not read back as what was proven.
    """
    kind = subject.inspection.computation.artifact.format
    writer = _Writer(target, contract, protected, settings, cancel)
    if kind == "saved_model":
        yield from writer.folder(Path(subject.path))
    elif kind == "tflite":
        yield from writer.litert(subject.path)
    else:
        return (yield from writer.onnx(subject))
    return Saved(_read_back(target, subject.facts))


def other_targets(subject: Subject, target: Path) -> tuple[Path, ...]:
    """Return where the files of signatures go that have one of their own, beside the target, which is the first one's."""
    names = signature_files(target.name, [call.signature for call in _file_calls(subject)])
    return tuple(target.with_name(name) for name in names[1:])


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes to one target, whatever the format."""

    target: Path
    contract: Contract
    protected: Sequence[Path]
    settings: OptimizeSettings
    cancel: CancelToken

    def folder(self, source: Path) -> Steps[None]:
        from inspector.formats.contract_file.embedding import to_json
        from inspector.formats.saved_model.save_folder import save_folder

        yield from save_folder(source, self.target, to_json(self.contract), self.cancel)

    def litert(self, source: str) -> Steps[None]:
        """Embed the contract in a copy beside the target, which it then replaces in one moment."""
        from inspector.formats.contract_file.embedding import to_json
        from inspector.formats.onnx.save import check_target
        from inspector.formats.onnx.save_draft import MODEL, Draft
        from inspector.optimize.litert.metadata import embed_contract

        check_target(self.target, self.protected)
        real = self.target.resolve()
        try:
            draft = Draft(real, self.protected)
        except OSError as error:
            raise _refused(self.target, error) from None
        try:
            made = draft.folder / MODEL
            yield from embed_contract(source, str(made), to_json(self.contract), self.settings, self.cancel)
            draft.publish("")
        except OSError as error:
            raise _refused(self.target, error) from None
        finally:
            draft.close()

    def onnx(self, subject: Subject) -> Steps[Saved]:
        from inspector.formats.contract_file.embedding import to_json
        from inspector.formats.onnx.save import check_target, save_model
        from inspector.isolation.limits import Limits

        calls, others = _file_calls(subject), other_targets(subject, self.target)
        targets = (self.target, *others)
        for one in targets:
            check_target(one, self.protected)
        limits = Limits(self.settings.memory_bytes, self.settings.step_seconds)
        paths = [call.path for call in calls] or [subject.path]
        facts = []
        for at, (path, target) in enumerate(zip(paths, targets, strict=True)):
            contract = self._contract_of(path, calls[at], is_first=at == 0) if calls else self.contract
            properties = {CONTRACT_KEY: to_json(contract)}
            yield from save_model(path, target, properties, self.cancel, limits, self.protected)
            facts.append(_read_back(target, subject.facts if len(paths) == 1 else None))
        return Saved(facts_of_all(facts), tuple(str(one) for one in others))

    def _contract_of(self, path: str, call: Runnable, *, is_first: bool) -> Contract:
        """Return the contract of one signature's file; what the user's says of values and labels is of the first one."""
        from inspector.formats.onnx.read import read
        from inspector.workflows.contract import derive_from

        contract = self.contract
        if not is_first:
            derived = derive_from(read(Path(path)), carried=False)
            contract = replace(contract, inputs=derived.inputs, outputs=derived.outputs, conformance=None)
        return with_original_names(contract, call)


def _file_calls(subject: Subject) -> tuple[Runnable, ...]:
    """Return the first call of each file, in the order of calls; none where the subject is a file of its own."""
    first: dict[str, Runnable] = {}
    for call in subject.calls:
        first.setdefault(call.path, call)
    return tuple(first.values())


def _read_back(target: Path, proven: ModelFacts | None) -> ModelFacts:
    """Return the facts of what was written. Raises OperationFailed where it is not what was proven."""
    from inspector.workflows.inspect import kind_of, read_artifact

    try:
        written = model_facts(read_artifact(target, kind_of(target), {}))
    except InspectorError as error:
        raise OperationFailed(f"{target} was written and does not read back: {error.message}") from None
    counts = (written.node_count, written.parameter_count)
    if proven is not None and counts != (proven.node_count, proven.parameter_count):
        raise OperationFailed(f"{target} was written and is not what was proven")
    return written


def _refused(target: Path, error: OSError) -> OperationFailed:
    return OperationFailed(f"cannot write {target}: {error.strerror or error}", "choose another place")
