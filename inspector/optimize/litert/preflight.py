"""What a conversion to LiteRT would do to a SavedModel, told from what was read of it; nothing is run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from inspector.analysis.tensorflow_operators import add_on_of, is_registered, names_function
from inspector.isolation.plain_line import plain_line
from inspector.optimize.litert.messages import Numbers
from inspector.optimize.litert.without_builtin import has_no_builtin
from inspector.records.artifact import Computation
from inspector.records.optimization import OptimizeSettings, Preflight, Subject
from inspector.records.saved_model import SavedModelFacts, SignatureFacts

_MB: Final = 1_000_000
_SHARES: Final[dict[Numbers, tuple[str, float]]] = {
    "float32": ("fp32", 0.0),
    "float16": ("fp16", 0.5),
    "dynamic int8": ("int8", 0.75),
    "int8": ("int8", 0.75),
}
_CHOICES: Final[dict[Numbers, str]] = {
    "float32": "LiteRT, numbers as they are",
    "float16": "LiteRT, weights in fp16",
    "dynamic int8": "LiteRT, weights in int8, activations quantized while it runs",
    "int8": "LiteRT, static int8 with calibration",
}
_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class _Uses:
    """What the operators behind the signatures ask for, by signature: those nobody registers, those without a builtin."""

    custom: dict[str, list[str]]
    without_builtin: dict[str, list[str]]


def preflight(subject: Subject, settings: OptimizeSettings, numbers: Numbers) -> Preflight:
    """Return whether it can be converted at all, and what that would save."""
    from inspector.runtimes.tensorflow.availability import missing_tensorflow

    computation = subject.inspection.computation
    facts = computation.saved_model
    if facts is None:
        return Preflight(False, "only a SavedModel is converted to LiteRT")
    if missing := missing_tensorflow():
        return Preflight(False, missing)
    uses = _uses(computation, facts)
    if reason := _refusal(facts, uses, numbers):
        return Preflight(False, reason)
    return Preflight(
        True,
        choice=_CHOICES[numbers],
        notes=tuple(_notes(subject, computation, facts, numbers)),
        warnings=tuple(_warnings(facts, uses, settings)),
    )


def _refusal(facts: SavedModelFacts, uses: _Uses, numbers: Numbers) -> str:
    """Return why it cannot be converted, in one line that names signature and input or operator; "" if it may."""
    signatures = facts.main.signatures
    if not signatures:
        return "it has no signature, and a .tflite holds nothing but signatures"
    for signature in signatures:
        for tensor in signature.inputs:
            place = f'input "{tensor.name}" of signature "{signature.name}"'
            if tensor.encoding != "dense":
                kind = "sparse" if tensor.encoding == "coo_sparse" else "ragged, or made of several tensors in another way"
                return f"{place} is {kind}: a signature of a .tflite takes dense tensors only"
            if tensor.dtype == "resource":
                return f"{place} is a resource: a signature of a .tflite takes tensors only"
            if numbers == "int8" and tensor.dtype == "string":
                return f"{place} is text, which LiteRT cannot be calibrated on: use int8-dynamic"
    for name, operators in uses.custom.items():
        source = next((add_on for one in operators if (add_on := add_on_of(one))), "")
        who = f", which {source} brings" if source else ", which no stock TensorFlow registers"
        return f'signature "{name}" needs the custom operator {_listed(operators)}{who}'
    return ""


def _notes(subject: Subject, computation: Computation, facts: SavedModelFacts, numbers: Numbers) -> Iterator[str]:
    names = [f'"{one.name}"' for one in facts.main.signatures]
    yield f"{len(names)} signature{'' if len(names) == 1 else 's'} in one file: {_listed(names)}"
    word, share = _SHARES[numbers]
    floats = sum(one.byte_count for one in facts.variables if one.role == "parameter" and one.dtype == "float32")
    floats += sum(one.byte_count for one in computation.weights if one.carrier == "constant" and one.dtype == "float32")
    whole = max(subject.facts.size_bytes, 1)
    if share:
        yield (
            f"{_size(floats)} of {_size(whole)} ({min(floats / whole, 1):.0%}) are fp32 weights, which take "
            f"{'half' if share == 0.5 else 'a quarter'} of that in {word}"
        )
    else:
        yield f"{_size(floats)} of {_size(whole)} are fp32 weights; graphs for training and the checkpoint's form are left out"
    if numbers == "int8":
        yield "calibrates on the samples of --data, or on made ones; inputs and outputs keep their element types"
    elif numbers == "dynamic int8":
        yield "needs no calibration; weights of fewer than 1,024 elements stay fp32"
    elif numbers == "float16":
        yield "computes in fp32 on a CPU: it gains size, not time"


def _warnings(facts: SavedModelFacts, uses: _Uses, settings: OptimizeSettings) -> Iterator[str]:
    for name, operators in uses.without_builtin.items():
        yield f'signature "{name}" uses {_listed(operators)}, which LiteRT has no builtin operator for'
    if settings.keep_fp32:
        yield "nodes that were asked to stay in fp32 are not kept there: the converter fuses them under names of its own"
    for signature in facts.main.signatures:
        defaults = [one.name for one in signature.inputs if one.default is not None]
        if defaults:
            yield f'signature "{signature.name}" has default values for {_listed(defaults)}: LiteRT must be given them'


def _uses(computation: Computation, facts: SavedModelFacts) -> _Uses:
    bodies = {function.body.path: function.body for function in computation.functions}
    bodies[computation.graph.path] = computation.graph
    defined = {function.name for function in computation.functions}
    calls = {function.path: function.calls for function in facts.main.functions}
    custom: dict[str, list[str]] = {}
    without: dict[str, list[str]] = {}
    for signature in facts.main.signatures:
        operators = {
            node.operator for path in _reached(signature, calls) if path in bodies for node in bodies[path].nodes
        } - defined
        unknown = sorted(plain_line(one, 60) for one in operators if not is_registered(one) and not names_function(one))
        missing = sorted(one for one in operators if has_no_builtin(one))
        custom.update({signature.name: unknown} if unknown else {})
        without.update({signature.name: missing} if missing else {})
    return _Uses(custom, without)


def _reached(signature: SignatureFacts, calls: dict[str, tuple[str, ...]]) -> set[str]:
    """Return the paths of the graphs that a signature runs."""
    pending = [signature.graph] if signature.graph is not None else []
    reached: set[str] = set()
    while pending:
        path = pending.pop()
        if path not in reached:
            reached.add(path)
            pending.extend(calls.get(path, ()))
    return reached


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _size(count: int) -> str:
    return f"{count / _MB:.1f} MB" if count >= _MB else f"{count / 1000:.1f} KB"
