"""Which values each input of a model is to be fed, told from its type, its shape, its name and what the graph does with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from inspector.analysis.cost.bindings import data_inputs, is_missing, named_shape
from inspector.records.artifact import Artifact, Computation
from inspector.records.contract import ValueRange
from inspector.records.graph import Graph
from inspector.records.tensor import Dim, Shape, TensorSpec
from inspector.verify.inputs_uses import UseFinder, Uses

ValueKind = Literal[
    "ids", "mask", "positions", "choices", "lengths", "sizes", "whole numbers", "pixels", "picture", "waveform", "state",
    "numbers", "scalar", "yes or no", "words", "ones",
]  # fmt: skip

INTEGERS: Final = frozenset({"int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"})
FLOATS: Final = frozenset({"float16", "float32", "float64"})

_LARGEST: Final = {"int8": 127, "uint8": 255, "int16": 32767, "uint16": 65535}
_TELLING_DIVISOR: Final = 100.0
_TELLING_SHIFT: Final = 10.0
_UNBOUNDED_POSITIONS: Final = 2048
_LONG: Final = 400
"""A lone axis at least so long holds samples of a signal."""


@dataclass(frozen=True, slots=True)
class InputRule:
    """One input: its name as the inspection has it, element type, shape (every unknown length named; None: unknown rank), and
    the kind of values it gets. Whole numbers lie from low to high, which high_of, a dimension, bounds further."""

    name: str
    dtype: str
    shape: Shape | None
    kind: ValueKind
    low: int = 0
    high: int = 0
    high_of: Dim = None
    choices: tuple[float, ...] = ()
    note: str = ""
    bounds: ValueRange | None = None
    """What a contract promises of the values."""
    scale: float = 0.0
    """Of a quantized input: real = scale · (stored - zero_point), values and bounds here being real ones; 0: it is none."""
    zero_point: int = 0


NO_RANGES: Final[Mapping[str, ValueRange]] = {}


def rules_of(computation: Computation, ranges: Mapping[str, ValueRange] = NO_RANGES) -> tuple[InputRule, ...]:
    """Return a rule for every input that must be fed, in the order of the file; ranges are what a contract promises."""
    finder = UseFinder(computation)
    rules = (_rule(spec, finder.uses(spec.name), computation) for spec in data_inputs(computation))
    return tuple(bounded(rule, ranges.get(rule.name)) for rule in rules)


def bounded(rule: InputRule, bounds: ValueRange | None) -> InputRule:
    """Return a rule whose values stay within what a contract promises."""
    if bounds is None or (bounds.low is None and bounds.high is None) or rule.dtype not in INTEGERS | FLOATS:
        return rule
    low, high = ("" if bound is None else f"{bound:g}" for bound in (bounds.low, bounds.high))
    return replace(rule, bounds=bounds, note=f"{rule.note}; within {low}..{high} (the contract)")


def rule_for(spec: TensorSpec, uses: Uses | None = None) -> InputRule:
    """Return a rule for an input of which nothing is known but its type, shape and name, and what is done with it."""
    graph = Graph("", "", (spec,), (), ())
    return _rule(spec, uses or Uses(), Computation(Artifact("", "onnx", 0), (), graph))


def _rule(spec: TensorSpec, uses: Uses, computation: Computation) -> InputRule:
    if spec.dtype == "bool" and spec.shape is not None and all(dim == 1 for dim in spec.shape):
        return _made(spec, "choices", "true and false in turn", choices=(1.0, 0.0))
    if spec.dtype == "bool":
        return _made(spec, "yes or no", "true and false")
    if spec.dtype == "string":
        return _made(spec, "words", "words")
    if spec.dtype in INTEGERS:
        return _of_integers(spec, uses)
    return _of_floats(spec, uses, computation)


def _of_integers(spec: TensorSpec, uses: Uses) -> InputRule:
    name = _words(spec.name)
    rows = [length for length in uses.rows if isinstance(length, int) and length > 0]
    if rows:
        return _of_indices(spec, min(rows), "position" in name)
    if uses.rows:
        symbol = next((length for length in uses.rows if isinstance(length, str)), None)
        return _made(spec, "ids", "indices into another tensor", high_of=symbol)
    if uses.sequence_lengths or (_has(name, "len", "length", "lens", "lengths") and not uses.shape_of):
        return _made(spec, "lengths", "lengths of the sequences")
    if "mask" in name or (uses.mask and not uses.compared - {0, 1}):
        return _made(spec, "mask", "0 and 1, at least one 1")
    if uses.compared and all(value == int(value) for value in uses.compared):
        return _of_choices(spec, uses)
    if "position" in name and not uses.shape_of:
        return _made(spec, "positions", "0, 1, 2 …", high=_UNBOUNDED_POSITIONS - 1)
    if uses.shape_of:
        return _made(spec, "sizes", f"small sizes (it goes into {', '.join(sorted(uses.shape_of))})", low=1, high=8)
    return _of_plain_integers(spec, name)


def _of_indices(spec: TensorSpec, rows: int, positions: bool) -> InputRule:
    high = min(rows - 1, _LARGEST.get(spec.dtype, rows - 1))
    if positions:
        return _made(spec, "positions", f"0, 1, 2 … below {rows:,} (rows of its table)", high=high)
    return _made(spec, "ids", f"0 to {high:,} (rows of its table)", high=high)


def _of_choices(spec: TensorSpec, uses: Uses) -> InputRule:
    """Return a rule for what is compared with constants: these values, which the graph knows."""
    choices = tuple(sorted(uses.compared))
    if len(choices) == 1 and choices[0] % 2000 == 0 and choices[0] > 8000:
        choices = (choices[0] / 2, *choices)  # a sampling rate that an else branch has half of
    shown = ", ".join(f"{int(value):,}" for value in choices[:6])
    return _made(spec, "choices", f"{shown} (what the graph compares it with)", choices=choices)


def _of_plain_integers(spec: TensorSpec, name: str) -> InputRule:
    if spec.dtype in ("uint8", "int8") or (
        spec.shape is not None and len(spec.shape) >= 4 and _channels(spec.shape) is not None
    ):
        low, high = (-128, 127) if spec.dtype == "int8" else (0, 255)
        return _made(spec, "pixels", f"{low} to {high}", low=low, high=high)
    if _has(name, "sr", "rate"):
        return _made(spec, "choices", "16,000 and 8,000 (a sampling rate)", choices=(8000.0, 16000.0))
    if _has(name, "id", "ids", "token", "tokens"):
        return _made(spec, "ids", "0 to 99 (nothing in the graph bounds it)", high=99)
    return _made(spec, "whole numbers", "0 to 3 (nothing in the graph bounds it)", high=3)


def _of_floats(spec: TensorSpec, uses: Uses, computation: Computation) -> InputRule:
    name, shape = _words(spec.name), spec.shape
    if "mask" in name:
        return _made(spec, "mask", "0 and 1, at least one 1")
    if name == "scale factor":
        return _made(spec, "ones", "1")
    if shape == ():
        return _made(spec, "scalar", "0.1 to 1")
    if shape is not None and len(shape) >= 4 and not _is_state(name) and _channels(shape) is not None:
        bytes_expected = any(value >= _TELLING_DIVISOR for value in uses.divided_by)
        if bytes_expected or any(abs(value) >= _TELLING_SHIFT for value in uses.shifted_by):
            return _made(spec, "pixels", "pictures, 0 to 255 (the graph scales them)", high=255)
        return _made(spec, "picture", "pictures of writing, edges, shades and noise, -2.5 to 2.5 (normalized)")
    if _is_state(name):
        return _made(spec, "state", "zeros and small noise (a state)")
    if shape is not None and _is_waveform(name, shape, computation):
        return _made(spec, "waveform", "voices, tones and noise, -1 to 1 (a signal)")
    return _made(spec, "numbers", "smooth, noisy and sparse, about -3 to 3")


def _is_waveform(name: str, shape: Shape, computation: Computation) -> bool:
    if _has(name, "audio", "wav", "waveform", "speech", "signal", "pcm", "samples"):
        return True
    lone = [dim for dim in shape[1:] if dim != 1]
    if len(shape) < 2 or len(lone) != 1:
        return False
    if isinstance(lone[0], int) and not is_missing(lone[0]):
        return lone[0] >= _LONG
    return any(_has(_words(spec.name), "sr", "rate", "state") for spec in data_inputs(computation))


def _is_state(name: str) -> bool:
    return _has(name, "state", "states", "h", "c", "hn", "cn", "h0", "c0", "hidden", "cell", "cache", "past", "memory", "mems")


def _channels(shape: Shape) -> int | None:
    """Return the axis that holds one, three or four colors of a picture; a second axis of no known length may, too."""
    if shape[1] in (1, 3, 4) or is_missing(shape[1]):
        return 1
    if shape[-1] in (1, 3, 4):
        return len(shape) - 1
    return 1 if isinstance(shape[1], str) else None


def _made(
    spec: TensorSpec,
    kind: ValueKind,
    note: str,
    *,
    low: int = 0,
    high: int = 0,
    high_of: Dim = None,
    choices: tuple[float, ...] = (),
) -> InputRule:
    shape = None if spec.shape is None else named_shape(spec)
    return InputRule(spec.name, spec.dtype, shape, kind, low, high, high_of, choices, f"{spec.name}: {note}")


def _words(name: str) -> str:
    """Return a name in lower-case words: "serving_default_inputIds:0" as "serving default input ids 0"."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[^A-Za-z0-9]+", spaced)).strip().lower()


def _has(words: str, *wanted: str) -> bool:
    return not set(wanted).isdisjoint(words.split())
