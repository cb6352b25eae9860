"""Samples for warm-up requests: the user's for one signature, seeded ones for the others; TensorFlow tries them if it can."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed, UsageError
from inspector.records.contract import ValueRange
from inspector.records.event import Started, Steps, Warned, finish
from inspector.records.optimization import InputSet
from inspector.records.publishing import PublishRequest, WarmUpInputs, WarmUpPlan

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.contract import Contract
    from inspector.records.inspection import Inspection
    from inspector.runtimes.tensorflow.served import ServedSignature

UNPROVEN: Final = "inspector.verify.unproven_data_child:read_in_child"
MOST_SIGNATURES: Final = 16
"""Signatures that inputs are made for: each takes loading the SavedModel once."""


def warm_up_plan(
    inspection: Inspection, request: PublishRequest, contract: Contract, folder: Path, cancel: CancelToken
) -> Steps[WarmUpPlan | None]:
    """Return the requests to write, whose samples lie in an empty folder; None where there are none to be made.

    A signature that no sample can be made for is warned of, and goes without. Raises UsageError for data that does not fit.
    """
    from inspector.runtimes.tensorflow.served import served_signature

    facts = inspection.computation.saved_model
    if not request.warm_up or facts is None or not facts.main.signatures:
        return None
    found: list[WarmUpInputs] = []
    default = served_signature(inspection, request.signature)
    if request.data:
        found.append((yield from _given(default, request, folder / "data", cancel)))
    names = [default.signature.name, *(one.name for one in facts.main.signatures if one.name != default.signature.name)]
    left = [name for name in names if not found or name != default.signature.name]
    found += yield from _made(inspection, left, request, contract, folder, cancel)
    return WarmUpPlan(_model_name(request), tuple(found), request.warm_up) if found else None


def _model_name(request: PublishRequest) -> str:
    """Return what a server calls the model, as far as can be told: what the serving folder is called."""
    name = Path(request.serving).resolve().name or "default"
    return name.encode("utf-8", "replace").decode()


def _made(
    inspection: Inspection,
    names: list[str],
    request: PublishRequest,
    contract: Contract,
    folder: Path,
    cancel: CancelToken,
) -> Steps[list[WarmUpInputs]]:
    """Return seeded inputs of the signatures of these names, as far as TensorFlow runs them."""
    from inspector.runtimes.tensorflow.served import served_signature

    missing = _missing_tensorflow()
    if names and missing is not None:
        yield Warned(f"no warm-up requests are made of {_listed(names)}: {missing.message}", missing.hint)
        return []
    found = []
    for place, name in enumerate(names[:MOST_SIGNATURES]):
        try:
            served = served_signature(inspection, name)
            found.append((yield from _seeded(inspection, served, request, contract, folder / str(place), cancel)))
        except (OperationFailed, UsageError) as error:
            if cancel.cancelled:
                raise
            yield Warned(f"signature {name} gets no warm-up requests: {error.message}", error.hint)
    if len(names) > MOST_SIGNATURES:
        yield Warned(f"{len(names) - MOST_SIGNATURES} more signatures get no warm-up requests")
    return found


def _seeded(
    inspection: Inspection,
    served: ServedSignature,
    request: PublishRequest,
    contract: Contract,
    folder: Path,
    cancel: CancelToken,
) -> Steps[WarmUpInputs]:
    from inspector.verify.signature_inputs import make_signature_inputs

    yield Started(f"making warm-up requests of {served.signature.name}")
    folder.mkdir(parents=True)
    inputs = yield from make_signature_inputs(
        served,
        str(folder),
        request.warm_up,
        request.settings.seed,
        request.settings,
        cancel,
        request.lengths,
        computation=inspection.computation,
        ranges=_ranges(contract),
    )
    return _inputs(served, inputs)


def _given(served: ServedSignature, request: PublishRequest, folder: Path, cancel: CancelToken) -> Steps[WarmUpInputs]:
    """Return the user's samples for a signature, which TensorFlow ran where it is there. Raises UsageError."""
    from inspector.verify.data import read_signature_data

    yield Started(f"reading {Path(request.data).name}")
    missing = _missing_tensorflow()
    if missing is not None:
        inputs = yield from _unproven(served, request, folder, cancel)
        yield Warned(f"the warm-up requests were not tried: {missing.message}", missing.hint)
        return _inputs(served, inputs)
    split = yield from read_signature_data(Path(request.data), served, str(folder), request.settings, cancel)
    sets = [one for one in (split.evaluation, split.calibration, split.confirmation) if one.source == "data" and one.count]
    if not sets:
        raise UsageError(f"{Path(request.data).name} holds no samples", "its first axis counts them")
    return _inputs(served, max(sets, key=lambda one: one.count))


def _unproven(served: ServedSignature, request: PublishRequest, folder: Path, cancel: CancelToken) -> Steps[InputSet]:
    from inspector.isolation.child import run_child
    from inspector.isolation.limits import NUMPY_ON_ONE_THREAD, Limits
    from inspector.isolation.plain_line import plain_line
    from inspector.records.tensor import TensorSpec
    from inspector.verify.data import DEFAULT_LABELS, DataAnswer, DataRequest
    from inspector.verify.inputs_rules import rule_for

    path, settings = Path(request.data), request.settings
    rules = tuple(rule_for(TensorSpec(one.name, one.dtype, one.shape)) for one in served.signature.inputs)
    label = plain_line(path.name)
    order = DataRequest(
        str(path.absolute()),
        label,
        served.path,
        rules,
        str(folder),
        DEFAULT_LABELS,
        labels_required=False,
        seed=settings.seed,
        threads=settings.threads,
        memory_bytes=settings.memory_bytes,
    )
    folder.mkdir(parents=True)
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    child = run_child(UNPROVEN, order, DataAnswer, limits, cancel, title=f"reading {label}", environment=NUMPY_ON_ONE_THREAD)
    answer = (yield from finish(child)).result
    use = max(("evaluation", "calibration", "confirmation"), key=lambda name: answer.counts[name])
    return InputSet(str(folder / use), answer.names, answer.counts[use], "data", settings.seed, request.data, answer.notes)


def _missing_tensorflow() -> UsageError | None:
    """Return what is said where TensorFlow is not installed."""
    from inspector.runtimes.tensorflow.availability import require_tensorflow

    try:
        require_tensorflow()
    except UsageError as error:
        return error
    return None


def _inputs(served: ServedSignature, inputs: InputSet) -> WarmUpInputs:
    dtypes = {tensor.name: tensor.dtype for tensor in served.signature.inputs}
    return WarmUpInputs(served.signature.name, inputs, dtypes)


def _ranges(contract: Contract) -> Mapping[str, ValueRange]:
    return {one.name: one.range for one in contract.inputs if one.range is not None}


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
