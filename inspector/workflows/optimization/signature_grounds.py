"""What steps on a SavedModel are judged on: for each signature inputs for each use, and what TensorFlow gives for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed, UsageError
from inspector.records.event import Started, Steps
from inspector.records.optimization import Subject
from inspector.runtimes.tensorflow.served import default_signature
from inspector.workflows.optimization.facts import model_facts
from inspector.workflows.optimization.grounds import (
    CALIBRATION_INPUTS,
    CONFIRMATION_INPUTS,
    EVALUATION_INPUTS,
    Grounds,
    Inputs,
    data_path,
    folder_in,
    input_ranges,
    inputs_of,
    kept_rules,
    settings_for,
)
from inspector.workflows.optimization.signatures import of_signature

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.inspection import Inspection
    from inspector.records.optimization import InputSet, OptimizationRequest, Reference
    from inspector.records.runnable import Runnable


KEEPING: Final = "--keep-signature names those that it is to have"


def lay_signature_grounds(
    inspection: Inspection, request: OptimizationRequest, folder: Path, cancel: CancelToken
) -> Steps[tuple[Grounds, ...]]:
    """Make or read inputs for every signature of a SavedModel, run the original on them, and gather what steps are judged on.

    Data and labels are for the signature that the request names, the default one otherwise; it comes first. Raises UsageError
    where TensorFlow is missing or data does not fit the signature, OperationFailed where a signature does not run, naming it.
    """
    from inspector.runtimes.callables import runnables_of

    facts = inspection.computation.saved_model
    wanted = request.signature or (default_signature(facts) if facts is not None else "")
    calls = _in_order(_kept(runnables_of(inspection), request.settings.signatures), wanted, is_named=bool(request.signature))
    subject = Subject(calls[0].path, inspection, model_facts(inspection.computation), calls)
    found = []
    for place, call in enumerate(calls):
        try:
            grounds = yield from _Signature(subject, request, call, folder_in(folder, f"{place}"), cancel, place == 0).lay()
        except (OperationFailed, UsageError) as error:
            raise _named(error, call, len(calls)) from None
        found.append(grounds)
    return tuple(found)


def _kept(calls: tuple[Runnable, ...], names: tuple[str, ...]) -> tuple[Runnable, ...]:
    """Return the signatures that the result is to have. Raises UsageError where there is none of a name."""
    held = [call.signature for call in calls]
    unknown = next((name for name in names if name not in held), None)
    if unknown is not None:
        raise UsageError(f'it has no signature "{unknown}" to keep; it has {", ".join(held[:12])}', "name one of them")
    return tuple(call for call in calls if not names or call.signature in names)


def _in_order(calls: tuple[Runnable, ...], first: str, *, is_named: bool) -> tuple[Runnable, ...]:
    """Return the signatures with the one that data is for first. Raises UsageError where one is named that is not there."""
    if not calls:
        raise OperationFailed("it has no signature to call", "save it with signatures=…")
    names = [call.signature for call in calls]
    if first not in names and is_named:
        raise UsageError(f'it has no signature "{first}"; it has {", ".join(names[:12])}', "name one of them")
    return tuple(sorted(calls, key=lambda call: call.signature != first))


def _named(error: OperationFailed | UsageError, call: Runnable, count: int) -> OperationFailed | UsageError:
    """Return the error with the signature it is of, where there are several; one that ends the work stays as it is."""
    if count == 1 or getattr(error, "kind", "") == "cancelled":
        return error
    error.message = f"signature {call.signature}: {error.message}"
    if isinstance(error, OperationFailed):
        error.hint = f"{error.hint}; --keep-signature names those that it is to have" if error.hint else KEEPING
    return error


class _Signature:
    """One signature whose grounds are laid in a folder; only the first one's data is the user's."""

    def __init__(
        self,
        subject: Subject,
        request: OptimizationRequest,
        call: Runnable,
        folder: Path,
        cancel: CancelToken,
        is_first: bool,
    ) -> None:
        from inspector.workflows.contract import derive_from

        self._subject = subject
        self._request = request
        self._call = call
        self._folder = folder
        self._cancel = cancel
        self._is_first = is_first
        self._settings = settings_for(request, subject.inspection)
        self._promised = derive_from(of_signature(subject.inspection.computation, call))
        self._contract = request.contract if request.contract is not None and is_first else self._promised

    def lay(self) -> Steps[Grounds]:
        """Gather inputs and outputs of the original, each split by use."""
        path = data_path(self._request, self._contract) if self._is_first else None
        made = self._made() if path is None else self._read(path)
        inputs, evaluation, confirmation = yield from made
        computation = self._subject.inspection.computation
        return Grounds(
            original=self._subject,
            call=self._call,
            promised=self._promised,
            contract=self._contract,
            user_contract=self._contract is not self._promised,
            kept=kept_rules(self._request.contract if self._is_first else None, computation),
            calibration=inputs.calibration,
            evaluation=evaluation,
            confirmation=confirmation,
            labelled=inputs.labelled,
            labels_file=inputs.labels_file,
            terms=inputs.terms,
            original_checker="",
            settings=self._settings,
        )

    def _read(self, path: Path) -> Steps[tuple[Inputs, Reference, Reference]]:
        """Read the user's samples and run the original on them."""
        from inspector.verify.data import DEFAULT_LABELS, read_data

        yield Started(f"reading {path.name}")
        terms = self._contract.conformance
        split = yield from read_data(
            path,
            self._subject.inspection,
            str(folder_in(self._folder, "data")),
            self._settings,
            self._cancel,
            terms.labels if terms else DEFAULT_LABELS,
            self._call.signature,
        )
        yield Started(f"running the original: {self._call.signature}")
        evaluation = yield from self._recorded(split.evaluation, "evaluation-outputs")
        confirmation = yield from self._recorded(split.confirmation, "confirmation-outputs")
        return inputs_of(split, terms), evaluation, confirmation

    def _made(self) -> Steps[tuple[Inputs, Reference, Reference]]:
        """Make inputs within the ranges that the contract promises and run the original on those that are compared on.

        All are made, and all are run, at once, since TensorFlow takes seconds to start.
        """
        from inspector.runtimes.tensorflow.served import served_signature
        from inspector.verify.signature_inputs import make_signature_inputs

        yield Started(f"making inputs: {self._call.signature}")
        served = served_signature(self._subject.inspection, self._call.signature)
        made = yield from make_signature_inputs(
            served,
            str(folder_in(self._folder, "inputs")),
            EVALUATION_INPUTS + CONFIRMATION_INPUTS + CALIBRATION_INPUTS,
            self._settings.seed,
            self._settings,
            self._cancel,
            self._request.lengths,
            computation=self._subject.inspection.computation,
            ranges=input_ranges(self._contract),
        )
        yield Started(f"running the original: {self._call.signature}")
        compared = replace(made, count=min(made.count, EVALUATION_INPUTS + CONFIRMATION_INPUTS))
        outputs = yield from self._recorded(compared, "outputs")
        return self._split(made, outputs)

    def _recorded(self, inputs: InputSet, name: str) -> Steps[Reference]:
        from inspector.runtimes.record_outputs import record_outputs_of

        folder = str(folder_in(self._folder, name))
        return (yield from record_outputs_of(self._call, inputs, folder, self._settings, self._cancel))

    def _split(self, made: InputSet, outputs: Reference) -> tuple[Inputs, Reference, Reference]:
        """Take samples apart by use; a signature that takes nothing has one sample, which serves for everything."""
        if made.count < EVALUATION_INPUTS + CONFIRMATION_INPUTS + CALIBRATION_INPUTS:
            return Inputs(made, made, made), outputs, outputs
        parts, first = [], 0
        uses = (("evaluation", EVALUATION_INPUTS), ("confirmation", CONFIRMATION_INPUTS), ("calibration", CALIBRATION_INPUTS))
        for name, count in uses:
            folder = folder_in(self._folder, name)
            _moved(Path(made.folder), first, count, folder)
            parts.append(replace(made, folder=str(folder), count=count))
            first += count
        evaluation, confirmation, calibration = parts
        kept = folder_in(self._folder, "confirmation-outputs")
        _moved(Path(outputs.folder), EVALUATION_INPUTS, CONFIRMATION_INPUTS, kept)
        inputs = Inputs(calibration, evaluation, confirmation)
        return inputs, replace(outputs, inputs=evaluation), replace(outputs, folder=str(kept), inputs=confirmation)


def _moved(source: Path, first: int, count: int, target: Path) -> None:
    """Move samples to a folder of their own, numbered from 0 there."""
    from inspector.runtimes.onnx_runtime.feeds import sample_path

    for index in range(count):
        Path(sample_path(str(source), first + index)).rename(sample_path(str(target), index))
