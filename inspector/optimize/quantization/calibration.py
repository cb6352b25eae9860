"""Calibration: which range each activation has over the calibration inputs, streamed so that no activation is ever kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.isolation.child import run_child
from inspector.isolation.limits import CancelToken, Limits
from inspector.isolation.plain_line import plain_line
from inspector.optimize.quantization.ranges import RangeMethod
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.activations import MEMORY_BUDGET
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT

ENTRY: Final = "inspector.optimize.quantization.calibration_child:calibrate_in_child"
PERCENTILE: Final = 99.99
"""Share of values, in percent, that the percentile method keeps."""

_SHARE_OF_BUDGET: Final = 0.25
"""Share of the search's time that calibration may take before it makes do with fewer samples."""


@dataclass(frozen=True, slots=True)
class CalibrationRequest:
    """The model at an absolute path, what to run it on, of which tensors (None: all floats), and where the ranges go."""

    model: str
    inputs: InputSet
    folder: str
    methods: tuple[RangeMethod, ...]
    tensors: tuple[str, ...] | None
    percentile: float
    threads: int
    memory_budget: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CalibrationAnswer:
    """The files of ranges, one a method in the order asked for, and how many tensors, samples and groups there were."""

    paths: tuple[str, ...]
    tensors: int
    samples: int
    groups: int
    activation_bytes: int
    missing: int = 0
    """Tensors asked for that the model does not compute."""
    odd: int = 0
    """Tensors that held NaN or infinities."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The files of ranges by method; samples is how many were used, peak_bytes the most memory the child held."""

    paths: dict[RangeMethod, str]
    tensors: int
    samples: int
    peak_bytes: int | None = None
    notes: tuple[str, ...] = ()


def calibrate(
    model: str,
    inputs: InputSet,
    methods: Sequence[RangeMethod],
    tensors: Collection[str] | None,
    settings: OptimizeSettings,
    cancel: CancelToken,
    folder: str,
    *,
    percentile: float = PERCENTILE,
    memory_budget: int = MEMORY_BUDGET,
) -> Steps[Calibration]:
    """Find the ranges by several methods at once: the model runs as often as for one. The files go into folder.

    model: absolute path; tensors: names as it writes them, None: every float tensor. Raises OperationFailed or ChildFailed.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    request = CalibrationRequest(
        model,
        inputs,
        folder,
        tuple(dict.fromkeys(methods)),
        None if tensors is None else tuple(tensors),
        percentile,
        settings.threads,
        memory_budget,
        min(settings.step_seconds / 2, settings.budget_seconds * _SHARE_OF_BUDGET),
    )
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    title = f"calibration of {plain_line(Path(model).name, 80)}"
    child = run_child(ENTRY, request, CalibrationAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    finished = yield from finish(child)
    answer = finished.result
    paths = dict(zip(request.methods, answer.paths, strict=True))
    peak = getattr(finished, "peak_bytes", None)
    return Calibration(paths, answer.tensors, answer.samples, peak, tuple(_notes(answer, inputs)))


def collect_ranges(
    model: str,
    inputs: InputSet,
    method: RangeMethod,
    tensors: Collection[str] | None,
    settings: OptimizeSettings,
    cancel: CancelToken,
    folder: str,
) -> Steps[str]:
    """Return the path of a file with the ranges that one method finds; see calibrate()."""
    calibration = yield from calibrate(model, inputs, (method,), tensors, settings, cancel, folder)
    return calibration.paths[method]


def _notes(answer: CalibrationAnswer, inputs: InputSet) -> list[str]:
    notes = [f"calibrated {answer.tensors:,} tensors on {answer.samples:,} samples in {answer.groups:,} groups"]
    if answer.samples < inputs.count:
        notes.append(f"only {answer.samples:,} of {inputs.count:,} calibration samples were used, for want of time")
    if answer.odd:
        notes.append(f"{answer.odd:,} tensors held NaN or infinities and cannot be int8")
    return notes
