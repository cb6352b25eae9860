"""Two JSON documents side by side: where they differ, numbers within tolerance aside, without recursion or unbounded lists."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from inspector.isolation.plain_line import plain_line

Place = tuple[str | int, ...]
"""Keys and indices from the root."""

MOST_DEPTH: Final = 200
_SHOWN: Final = 80
_PLAIN_KEY: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class NoDocument(Exception):
    """It is no JSON, or none whose parts have each one place: an object has a key twice, or it is nested too deeply."""


@dataclass(frozen=True, slots=True)
class NumberTolerance:
    """How far a number may be from another: absolutely, or relative to the larger one. Integers are never off."""

    absolute: float = 1e-6
    relative: float = 1e-5


@dataclass(frozen=True, slots=True)
class DocumentDifference:
    """Where two documents differ, with what is there on either side."""

    place: Place
    before: Any
    after: Any


@dataclass(slots=True)
class DocumentComparison:
    """What two documents have in common: how many values were compared, the largest absolute difference within tolerance."""

    differences: list[DocumentDifference] = field(default_factory=list)
    compared: int = 0
    largest_error: float | None = None
    is_cut: bool = False
    """Whether there are more differences than were asked for."""


MISSING: Final = object()
"""In the place of a value that one side does not have."""

_NOTHING: Final[Mapping[Place, Collection[str]]] = MappingProxyType({})

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_KINDS: Final = ((str, "string"), (list, "array"), (dict, "object"))


def kind_of(value: Any) -> str:
    """Return what kind of value it is: missing, null, boolean, number, string, array or object."""
    if value is MISSING:
        return "missing"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


def parse_document(body: bytes) -> Any:
    """Return a JSON document; raises NoDocument."""
    try:
        found = json.loads(body, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise NoDocument from None
    if _is_too_deep(found):
        raise NoDocument
    return found


def compare_documents(
    before: Any,
    after: Any,
    tolerance: NumberTolerance,
    volatile: Mapping[Place, Collection[str]] = _NOTHING,
    most: int = 1000,
) -> DocumentComparison:
    """Return where two documents differ, at most so many places.

    Of volatile places only the kind of value is compared, as kind_of() tells it, with those that are given for it. NaN
    equals NaN, 1 equals 1.0, -0.0 equals 0.0; true is not 1. The order of keys is of no account.
    """
    found = DocumentComparison()
    pending: list[tuple[Place, Any, Any]] = [((), before, after)]
    while pending:
        place, one, other = pending.pop()
        kinds = volatile.get(place)
        if kinds is not None and kind_of(other) in kinds:
            continue
        below = _below(one, other) if kinds is None else None
        if below is not None:
            pending.extend(_undecided(place, below, volatile, tolerance, found))
        elif kinds is None and _equal(one, other, tolerance, found):
            found.compared += 1
        elif len(found.differences) >= most:
            found.is_cut = True
            break
        else:
            found.differences.append(DocumentDifference(place, one, other))
    return found


def shown_place(place: Place) -> str:
    """Return a place for a person: $.scores[3]."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else _shown_key(part) for part in place)


def shown_value(value: Any) -> str:
    """Return a value for a person, in one short line."""
    if value is MISSING:
        return "nothing"
    if isinstance(value, dict):
        return f"an object of {len(value):,}"
    if isinstance(value, list):
        return f"an array of {len(value):,}"
    return plain_line(json.dumps(value[:_SHOWN] if isinstance(value, str) else value, ensure_ascii=False), _SHOWN)


def _below(one: Any, other: Any) -> Iterable[tuple[str | int, Any, Any]] | None:
    """Return what is in both sides, by key or index; None where they are to be compared as they are."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = dict.fromkeys((*one, *other))
        return ((key, one.get(key, MISSING), other.get(key, MISSING)) for key in keys) if keys else None
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and one:
        return zip(range(len(one)), one, other, strict=True)
    return None


def _undecided(
    place: Place,
    pairs: Iterable[tuple[str | int, Any, Any]],
    volatile: Mapping[Place, Collection[str]],
    tolerance: NumberTolerance,
    found: DocumentComparison,
) -> list[tuple[Place, Any, Any]]:
    """Return the pairs, last first, without those that need no look at their place: equal scalars, most of all there is."""
    left = []
    for part, one, other in pairs:
        kind = type(one)
        if not volatile and kind in _SCALARS and kind is type(other) and _equal(one, other, tolerance, found):
            found.compared += 1
        else:
            left.append(((*place, part), one, other))
    return left[::-1]


def _equal(one: Any, other: Any, tolerance: NumberTolerance, found: DocumentComparison) -> bool:
    if one is MISSING or other is MISSING or isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return type(one) is type(other) and bool(one == other)
    if one == other or (isinstance(one, int) and isinstance(other, int)):
        return one == other
    if one != one or other != other:
        return one != one and other != other
    return _close(one, other, tolerance, found)


def _close(one: float, other: float, tolerance: NumberTolerance, found: DocumentComparison) -> bool:
    try:
        error = abs(float(one) - float(other))
        bound = max(tolerance.absolute, tolerance.relative * max(abs(float(one)), abs(float(other))))
    except OverflowError:
        return False
    if not math.isfinite(error) or error > bound:
        return False
    found.largest_error = max(found.largest_error or 0.0, error)
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NoDocument
    return found


def _is_too_deep(document: Any) -> bool:
    level = [document]
    for _ in range(MOST_DEPTH):
        level = [below for value in level for below in _inside(value)]
        if not level:
            return False
    return True


def _inside(value: Any) -> Iterator[Any]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (part for part in parts if isinstance(part, dict | list))


def _shown_key(key: str) -> str:
    return f".{key}" if key and set(key) <= _PLAIN_KEY else f"[{plain_line(json.dumps(key, ensure_ascii=False), 60)}]"
