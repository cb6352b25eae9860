"""Totals over weights."""

from __future__ import annotations

from inspector.analysis.weights import WeightTotal, largest_weights, serving_needs, total_weights
from inspector.records.saved_model import FunctionFacts, Handle, VariableFacts, VariableRole
from inspector.records.saved_model_review import TrainingBaggage
from inspector.records.tensor import Storage, Weight
from inspector.workflows.analyse import analyse
from inspector.workflows.review import review
from tests.unit.analysis import saved_model_making
from tests.unit.analysis.costing import computation, graph, weight


def test_totals_by_dtype_most_bytes_first() -> None:
    text = Weight("s", "string", (2,), Storage("typed"), stored_bytes=11)
    weights = [weight("a", 2, 3), weight("b", 2, 3), weight("c", dtype="int64"), weight("d", 5, dtype="int4"), text]
    assert total_weights(weights) == (
        WeightTotal("float32", 12, 48, 2),
        WeightTotal("string", 2, 11, 1),
        WeightTotal("int64", 1, 8, 1),
        WeightTotal("int4", 5, 3, 1),
    )


def test_strings_of_different_bytes_are_told_apart() -> None:
    weights = [Weight(name, "string", (1,), Storage("typed"), stored_bytes=size) for name, size in (("a", 3), ("b", 40))]
    assert total_weights(weights)[0].bytes == 43


def test_no_weights_have_no_totals() -> None:
    assert total_weights(()) == ()


def test_what_serving_needs_is_told_from_what_training_does() -> None:
    handles = {"kernel": (Handle("", "kernel"),), "m": (), "steps": ()}
    roles: dict[str, VariableRole] = {"kernel": "parameter", "m": "optimizer", "steps": "training"}
    facts = tuple(
        VariableFacts(name, name, "float32", (4,), 16, weight=name, role=role, handles=handles[name])
        for name, role in roles.items()
    )
    body = FunctionFacts("step", "function:step", 30, training=True)
    subject = saved_model_making.computation(
        saved_model_making.graph(""),
        weights=[saved_model_making.variable(name, 4) for name in roles],
        entries=[saved_model_making.entry("signature", "serving_default", graphs=[""])],
        facts={"variables": facts},
        functions=(body,),
    )
    needs = serving_needs(subject)
    assert needs is not None
    assert [one.name for one in needs.weights] == ["kernel"]
    assert needs.training == TrainingBaggage(2, 1, 32, 1, 30)
    inspection = analyse(subject)
    assert (inspection.serving, inspection.weights) == (needs, needs.weights)
    assert inspection.cost.weight_bytes == 16
    told = review(inspection)
    assert told.graph is not None
    assert told.saved_model is not None
    assert (told.graph.weight_count, told.graph.weight_bytes, told.saved_model.training) == (1, 16, needs.training)


def test_serving_needs_all_of_another_artifact() -> None:
    weights = [weight("a", 2), weight("b", 3)]
    subject = computation(graph([]), weights=weights)
    assert serving_needs(subject) is None
    assert list(analyse(subject).weights) == weights


def test_largest_first_ties_in_file_order() -> None:
    weights = [weight("small", 1), weight("one", 8), weight("two", 8), weight("wide", 5, dtype="float64")]
    found = largest_weights(computation(graph([]), weights=weights), limit=3)
    assert [one.name for one in found] == ["wide", "one", "two"]
