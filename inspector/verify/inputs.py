"""Inputs made for a model that nobody gave any for: seeded, of the right types and shapes, with values it can make sense of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.formats.clean_text import one_line
from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.records.contract import ValueRange
from inspector.records.event import Steps, finish
from inspector.records.inspection import Inspection
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.runtimes.onnx_runtime.child_environment import CHILD_ENVIRONMENT
from inspector.verify.inputs_rules import NO_RANGES, InputRule, rules_of

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.inputs_child:make_in_child"

NO_LENGTHS: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class InputsRequest:
    """The model at an absolute path, a rule for each input, how many samples to make, and the lengths the user gave."""

    path: str
    label: str
    rules: tuple[InputRule, ...]
    folder: str
    count: int
    seed: int
    threads: int
    memory_bytes: int
    lengths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class InputsAnswer:
    """What was made: the inputs' raw names in order, how many samples, the lengths of open dimensions, what to know of it."""

    names: tuple[str, ...]
    count: int
    lengths: Mapping[str, int]
    notes: tuple[str, ...]


def make_inputs(
    inspection: Inspection,
    folder: str,
    count: int,
    seed: int,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    lengths: Mapping[str, int] = NO_LENGTHS,
    ranges: Mapping[str, ValueRange] = NO_RANGES,
) -> Steps[InputSet]:
    """Make count different samples in the folder (one, where the model has no inputs), each of which the model runs on.

    lengths are values for symbolic dimensions; those left open are tried until the runtime accepts them. ranges are what a
    contract promises of the values of inputs, by name. Raises OperationFailed
    with the runtime's reason where it accepts none, or where an input is no tensor; ChildFailed where the model crashes it.
    """
    artifact = inspection.computation.artifact
    label = one_line(Path(artifact.path).name)
    request = InputsRequest(
        str(Path(artifact.path).absolute()),
        label,
        rules_of(inspection.computation, ranges),
        folder,
        count,
        seed,
        settings.threads,
        settings.memory_bytes,
        {**inspection.settings, **lengths},
    )
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    title = f"making inputs for {label}"
    child = run_child(ENTRY, request, InputsAnswer, limits, cancel, title=title, environment=CHILD_ENVIRONMENT)
    made = (yield from finish(child)).result
    return InputSet(folder, made.names, made.count, "synthetic", seed, "", made.notes, dict(made.lengths))
