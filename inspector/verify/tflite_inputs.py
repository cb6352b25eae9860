"""Inputs made for a signature of a .tflite file: seeded, within the range of quantized types, each proven on it by LiteRT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inspector.analysis.cost.bindings import UNNAMED_BATCH, is_missing
from inspector.errors import OperationFailed, UsageError
from inspector.formats.clean_text import one_line
from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.isolation.plain_line import plain_line
from inspector.records.artifact import Computation
from inspector.records.contract import ValueRange
from inspector.records.event import Steps, finish
from inspector.records.graph import Signature
from inspector.records.inspection import Inspection
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.records.tensor import TensorSpec
from inspector.records.tflite import Quantization
from inspector.runtimes.litert.availability import require_litert
from inspector.runtimes.litert.child_environment import litert_environment
from inspector.verify.inputs import NO_LENGTHS, InputsAnswer, InputsRequest
from inspector.verify.inputs_rules import FLOATS, INTEGERS, NO_RANGES, InputRule, bounded, rule_for
from inspector.verify.tflite_inputs_uses import TFLiteUses

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken

ENTRY: Final = "inspector.verify.tflite_inputs_child:make_in_child"
HINT: Final = "give real ones with --data inputs.npz"
_DEFAULT: Final = "serving_default"
_LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32768, 32767),
}
"""The element types that LiteRT quantizes inputs to, and what they hold."""


@dataclass(frozen=True, slots=True)
class TFLiteInputsRequest:
    """What to make, as for any model, and which signature of the file ("": it has none) is to run on it."""

    inputs: InputsRequest
    signature: str


def make_tflite_inputs(
    inspection: Inspection,
    signature: str,
    folder: str,
    count: int,
    seed: int,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    lengths: Mapping[str, int] = NO_LENGTHS,
    batch: int = 1,
    ranges: Mapping[str, ValueRange] = NO_RANGES,
) -> Steps[InputSet]:
    """Make count different samples in the folder, of so many entries along the first dimension, that the signature runs on.

    signature "": the default one. lengths are values for open dimensions, which are called "batch" (each first one) and
    "x[2]" (of input x); those left open are tried until LiteRT accepts them, and notes say which. ranges are what a contract
    promises of inputs that are not quantized. Raises UsageError where LiteRT is not installed or there is no such signature;
    OperationFailed, in one line, for an input that none can be made for, or where nothing is accepted; ChildFailed where the
    model crashes or hangs.
    """
    require_litert()
    artifact = inspection.computation.artifact
    label = one_line(Path(artifact.path).name)
    called = tflite_signature(inspection.computation, signature)
    rules = tuple(
        rule if rule.scale else bounded(rule, ranges.get(rule.name)) for rule in tflite_rules(inspection.computation, called)
    )
    _refuse_fixed(rules, label, batch)
    given = {**inspection.settings, UNNAMED_BATCH: batch, **lengths}
    path = str(Path(artifact.path).absolute())
    inputs = InputsRequest(path, label, rules, folder, count, seed, settings.threads, settings.memory_bytes, given)
    request = TFLiteInputsRequest(inputs, called.name)
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    title = f"making inputs for {label}"
    child = run_child(ENTRY, request, InputsAnswer, limits, cancel, title=title, environment=litert_environment())
    made = (yield from finish(child)).result
    return InputSet(folder, made.names, made.count, "synthetic", seed, "", made.notes, dict(made.lengths))


def tflite_signature(computation: Computation, name: str = "") -> Signature:
    """Return the signature of that name ("": the default one, else the first by name; of a file without any, its main graph).

    Raises UsageError where there is none of that name.
    """
    offered = sorted(computation.signatures, key=lambda one: (one.name != _DEFAULT, one.name))
    found = next((one for one in offered if name in ("", one.name)), None)
    if found is not None:
        return found
    label = one_line(Path(computation.artifact.path).name)
    held = ", ".join(one.name or "none of its own" for one in offered[:12]) or "none"
    raise UsageError(f'{label} has no signature "{plain_line(name, 80)}"; it has {held}', "name one of them")


def tflite_rules(computation: Computation, signature: Signature) -> tuple[InputRule, ...]:
    """Return which values each input is to be fed. Raises OperationFailed for an input that none can be made for."""
    facts = computation.tflite
    runs = next((one for one in (facts.signatures if facts else ()) if one.name == signature.name), None)
    finder = TFLiteUses(computation)
    made = []
    for spec in signature.inputs:
        _refuse_unmakable(spec, one_line(Path(computation.artifact.path).name))
        place = (runs.graph, runs.inputs.get(spec.name, spec.name)) if runs else (computation.graph.path, spec.name)
        quantization = facts.quantization.get(place) if facts else None
        if quantization is not None and quantization.count == 1 and spec.dtype in _LIMITS and quantization.scales[0] > 0:
            made.append(_quantized(spec, quantization, rule_for(replace(spec, dtype="float32"), finder.uses(*place))))
        else:
            made.append(rule_for(spec, finder.uses(*place)))
    return tuple(made)


def _quantized(spec: TensorSpec, quantization: Quantization, real: InputRule) -> InputRule:
    """Return a rule for the whole numbers that stand for real ones, all of which lie within what the type can hold of them."""
    scale, zero_point = quantization.scales[0], quantization.zero_points[0] if quantization.zero_points else 0
    low, high = (scale * (limit - zero_point) for limit in _LIMITS[spec.dtype])
    note = f"{real.note}; as {spec.dtype}, for {low:.3g} to {high:.3g}"
    return replace(
        real, dtype=spec.dtype, bounds=ValueRange(low, high), scale=scale, zero_point=zero_point, note=note
    )  # fmt: skip


def _refuse_unmakable(spec: TensorSpec, label: str) -> None:
    """Raise OperationFailed for what no sample can be made of."""
    name = f'input "{spec.name}" of {label}'
    if spec.dtype not in INTEGERS | FLOATS | {"bool", "string"}:
        raise OperationFailed(f"{name} is of element type {spec.dtype}: no such inputs are made", HINT)
    if spec.shape is None:
        raise OperationFailed(f"{name} has no known rank: no inputs are made up for it", HINT)


def _refuse_fixed(rules: tuple[InputRule, ...], label: str, batch: int) -> None:
    """Raise OperationFailed where a batch is wanted that the signature does not leave open."""
    firsts = [rule.shape[0] for rule in rules if rule.shape]
    if batch > 1 and not any(isinstance(first, str) or is_missing(first) for first in firsts):
        raise OperationFailed(
            f"{label} takes no batch of {batch}: the first dimension of its inputs is fixed", "leave --batch at 1"
        )
