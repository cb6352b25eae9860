"""A user's samples in an .npz: checked against the model, split by use, and laid out one file a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.errors import OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.isolation.child import ChildFailed, run_child
from inspector.isolation.limits import Limits
from inspector.records.event import Steps, finish
from inspector.records.inspection import Inspection
from inspector.records.optimization import DataSplit, InputSet, OptimizeSettings
from inspector.records.tensor import TensorSpec
from inspector.runtimes.litert.availability import require_litert
from inspector.runtimes.litert.child_environment import litert_environment
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.runtimes.tensorflow.availability import require_tensorflow
from inspector.runtimes.tensorflow.child_environment import tensorflow_environment
from inspector.runtimes.tensorflow.loaders import Loader
from inspector.runtimes.tensorflow.served import ServedSignature, served_signature
from inspector.verify.inputs import make_inputs
from inspector.verify.inputs_rules import InputRule, rule_for, rules_of
from inspector.verify.signature_inputs import make_signature_inputs
from inspector.verify.tflite_inputs import make_tflite_inputs, tflite_signature

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.data_child:read_in_child"
SIGNATURE_ENTRY: Final = "inspector.verify.signature_data_child:read_in_child"
TFLITE_ENTRY: Final = "inspector.verify.tflite_data_child:read_in_child"
DEFAULT_LABELS: Final = "label"
CONFIRMATION_INPUTS: Final = 8
"""Synthetic ones, where there are too few samples to hold any apart."""


@dataclass(frozen=True, slots=True)
class DataRequest:
    """The data file and the model at absolute paths, what the model takes as the inspection has it, the folder for samples."""

    path: str
    label: str
    model: str
    rules: tuple[InputRule, ...]
    folder: str
    labels: str
    labels_required: bool
    seed: int
    threads: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class SignatureDataRequest:
    """The same for a SavedModel, whose folder is the model, and which signature of it takes the samples."""

    data: DataRequest
    model_label: str
    signature: str
    tags: tuple[str, ...]
    loader: Loader


@dataclass(frozen=True, slots=True)
class TFLiteDataRequest:
    """The same for a .tflite file, and which signature of it ("": it has none) takes the samples."""

    data: DataRequest
    model_label: str
    signature: str


@dataclass(frozen=True, slots=True)
class DataAnswer:
    """What was laid out: raw names of inputs, samples in each folder, whether there are labels, what to know of it all."""

    names: tuple[str, ...]
    samples: int
    counts: Mapping[str, int]
    has_labels: bool
    lengths: Mapping[str, int]
    notes: tuple[str, ...]


def read_data(
    path: Path,
    inspection: Inspection,
    folder: str,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    labels: str = DEFAULT_LABELS,
    signature: str = "",
) -> Steps[DataSplit]:
    """Read an .npz with an array for each input, by name, whose first axis counts the samples, and split it by use.

    Also taken are arrays of one sample, batches of a fixed size, and arrays that are the same for every sample. labels names
    the array of labels, if there is one, and signature which of a SavedModel's or a .tflite file's takes the samples ("": the
    default one); see read_signature_data() and read_tflite_data(). Samples are read one at a time. Raises UsageError, in one
    line that names the array and what was expected, for a file that is no .npz or does not fit the model; OperationFailed where
    the folder is too small.
    """
    if inspection.computation.saved_model is not None:
        served = served_signature(inspection, signature)
        return (yield from read_signature_data(path, served, folder, settings, cancel, labels))
    if inspection.computation.artifact.format == "tflite":
        return (yield from read_tflite_data(path, inspection, folder, settings, cancel, labels, signature))
    _refuse_irregular(path, one_line(path.name))
    model = str(Path(inspection.computation.artifact.path).absolute())
    request = _request(path, model, rules_of(inspection.computation), folder, settings, labels)
    answer = yield from _read(ENTRY, request, request.label, CHILD_ENVIRONMENT, settings, cancel)

    def more(target: str, lengths: Mapping[str, int]) -> Steps[InputSet]:
        return make_inputs(inspection, target, CONFIRMATION_INPUTS, settings.seed + 1, settings, cancel, lengths)

    return (yield from _confirmable(_split(path, folder, settings, answer), more))


def read_signature_data(
    path: Path,
    served: ServedSignature,
    folder: str,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    labels: str = DEFAULT_LABELS,
) -> Steps[DataSplit]:
    """Read an .npz for a signature of a SavedModel, with an array for each input by its name; see read_data().

    Raises UsageError also where TensorFlow is not installed, OperationFailed where it cannot load the SavedModel.
    """
    require_tensorflow()
    _refuse_irregular(path, one_line(path.name))
    rules = tuple(rule_for(TensorSpec(one.name, one.dtype, one.shape)) for one in served.signature.inputs)
    data = _request(path, served.path, rules, folder, settings, labels)
    request = SignatureDataRequest(data, served.label, served.signature.name, served.tags, served.loader)
    answer = yield from _read(SIGNATURE_ENTRY, request, data.label, tensorflow_environment(), settings, cancel)

    def more(target: str, lengths: Mapping[str, int]) -> Steps[InputSet]:
        return make_signature_inputs(served, target, CONFIRMATION_INPUTS, settings.seed + 1, settings, cancel, lengths)

    return (yield from _confirmable(_split(path, folder, settings, answer), more))


def read_tflite_data(
    path: Path,
    inspection: Inspection,
    folder: str,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    labels: str = DEFAULT_LABELS,
    signature: str = "",
) -> Steps[DataSplit]:
    """Read an .npz for a signature of a .tflite file, with an array for each input by its name; see read_data().

    Quantized inputs take whole numbers as they are. Raises UsageError also where LiteRT is not installed or there is no such
    signature, OperationFailed where it cannot load the file.
    """
    require_litert()
    _refuse_irregular(path, one_line(path.name))
    computation = inspection.computation
    called = tflite_signature(computation, signature)
    rules = tuple(rule_for(spec) for spec in called.inputs)
    data = _request(path, str(Path(computation.artifact.path).absolute()), rules, folder, settings, labels)
    request = TFLiteDataRequest(data, one_line(Path(computation.artifact.path).name), called.name)
    answer = yield from _read(TFLITE_ENTRY, request, data.label, litert_environment(), settings, cancel)

    def more(target: str, lengths: Mapping[str, int]) -> Steps[InputSet]:
        seed = settings.seed + 1
        return make_tflite_inputs(inspection, called.name, target, CONFIRMATION_INPUTS, seed, settings, cancel, lengths)

    return (yield from _confirmable(_split(path, folder, settings, answer), more))


def _request(
    path: Path, model: str, rules: tuple[InputRule, ...], folder: str, settings: OptimizeSettings, labels: str
) -> DataRequest:
    return DataRequest(
        str(path.absolute()),
        one_line(path.name),
        model,
        rules,
        folder,
        labels,
        labels != DEFAULT_LABELS,
        settings.seed,
        settings.threads,
        settings.memory_bytes,
    )


def _read(
    entry: str,
    request: DataRequest | SignatureDataRequest | TFLiteDataRequest,
    label: str,
    environment: Mapping[str, str],
    settings: OptimizeSettings,
    cancel: CancelToken | None,
) -> Steps[DataAnswer]:
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    child = run_child(entry, request, DataAnswer, limits, cancel, title=f"reading {label}", environment=environment)
    return (yield from finish(child)).result


def _split(path: Path, folder: str, settings: OptimizeSettings, answer: DataAnswer) -> DataSplit:
    def inputs(use: str) -> InputSet:
        return InputSet(
            str(Path(folder, use)),
            answer.names,
            answer.counts[use],
            "data",
            settings.seed,
            str(path),
            answer.notes,
            dict(answer.lengths),
        )

    return DataSplit(
        calibration=inputs("calibration"),
        evaluation=inputs("evaluation"),
        confirmation=inputs("confirmation"),
        labelled=inputs("labelled") if answer.has_labels else None,
        labels_file=str(Path(folder, "labels.npy")) if answer.has_labels else "",
        samples=answer.samples,
    )


def _confirmable(split: DataSplit, more: Callable[[str, Mapping[str, int]], Steps[InputSet]]) -> Steps[DataSplit]:
    """Where no sample is left to confirm with, have more make synthetic inputs, in a folder, at the lengths of the data."""
    if split.confirmation.count or not split.evaluation.names:
        return split
    try:
        made = yield from more(split.confirmation.folder, split.evaluation.lengths)
    except ChildFailed:
        raise
    except OperationFailed:
        return split
    notes = ("too few samples to hold any apart: these inputs are synthetic", *made.notes)
    return replace(split, confirmation=replace(made, notes=notes))


def _refuse_irregular(path: Path, label: str) -> None:
    """Raise UsageError for what is not there, or is no file."""
    try:
        if path.is_dir():
            raise UsageError(f"{label} is a folder, not an .npz file", "name the file in it")
        if not path.exists():
            raise UsageError(f"{label}: no such file", "check the path after --data")
        if not path.is_file():
            raise UsageError(f"{label} is no regular file", "write the arrays to a file first")
    except (OSError, ValueError) as error:
        raise UsageError(f"{label}: {one_line(error)}", "check the path after --data") from None
