"""What every step is judged on: the original, inputs apart for each use, what the original gives for them, its contract."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.records.contract import ConformanceTerms, Contract, ValueRange
from inspector.records.event import Started, Steps
from inspector.records.optimization import DataSplit, InputSet, OptimizationRequest, OptimizeSettings, Reference, Subject
from inspector.records.runnable import Runnable
from inspector.workflows.optimization.facts import model_facts

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.artifact import Computation
    from inspector.records.inspection import Inspection

CALIBRATION_INPUTS: Final = 32
EVALUATION_INPUTS: Final = 16
CONFIRMATION_INPUTS: Final = 8

LEAST_MEMORY: Final = 4 << 30
LEAST_FOR_TENSORFLOW: Final = 12 << 30
"""Address space that TensorFlow and a converter, or two more runtimes beside it, take before any model is loaded."""
MEMORY_FOR_EACH_BYTE: Final = 5
"""Bytes of address space that converting and running take at most for each byte of the model, as measured on the samples."""

SPARED_SHARE: Final = 0.8
"""Share of the machine's memory that one child may have at most."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """The original, one way to call it, and what changes are judged on; labelled is None where there are no labels."""

    original: Subject
    call: Runnable
    promised: Contract
    """What the original itself promises, derived from it: what changes are told by."""
    contract: Contract
    """The user's contract where there is one, otherwise the promised one."""
    user_contract: bool
    kept: frozenset[str]
    """Rules of the user's contract that the original keeps, and a change must, too."""
    calibration: InputSet
    evaluation: Reference
    confirmation: Reference
    labelled: InputSet | None
    labels_file: str
    terms: ConformanceTerms | None
    original_checker: str
    """What onnx.checker says of the original, which no change made worse: empty where it passes."""
    settings: OptimizeSettings


def settings_for(request: OptimizationRequest, inspection: Inspection) -> OptimizeSettings:
    """Return the settings with a memory limit that fits the model and this machine where the user gave none."""
    import psutil

    computation = inspection.computation
    least = LEAST_MEMORY if computation.saved_model is None else LEAST_FOR_TENSORFLOW
    wanted = max(least, MEMORY_FOR_EACH_BYTE * computation.total_bytes)
    most = int(psutil.virtual_memory().total * SPARED_SHARE)
    return replace(request.settings, memory_bytes=request.memory_bytes or min(wanted, max(most, LEAST_MEMORY)))


def lay_grounds(inspection: Inspection, request: OptimizationRequest, folder: Path, cancel: CancelToken) -> Steps[Grounds]:
    """Make or read the inputs, run the original on them, and gather what steps are judged on.

    Raises UsageError for data that does not fit the model, OperationFailed where the original itself does not run.
    """
    from inspector.formats.onnx.check_model import check_model
    from inspector.isolation.limits import Limits
    from inspector.runtimes.onnx_runtime.record_outputs import record_outputs
    from inspector.workflows.contract import derive_from

    promised = derive_from(inspection.computation)
    contract = request.contract or promised
    settings = settings_for(request, inspection)
    path = str(Path(inspection.computation.artifact.path).absolute())
    subject = Subject(path, inspection, model_facts(inspection.computation))
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    inputs = yield from _gather_inputs(inspection, request, contract, folder, settings, cancel)
    yield Started("running the original")
    references = []
    for name, one in (("evaluation", inputs.evaluation), ("confirmation", inputs.confirmation)):
        made = folder_in(folder, f"{name}-outputs")
        references.append((yield from record_outputs(path, one, str(made), settings, cancel)))
    checker = yield from check_model(path, limits, cancel)
    return Grounds(
        original=subject,
        call=Runnable(path),
        promised=promised,
        contract=contract,
        user_contract=request.contract is not None,
        kept=kept_rules(request.contract, inspection.computation),
        calibration=inputs.calibration,
        evaluation=references[0],
        confirmation=references[1],
        labelled=inputs.labelled,
        labels_file=inputs.labels_file,
        terms=inputs.terms,
        original_checker=checker,
        settings=settings,
    )


def kept_rules(contract: Contract | None, computation: Computation) -> frozenset[str]:
    """Return the rules of a contract that a model keeps; none where there is no contract."""
    from inspector.workflows.contract import check

    return frozenset(one.rule for one in check(contract, computation) if one.status == "passed") if contract else frozenset()


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs by use."""

    calibration: InputSet
    evaluation: InputSet
    confirmation: InputSet
    labelled: InputSet | None = None
    labels_file: str = ""
    terms: ConformanceTerms | None = None


def _gather_inputs(
    inspection: Inspection,
    request: OptimizationRequest,
    contract: Contract,
    folder: Path,
    settings: OptimizeSettings,
    cancel: CancelToken,
) -> Steps[Inputs]:
    data = data_path(request, contract)
    if data is None:
        return (yield from _make_inputs(inspection, request, contract, folder, settings, cancel))
    from inspector.verify.data import read_data

    terms = contract.conformance
    yield Started(f"reading {data.name}")
    split = yield from read_data(
        data, inspection, str(folder_in(folder, "data")), settings, cancel, terms.labels if terms else "label"
    )
    return inputs_of(split, terms)


def inputs_of(split: DataSplit, terms: ConformanceTerms | None) -> Inputs:
    """Return what a file of samples holds, by use; where there are labels and nobody said how to judge them, as by default."""
    if split.labelled is not None and terms is None:
        terms = ConformanceTerms()
    return Inputs(split.calibration, split.evaluation, split.confirmation, split.labelled, split.labels_file, terms)


def _make_inputs(
    inspection: Inspection,
    request: OptimizationRequest,
    contract: Contract,
    folder: Path,
    settings: OptimizeSettings,
    cancel: CancelToken,
) -> Steps[Inputs]:
    """Make three sets of inputs from three seeds, within the ranges that the contract promises."""
    from inspector.verify.inputs import make_inputs

    yield Started("making inputs")
    ranges = input_ranges(contract)
    sets = []
    uses = (("evaluation", EVALUATION_INPUTS), ("confirmation", CONFIRMATION_INPUTS), ("calibration", CALIBRATION_INPUTS))
    for offset, (name, count) in enumerate(uses):
        made = str(folder_in(folder, name))
        seed = settings.seed + offset
        sets.append((yield from make_inputs(inspection, made, count, seed, settings, cancel, request.lengths, ranges)))
    evaluation, confirmation, calibration = sets
    return Inputs(calibration, evaluation, confirmation)


def input_ranges(contract: Contract) -> dict[str, ValueRange]:
    """Return the values that the contract promises inputs to hold, by name."""
    return {promise.name: promise.range for promise in contract.inputs if promise.range is not None}


def data_path(request: OptimizationRequest, contract: Contract) -> Path | None:
    """Return the file of samples that the user names, otherwise the one of the contract; None where inputs are to be made."""
    if request.data:
        return Path(request.data)
    named = contract.conformance.data if contract.conformance else ""
    return Path(request.contract_folder, named) if named and request.contract is not None else None


def folder_in(folder: Path, name: str) -> Path:
    """Make a folder of that name in the private one."""
    made = folder / name
    made.mkdir(mode=0o700)
    return made
