"""The values of made inputs: different in content and in scale from sample to sample, some smooth, since noise hides errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.records.tensor import Dim
from inspector.verify.inputs_rules import InputRule, ValueKind

_WORDS: Final = ("the", "model", "runs", "faster", "now", "with", "eight", "bits", "and", "proof", "", "Straße", "模型")

Random = np.random.Generator


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
    return np.ascontiguousarray(made).astype(np.dtype(rule.dtype), copy=False).reshape(shape)


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
    unit = 0.5 + 0.25 * _content(wanted.shape, wanted.random, wanted.index)
    made: NDArray[Any] = np.clip(np.rint(wanted.rule.low + spread * unit), wanted.rule.low, wanted.rule.high)
    return made


def _picture(wanted: _Wanted) -> NDArray[Any]:
    return np.clip(_content(wanted.shape, wanted.random, wanted.index), -2.5, 2.5)


def _waveform(wanted: _Wanted) -> NDArray[Any]:
    """Return signals along the longest axis, each other one along the rest a little apart."""
    shape, random = wanted.shape, wanted.random
    if not shape:
        return np.zeros(())
    axis = int(np.argmax(shape))
    signal = _signal(shape[axis], random, silent=wanted.index % 8 == 7)
    along = signal.reshape([-1 if at == axis else 1 for at in range(len(shape))])
    others = [1 if at == axis else size for at, size in enumerate(shape)]
    made: NDArray[Any] = along * random.uniform(0.5, 1, size=others)
    return made


def _signal(length: int, random: Random, silent: bool) -> NDArray[Any]:
    """Return tones that swell and fade, with noise; silent: nearly nothing of it."""
    time = np.arange(length) / 16_000
    made = random.uniform(0.01, 0.3) * random.normal(size=length)
    for _ in range(4):
        pitch = 2.0 ** random.uniform(6.5, 11.5)
        swell = 0.6 + 0.4 * np.sin(2 * np.pi * random.uniform(0.5, 6) * time + random.uniform(0, 6))
        made += random.uniform(0.2, 1) * swell * np.sin(2 * np.pi * pitch * time + random.uniform(0, 6))
    loudness = 0.003 if silent else 10 ** random.uniform(-1.3, -0.1)
    return made * (loudness / max(float(np.abs(made).max(initial=0)), 1e-9))


def _state(wanted: _Wanted) -> NDArray[Any]:
    return wanted.random.normal(size=wanted.shape) * (0.0, 0.1, 0.3, 1.0)[wanted.index % 4]


def _numbers(wanted: _Wanted) -> NDArray[Any]:
    made = _content(wanted.shape, wanted.random, wanted.index)
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


def _content(shape: tuple[int, ...], random: Random, index: int) -> NDArray[Any]:
    """Return numbers of about unit spread: every fourth sample noise, the others smooth with a little noise, of different
    contrast and brightness."""
    noise = random.normal(size=shape)
    if index % 4 == 3 or not shape:
        return noise
    smooth = _smooth(shape, random)
    if index % 4 == 2:
        smooth = np.sign(smooth) * np.sqrt(np.abs(smooth))  # edges
    contrast = (1.0, 0.4, 1.3)[index % 4]
    brightness = random.normal(size=[1 if at >= max(1, len(shape) - 2) else size for at, size in enumerate(shape)])
    return contrast * smooth + 0.1 * noise + 0.3 * brightness


def _smooth(shape: tuple[int, ...], random: Random) -> NDArray[Any]:
    """Return a sum of slow waves along the axes, in unit spread."""
    made = np.zeros(shape)
    for _ in range(5):
        phase = random.uniform(0, 2 * np.pi)
        angle: NDArray[Any] = np.full([1] * len(shape), phase)
        for axis, size in enumerate(shape):
            turns = random.uniform(0, 4) if size > 4 else random.uniform(0, 1)
            along = 2 * np.pi * turns * np.arange(size) / max(size, 1)
            angle = angle + along.reshape([-1 if at == axis else 1 for at in range(len(shape))])
        made += random.uniform(0.3, 1) * np.sin(angle)
    return made / max(float(made.std()) if made.size else 1.0, 1e-6)


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
