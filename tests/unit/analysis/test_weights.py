"""Totals over weights."""

from __future__ import annotations

from inspector.analysis.weights import WeightTotal, largest_weights, total_weights
from inspector.records.tensor import Storage, Weight
from tests.unit.analysis.costing import computation, graph, weight


def test_totals_by_dtype_most_bytes_first() -> None:
    text = Weight("s", "string", (2,), Storage("typed"), stored_bytes=11)
    weights = [weight("a", 2, 3), weight("b", 2, 3), weight("c", dtype="int64"), weight("d", 5, dtype="int4"), text]
    assert total_weights(computation(graph([]), weights=weights)) == (
        WeightTotal("float32", 12, 48, 2),
        WeightTotal("string", 2, 11, 1),
        WeightTotal("int64", 1, 8, 1),
        WeightTotal("int4", 5, 3, 1),
    )


def test_strings_of_different_bytes_are_told_apart() -> None:
    weights = [Weight(name, "string", (1,), Storage("typed"), stored_bytes=size) for name, size in (("a", 3), ("b", 40))]
    assert total_weights(computation(graph([]), weights=weights))[0].bytes == 43


def test_no_weights_have_no_totals() -> None:
    assert total_weights(computation(graph([]))) == ()


def test_largest_first_ties_in_file_order() -> None:
    weights = [weight("small", 1), weight("one", 8), weight("two", 8), weight("wide", 5, dtype="float64")]
    found = largest_weights(computation(graph([]), weights=weights), limit=3)
    assert [one.name for one in found] == ["wide", "one", "two"]
