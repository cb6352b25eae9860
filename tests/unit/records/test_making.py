"""Records made quickly are records like any other."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from inspector.records.graph import Node
from inspector.records.image import Entry
from inspector.records.making import quick_maker
from inspector.records.tensor import Storage, TensorSpec, Weight


@pytest.mark.parametrize("record", [Node, Entry, Storage, TensorSpec, Weight], ids=lambda record: record.__name__)
def test_they_equal_those_made_the_usual_way(record: type) -> None:
    values = [f"value {number}" for number in range(len(fields(record)))]
    quick, usual = quick_maker(record)(*values), record(*values)
    assert type(quick) is record
    assert (quick, hash(quick), repr(quick)) == (usual, hash(usual), repr(usual))


def test_they_are_frozen_and_ask_for_every_field() -> None:
    make = quick_maker(TensorSpec)
    with pytest.raises(FrozenInstanceError):
        make("x", "float32", ()).name = "y"  # type: ignore[misc]
    with pytest.raises(TypeError):
        make("x", "float32")
