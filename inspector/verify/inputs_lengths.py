"""Which lengths to try for dimensions that the file leaves open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from inspector.analysis.cost.bindings import is_batch_name
from inspector.records.tensor import Dim, Shape
from inspector.verify.inputs_rules import InputRule

MOST_ATTEMPTS: Final = 24

_SIDES: Final = (
    *((224, 224), (48, 320), (48, 192), (32, 320), (64, 64), (320, 320), (256, 256), (32, 32), (640, 640), (299, 299)),
    *((512, 512), (32, 100), (384, 384), (28, 28), (112, 112), (1, 1)),
)
"""Heights and widths that published models take."""

_SEQUENCE: Final = (32, 16, 64, 8, 128, 1, 77, 256, 512, 2)
_WAVE: Final = (576, 512, 16000, 1536, 4096, 256, 43844, 48000)
_FRAMES: Final = (100, 64, 128, 200, 3000, 1)
_PAST: Final = (8, 0, 4, 1, 16)
_OTHER: Final = (8, 16, 1, 4, 32, 64, 128, 2, 3, 512)
_LONE: Final = (224, 256, 768, 1024, 16000, 43844)
"""Beside those, where no other dimension is open: rows of features, and windows of sound."""
_CHANNELS: Final = (3, 1, 4)
_RANKS: Final[tuple[tuple[int, ...], ...]] = ((1, 16), (), (4,), (1, 3, 224, 224), (1, 16, 64), (1, 1), (2, 2))
"""Shapes for an input of no known rank."""

GUESSED_RANKS: Final = len(_RANKS)

_SEQUENCE_WORDS: Final = ("seq", "length", "len", "token", "word", "text", "ids")
_FRAME_WORDS: Final = ("time", "frame", "step")


def attempts(rules: Sequence[InputRule], given: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Yield at most MOST_ATTEMPTS assignments of lengths to the names of open dimensions, likeliest first, each one once.

    given are the lengths the user gave, which are never changed.
    """
    tried = candidates(rules)
    seen: set[tuple[tuple[str, int], ...]] = set()
    for turn in range(MOST_ATTEMPTS):
        lengths = {name: choices[min(turn, len(choices) - 1)] for name, choices in tried.items()}
        lengths = settled(rules, lengths | dict(given))
        key = tuple(sorted(lengths.items()))
        if key not in seen:
            seen.add(key)
            yield lengths


def candidates(rules: Sequence[InputRule]) -> dict[str, tuple[int, ...]]:
    """Return the lengths to try for every open dimension that is no sum of others, likeliest first."""
    found: dict[str, tuple[int, ...]] = {}
    for rule in rules:
        for axis, dim in enumerate(rule.shape or ()):
            if isinstance(dim, str) and _sum_of(dim) is None and dim not in found:
                found[dim] = _lengths_for(rule, axis, dim)
    return found


def settled(rules: Sequence[InputRule], lengths: Mapping[str, int]) -> dict[str, int]:
    """Return the lengths with those that are sums of others: "past_sequence_length + 1", "total_sequence_length"."""
    complete = dict(lengths)
    for rule in rules:
        for dim in rule.shape or ():
            if not isinstance(dim, str) or dim in complete:
                continue
            complete[dim] = max(0, sum(_length_of(term, complete) for term in _sum_of(dim) or ()))
    past = next((size for name, size in complete.items() if "past" in name and _sum_of(name) is None), None)
    if past is not None:
        sequence = next((size for name, size in complete.items() if _is_sequence(name) and "past" not in name), 1)
        for name in complete:
            if "total" in name and name not in lengths:
                complete[name] = past + sequence
    return complete


def shape_at(rule: InputRule, lengths: Mapping[str, int], turn: int = 0) -> tuple[int, ...]:
    """Return the shape of an input at the lengths; turn chooses among guesses where not even the rank is known."""
    if rule.shape is None:
        return _RANKS[turn % len(_RANKS)]
    return tuple(_length_of(dim, lengths) for dim in rule.shape)


def _length_of(dim: Dim, lengths: Mapping[str, int]) -> int:
    if isinstance(dim, int):
        return max(0, dim)
    text = str(dim or "").strip()
    return int(text) if text.isdigit() else lengths.get(text, 1)


def _sum_of(dim: str) -> tuple[str, ...] | None:
    """Return the terms of a dimension that is written as a sum or stands for one, None for any other."""
    terms = tuple(part.strip() for part in dim.split("+"))
    if len(terms) > 1 and all(re.fullmatch(r"\w+", term) for term in terms):
        return terms
    return () if "total" in dim and "seq" in dim else None


def _is_sequence(name: str) -> bool:
    lowered = name.lower()
    return any(word in lowered for word in _SEQUENCE_WORDS)


def _lengths_for(rule: InputRule, axis: int, dim: str) -> tuple[int, ...]:
    """Return the lengths to try for one axis of an input."""
    lowered = dim.lower()
    if "past" in lowered:
        return _PAST
    if is_batch_name(dim) or "batch" in lowered or (axis == 0 and not _is_sequence(dim) and not _is_frame(dim)):
        return (1,)
    if rule.kind in ("picture", "pixels"):
        return _of_picture(rule.shape or (), axis)
    if rule.kind == "state":
        return (1, 2, 8, 64)
    if rule.kind == "waveform":
        return _WAVE if axis else _SEQUENCE
    if _is_sequence(dim):
        return _SEQUENCE
    if _is_frame(dim):
        return _FRAMES
    if rule.kind in ("ids", "mask", "positions"):
        return _SEQUENCE
    open_dims = [other for other in (rule.shape or ())[1:] if isinstance(other, str)]
    return _OTHER + _LONE if len(open_dims) == 1 else _OTHER


def _is_frame(dim: str) -> bool:
    return any(word in dim.lower() for word in _FRAME_WORDS)


def _of_picture(shape: Shape, axis: int) -> tuple[int, ...]:
    """Return heights, widths or channels, so that the same turn gives a height and a width that go together."""
    last_is_color = shape[-1] in (1, 3, 4) and shape[1] not in (1, 3, 4)
    first_side = 1 if last_is_color else 2
    if not last_is_color and axis == 1:
        return _CHANNELS
    return tuple(side[(axis - first_side) % 2] for side in _SIDES)
