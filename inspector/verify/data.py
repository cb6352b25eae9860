"""A user's samples in an .npz: checked against the model, split by use, and laid out one file a sample."""

from __future__ import annotations

from collections.abc import Mapping
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
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.verify.inputs import make_inputs
from inspector.verify.inputs_rules import InputRule, rules_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.data_child:read_in_child"
DEFAULT_LABELS: Final = "label"
CONFIRMATION_INPUTS: Final = 8
"""Synthetic ones, where there are too few samples to hold any apart."""


@dataclass(frozen=True, slots=True)
class DataRequest:
    """The data file and the model at absolute paths, what the model takes, and the folder for samples."""

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
) -> Steps[DataSplit]:
    """Read an .npz with an array for each input, by name, whose first axis counts the samples, and split it by use.

    Also taken are arrays of one sample, batches of a fixed size, and arrays that are the same for every sample. labels names
    the array of labels, if there is one. Samples are read one at a time. Raises UsageError, in one line that names the array
    and what was expected, for a file that is no .npz or does not fit the model; OperationFailed where the folder is too small.
    """
    label = one_line(path.name)
    _refuse_irregular(path, label)
    model = inspection.computation.artifact.path
    request = DataRequest(
        str(path.absolute()),
        label,
        str(Path(model).absolute()),
        rules_of(inspection.computation),
        folder,
        labels,
        labels != DEFAULT_LABELS,
        settings.seed,
        settings.threads,
        settings.memory_bytes,
    )
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    child = run_child(ENTRY, request, DataAnswer, limits, cancel, title=f"reading {label}", environment=CHILD_ENVIRONMENT)
    answer = (yield from finish(child)).result
    split = _split(path, folder, settings, answer)
    return (yield from _confirmable(split, inspection, settings, cancel))


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


def _confirmable(
    split: DataSplit, inspection: Inspection, settings: OptimizeSettings, cancel: CancelToken | None
) -> Steps[DataSplit]:
    """Where no sample is left to confirm with, have synthetic inputs made, at the lengths of the data."""
    if split.confirmation.count or not split.evaluation.names:
        return split
    folder, lengths = split.confirmation.folder, split.evaluation.lengths
    try:
        made = yield from make_inputs(inspection, folder, CONFIRMATION_INPUTS, settings.seed + 1, settings, cancel, lengths)
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
