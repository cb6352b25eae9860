"""A candidate's name, how it was made, and why there is none, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from inspector.isolation.plain_line import plain_line
from inspector.optimize.litert.messages import Converted, Numbers, Rung
from inspector.records.optimization import Attempt

if TYPE_CHECKING:
    from inspector.optimize.optimizer import StepWork

_NAMES: Final[dict[Numbers, str]] = {
    "float32": "LiteRT fp32",
    "float16": "LiteRT fp16",
    "large float16": "LiteRT fp16, small constants in fp32",
    "dynamic int8": "LiteRT int8, dynamic",
    "int8": "LiteRT int8",
    "int16x8": "LiteRT int8 weights, int16 activations",
}
_OPTIONS: Final[dict[Numbers, str]] = {
    "float32": "no optimizations",
    "float16": "optimizations DEFAULT, supported_types float16",
    "large float16": "no optimizations; then constants of 1,024 elements and more stored in fp16, widened by DEQUANTIZE",
    "dynamic int8": "optimizations DEFAULT, no representative dataset",
    "int8": "optimizations DEFAULT, TFLITE_BUILTINS_INT8, weights per channel, inputs and outputs as they were",
    "int16x8": (
        "optimizations DEFAULT, EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, inputs and outputs as they were"
    ),
}
_LISTED: Final = 6


def candidate_name(numbers: Numbers, rung: Rung, kept: int = 0) -> str:
    """Return what a candidate is called in the log."""
    parts = [_NAMES[numbers]]
    if kept:
        parts.append(f"{kept} node{'' if kept == 1 else 's'} in fp32")
    if rung.way == "frozen":
        parts.append("variables as constants")
    if rung.float_fallback:
        parts.append("fp32 where there is no int8")
    return ", ".join(parts)


def recipe(numbers: Numbers, made: Converted, work: StepWork, kept: Sequence[str]) -> tuple[str, ...]:
    """Return how a candidate was made, one line a step."""
    return tuple(_recipe(numbers, made, work, kept))


def _recipe(numbers: Numbers, made: Converted, work: StepWork, kept: Sequence[str]) -> Iterator[str]:
    assert made.rung is not None
    yield from made.repairs
    if made.rung.way == "frozen":
        yield "every signature saved anew with its variables as constants (convert_variables_to_constants_v2), names kept"
    names = ", ".join(plain_line(one.call.signature, 60) for one in work.signatures)
    yield f"tf.lite.TFLiteConverter.from_saved_model, TensorFlow {made.version}, signatures {names}"
    yield (_OPTIONS[numbers] + (", TFLITE_BUILTINS" if made.rung.float_fallback else ""))
    if made.calibrated:
        source = work.calibration.source if work.calibration.source == "data" else f"synthetic (seed {work.calibration.seed})"
        left = f", {made.unfit} of another shape left out" if made.unfit else ""
        several = f" of {len(work.signatures)} signatures" if len(work.signatures) > 1 else ""
        yield f"calibrated on {made.calibrated} samples{several}, {source}{left}"
    if kept:
        yield f"{len(kept)} nodes kept in fp32 (QuantizationDebugOptions.denylisted_nodes)"


def warnings_of(numbers: Numbers, made: Converted, work: StepWork) -> tuple[str, ...]:
    """Return what a reader of an accepted result must know."""
    contents, said = made.contents, []
    if contents is None:
        return ()
    if made.calibrated and work.calibration.source == "synthetic":
        said.append(
            "calibrated on SYNTHETIC inputs: the ranges, and with them the accuracy on real data, are a guess; "
            "give real ones with --data"
        )
    if made.unfit:
        said.append(f"{made.unfit} samples were not calibrated on: their shape is not that of the first")
    if numbers in ("int8", "int16x8") and contents.float_operators:
        count = sum(contents.float_operators.values())
        named = _some(sorted(contents.float_operators))
        said.append(f"{count} of {contents.node_count} nodes compute in fp32, LiteRT having no int8 form of them here: {named}")
    if numbers in ("float16", "large float16"):
        said.append("only weights are in fp16: a CPU computes in fp32, so that it is smaller but hardly faster")
    return tuple(said)


def why_not(attempts: Sequence[Attempt]) -> str:
    """Return why there is no candidate, in one line: each reason once."""
    reasons: dict[str, str] = {}
    for one in attempts:
        if one.reason and one.outcome in ("failed", "rejected"):
            reasons.setdefault(one.reason, one.name)
    if not reasons:
        return "no candidate could be made"
    if len(reasons) == 1:
        return next(iter(reasons))
    return "no candidate passed: " + "; ".join(f"{name}: {reason}" for reason, name in reasons.items())


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
