"""Inputs made for a signature of a SavedModel: seeded, of the right types and shapes, each proven on it by TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from inspector.analysis.cost.bindings import UNNAMED_BATCH, is_missing
from inspector.errors import OperationFailed
from inspector.isolation.child import run_child
from inspector.isolation.limits import Limits
from inspector.records.contract import ValueRange
from inspector.records.event import Steps, finish
from inspector.records.optimization import InputSet, OptimizeSettings
from inspector.records.saved_model import SignatureFacts, SignatureTensor
from inspector.records.tensor import TensorSpec
from inspector.runtimes.tensorflow.availability import require_tensorflow
from inspector.runtimes.tensorflow.child_environment import tensorflow_environment
from inspector.runtimes.tensorflow.loaders import Loader
from inspector.runtimes.tensorflow.served import ServedSignature
from inspector.verify.inputs import NO_LENGTHS, InputsAnswer, InputsRequest
from inspector.verify.inputs_rules import FLOATS, INTEGERS, NO_RANGES, InputRule, bounded, rule_for
from inspector.verify.signature_inputs_uses import SignatureUses

if TYPE_CHECKING:
    from inspector.isolation.limits import CancelToken
    from inspector.records.artifact import Computation

ENTRY: Final = "inspector.verify.signature_inputs_child:make_in_child"
HINT: Final = "give real ones with --data inputs.npz"


@dataclass(frozen=True, slots=True)
class SignatureInputsRequest:
    """What to make, as for any model, and which signature of the SavedModel is to run on it."""

    inputs: InputsRequest
    signature: str
    tags: tuple[str, ...]
    loader: Loader


def make_signature_inputs(
    served: ServedSignature,
    folder: str,
    count: int,
    seed: int,
    settings: OptimizeSettings,
    cancel: CancelToken | None,
    lengths: Mapping[str, int] = NO_LENGTHS,
    batch: int = 1,
    computation: Computation | None = None,
    ranges: Mapping[str, ValueRange] = NO_RANGES,
) -> Steps[InputSet]:
    """Make count different samples in the folder, of so many entries along the first dimension, that the signature runs on.

    lengths are values for open dimensions, which are called "batch" (each first one) and "x[2]" (of input x); those left open
    are tried until TensorFlow accepts them, and notes say which. computation, where it is given, says which tables whole
    numbers index, ranges what a contract promises of inputs. Raises UsageError where TensorFlow is not installed;
    OperationFailed, in one line, where an input is no dense tensor or has no known rank, or nothing is accepted; ChildFailed
    where the SavedModel crashes or hangs.
    """
    require_tensorflow()
    rules = tuple(bounded(rule, ranges.get(rule.name)) for rule in signature_rules(served, computation))
    _refuse_fixed(rules, served.label, batch)
    given = {**served.lengths, UNNAMED_BATCH: batch, **lengths}
    inputs = InputsRequest(
        served.path, served.label, rules, folder, count, seed, settings.threads, settings.memory_bytes, given
    )
    request = SignatureInputsRequest(inputs, served.signature.name, served.tags, served.loader)
    limits = Limits(settings.memory_bytes, settings.step_seconds)
    title = f"making inputs for {served.label}"
    child = run_child(ENTRY, request, InputsAnswer, limits, cancel, title=title, environment=tensorflow_environment())
    made = (yield from finish(child)).result
    return InputSet(folder, made.names, made.count, "synthetic", seed, "", made.notes, dict(made.lengths))


def signature_rules(served: ServedSignature, computation: Computation | None = None) -> tuple[InputRule, ...]:
    """Return which values each input is to be fed. Raises OperationFailed for an input that none can be made for."""
    signature = served.signature
    for tensor in signature.inputs:
        _refuse_unmakable(tensor, served.label)
    if computation is None:
        return tuple(rule_for(_spec(tensor)) for tensor in signature.inputs)
    finder = SignatureUses(computation)
    return tuple(rule_for(_spec(tensor), finder.uses(signature, tensor.name)) for tensor in signature.inputs)


def signature_specs(signature: SignatureFacts) -> tuple[TensorSpec, ...]:
    """Return the inputs as the record has them."""
    return tuple(_spec(tensor) for tensor in signature.inputs)


def _spec(tensor: SignatureTensor) -> TensorSpec:
    return TensorSpec(tensor.name, tensor.dtype, tensor.shape)


def _refuse_unmakable(tensor: SignatureTensor, label: str) -> None:
    """Raise OperationFailed for what no sample can be made of."""
    name = f'input "{tensor.name}" of {label}'
    if tensor.encoding != "dense":
        kind = (
            "a sparse tensor" if tensor.encoding == "coo_sparse" else "made of several tensors (ragged, or another composite)"
        )
        raise OperationFailed(f"{name} is {kind}: no such inputs are made", HINT)
    if tensor.dtype not in INTEGERS | FLOATS | {"bool", "string"}:
        raise OperationFailed(f"{name} is of element type {tensor.dtype}: no such inputs are made", HINT)
    if tensor.shape is None:
        raise OperationFailed(f"{name} has no known rank: no inputs are made up for it", HINT)


def _refuse_fixed(rules: tuple[InputRule, ...], label: str, batch: int) -> None:
    """Raise OperationFailed where a batch is wanted that the signature does not leave open."""
    firsts = [rule.shape[0] for rule in rules if rule.shape]
    is_open = any(isinstance(first, str) or is_missing(first) for first in firsts)
    if batch > 1 and not is_open:
        raise OperationFailed(
            f"{label} takes no batch of {batch}: the first dimension of its inputs is fixed", "leave --batch at 1"
        )
