"""The values of made inputs: different in content and in scale from sample to sample, some smooth, since noise hides errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.records.contract import ValueRange
from inspector.records.tensor import Dim
from inspector.verify.inputs_rules import INTEGERS, InputRule, ValueKind
from inspector.verify.inputs_scenes_child import Random, content, picture, waveform

_WORDS: Final = ("the", "model", "runs", "faster", "now", "with", "eight", "bits", "and", "proof", "", "Straße", "模型")


_SPAN: Final = (-2.5, 2.5)
"""Where made numbers lie, nearly all of them."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One input of one sample: what is to be made, and the lengths of open dimensions."""

    rule: InputRule
    shape: tuple[int, ...]
    random: Random
    index: int
    lengths: Mapping[str, int]


def values_for(
    rule: InputRule, shape: tuple[int, ...], random: Random, index: int, lengths: Mapping[str, int], positive: bool = False
) -> NDArray[Any]:
    """Return the values of one input of one sample. positive: no number below 0, for graphs that take logarithms and roots."""
    made = _MAKERS[rule.kind](_Wanted(rule, shape, random, index, lengths))
    if rule.kind == "words":
        return made
    if positive and made.dtype.kind == "f":
        made = np.abs(made)
    if rule.bounds is not None:
        made = _within(made, rule, rule.bounds)
    if rule.scale:
        made = _quantized(made, rule)
    return np.ascontiguousarray(made).astype(np.dtype(rule.dtype), copy=False).reshape(shape)


def _within(made: NDArray[Any], rule: InputRule, bounds: ValueRange) -> NDArray[Any]:
    """Return numbers moved into a range that is bounded on both sides, where they leave it; cut off at one that is not."""
    low, high = bounds.low, bounds.high
    whole = rule.dtype in INTEGERS and not rule.scale
    if low is None or high is None or whole or rule.kind == "mask":
        return made if low is None and high is None else np.clip(made, low, high)
    if made.size == 0 or (low <= made.min() and made.max() <= high):
        return made
    least, most = (rule.low, rule.high) if rule.kind == "pixels" else _SPAN
    moved: NDArray[Any] = low + (high - low) * np.clip((made - least) / (most - least), 0, 1)
    return moved


def _quantized(made: NDArray[Any], rule: InputRule) -> NDArray[Any]:
    """Return real values as the whole numbers that stand for them, within the element type.

    Source: https://ai.google.dev/edge/litert/models/quantization_spec
    """
    limits = np.iinfo(np.dtype(rule.dtype))
    whole: NDArray[Any] = np.rint(made.astype(np.float64) / rule.scale) + rule.zero_point
    clipped: NDArray[Any] = np.clip(whole, limits.min, limits.max)
    return clipped


def highest(rule: InputRule, lengths: Mapping[str, int]) -> int:
    """Return the largest whole number an input may hold at the lengths."""
    if rule.high_of is None:
        return rule.high
    bound = _length(rule.high_of, lengths)
    return max(0, bound - 1)


def _length(dim: Dim, lengths: Mapping[str, int]) -> int:
    return dim if isinstance(dim, int) else lengths.get(str(dim), 1)


def _ids(wanted: _Wanted) -> NDArray[Any]:
    high = highest(wanted.rule, wanted.lengths)
    if wanted.index % 4 == 3:  # a run of few different ones, as padding makes
        few = wanted.random.integers(wanted.rule.low, high + 1, size=4)
        return wanted.random.choice(few, size=wanted.shape)
    return wanted.random.integers(wanted.rule.low, high + 1, size=wanted.shape)


def _mask(wanted: _Wanted) -> NDArray[Any]:
    """Return ones, followed in three of four samples by zeros along the last axis: what padding looks like."""
    made = np.ones(wanted.shape, np.int64)
    if wanted.index % 4 == 0 or not wanted.shape or wanted.shape[-1] < 2:
        return made
    kept = wanted.random.integers(max(1, wanted.shape[-1] // 2), wanted.shape[-1] + 1, size=(*wanted.shape[:-1], 1))
    return made * (np.arange(wanted.shape[-1]) < kept)


def _positions(wanted: _Wanted) -> NDArray[Any]:
    if not wanted.shape:
        return np.zeros((), np.int64)
    return np.broadcast_to(np.arange(wanted.shape[-1]) % (wanted.rule.high + 1), wanted.shape)


def _choices(wanted: _Wanted) -> NDArray[Any]:
    return np.full(wanted.shape, int(wanted.rule.choices[wanted.index % len(wanted.rule.choices)]))


def _lengths(wanted: _Wanted) -> NDArray[Any]:
    """Return lengths of sequences: the shortest that any open dimension but the batch has, in every second sample less."""
    most = min([size for size in wanted.lengths.values() if size > 1] or [1])
    least = max(1, most // 2) if wanted.index % 2 else most
    return wanted.random.integers(least, most + 1, size=wanted.shape)


def _whole(wanted: _Wanted) -> NDArray[Any]:
    return wanted.random.integers(wanted.rule.low, wanted.rule.high + 1, size=wanted.shape)


def _pixels(wanted: _Wanted) -> NDArray[Any]:
    spread = wanted.rule.high - wanted.rule.low
    unit = 0.5 + 0.25 * picture(wanted.shape, wanted.random, wanted.index)
    made: NDArray[Any] = np.clip(np.rint(wanted.rule.low + spread * unit), wanted.rule.low, wanted.rule.high)
    return made


def _picture(wanted: _Wanted) -> NDArray[Any]:
    made: NDArray[Any] = np.clip(picture(wanted.shape, wanted.random, wanted.index), -2.5, 2.5)
    return made


def _waveform(wanted: _Wanted) -> NDArray[Any]:
    return waveform(wanted.shape, wanted.random, wanted.index)


def _state(wanted: _Wanted) -> NDArray[Any]:
    return wanted.random.normal(size=wanted.shape) * (0.0, 0.1, 0.3, 1.0)[wanted.index % 4]


def _numbers(wanted: _Wanted) -> NDArray[Any]:
    made = content(wanted.shape, wanted.random, wanted.index)
    if wanted.index % 8 == 6:
        made = made * (wanted.random.random(size=wanted.shape) < 0.3)
    return made


def _scalar(wanted: _Wanted) -> NDArray[Any]:
    return wanted.random.uniform(0.1, 1, size=wanted.shape)


def _yes_or_no(wanted: _Wanted) -> NDArray[Any]:
    made = np.asarray(wanted.random.random(size=wanted.shape) < 0.7)
    return made if made.ndim and made.size > 1 else np.full(wanted.shape, wanted.index % 2 == 0)


def _texts(wanted: _Wanted) -> NDArray[Any]:
    chosen = wanted.random.choice(np.array(_WORDS, dtype=object), size=wanted.shape)
    return np.asarray(chosen, dtype=object)


def _ones(wanted: _Wanted) -> NDArray[Any]:
    return np.ones(wanted.shape)


Maker = Callable[[_Wanted], NDArray[Any]]

_MAKERS: Final[Mapping[ValueKind, Maker]] = {
    "ids": _ids,
    "mask": _mask,
    "positions": _positions,
    "choices": _choices,
    "lengths": _lengths,
    "sizes": _whole,
    "whole numbers": _whole,
    "pixels": _pixels,
    "picture": _picture,
    "waveform": _waveform,
    "state": _state,
    "numbers": _numbers,
    "scalar": _scalar,
    "yes or no": _yes_or_no,
    "words": _texts,
    "ones": _ones,
}
