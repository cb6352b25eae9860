"""JSON side by side: what differs is found wherever it is, and nothing else."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inspector.verify.json_comparison import (
    MOST_DEPTH,
    NoDocument,
    NumberTolerance,
    compare_documents,
    kind_of,
    parse_document,
    shown_place,
    shown_value,
)

EXACT = NumberTolerance(0.0, 0.0)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below, max_size=4),
    max_leaves=20,
)


def places(before: Any, after: Any, tolerance: NumberTolerance = EXACT) -> list[str]:
    return [shown_place(one.place) for one in compare_documents(before, after, tolerance).differences]


@settings(deadline=None)
@given(DOCUMENTS)
def test_a_document_equals_itself_in_whatever_order_its_keys_come(document: Any) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(one) for one in value] if isinstance(value, list) else value

    found = compare_documents(document, turned(document), EXACT)
    assert not found.differences
    assert found.compared > 0


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict) and value:
        return [one for key, below in value.items() for one in leaves(below, (*place, key))]
    if isinstance(value, list) and value:
        return [one for index, below in enumerate(value) for one in leaves(below, (*place, index))]
    return [place]


@given(DOCUMENTS, st.data())
@settings(max_examples=60, deadline=None)
def test_one_changed_value_is_found_at_its_place_and_can_be_ignored(document: Any, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(leaves(document)))
    other = copy.deepcopy({"": document})
    holder: Any = other
    for part in ("", *place)[:-1]:
        holder = holder[part]
    last = place[-1] if place else ""
    replacement = data.draw(SCALARS)
    assume(json.dumps(holder[last]) != json.dumps(replacement) and holder[last] != replacement)
    holder[last] = replacement
    found = compare_documents(document, other[""], EXACT)
    assert [one.place for one in found.differences] == [place]
    assert not compare_documents(document, other[""], EXACT, {place: {kind_of(replacement)}}).differences


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (1, 1.0, True),
        (0.0, -0.0, True),
        (math.nan, math.nan, True),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (math.nan, 0.0, False),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        (None, 0, False),
        ("1", 1, False),
        (7, 8, False),
        (1_000_000, 1_000_001, False),
        (1_000_000.0, 1_000_001.0, True),
        (0.5, 0.500001, True),
        (0.5, 0.5001, False),
        (1e-9, 2e-9, True),
        (10**400, 1.0, False),
        (10**400, 10**400, True),
        ([1, 2], [2, 1], False),
        ([], {}, False),
        ([], [1], False),
        ({"a": None}, {}, False),
    ],
)
def test_values(before: Any, after: Any, same: bool) -> None:
    assert (not compare_documents(before, after, NumberTolerance()).differences) is same
    assert (not compare_documents(after, before, NumberTolerance()).differences) is same


def test_the_largest_error_within_tolerance_is_told() -> None:
    found = compare_documents([0.5, 1.0, 3], [0.5000001, 1.000001, 3], NumberTolerance())
    assert found.largest_error == pytest.approx(1e-6)
    assert compare_documents([1, 2], [1, 2], NumberTolerance()).largest_error is None


def test_differences_are_bounded_and_places_readable() -> None:
    found = compare_documents(list(range(5000)), list(range(1, 5001)), EXACT, most=10)
    assert (len(found.differences), found.is_cut) == (10, True)
    assert places({"a": [{"b c": 1}]}, {"a": [{"b c": 2}]}) == ['$.a[0]["b c"]']
    assert places({"\x1b]52;": 1}, {}) == ['$["\\u001b]52;"]']
    assert len(shown_value("x" * 10_000)) <= 80


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b"[" * 100_000, b'{"a": 1, "a": 2}', b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1), b"\xff", b"1" * 5000],
)
def test_what_has_not_one_place_for_each_value_is_no_document(body: bytes) -> None:
    with pytest.raises(NoDocument):
        parse_document(body)


def test_wide_documents_are_documents() -> None:
    assert len(parse_document(b"[" + b"[]," * 100_000 + b"1]")) == 100_001
