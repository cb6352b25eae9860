"""The parts of simplifying: clean-up that minds names and scopes, what folding would cost, and unfit results."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import onnx
import pytest
from onnx import ModelProto, helper

from inspector.formats.onnx.read import read
from inspector.optimize.catalogue import OPTIMIZERS, SAVED_MODEL_OPTIMIZERS
from inspector.optimize.simplification.finish_child import finish
from inspector.optimize.simplification.folding import foresee
from inspector.optimize.simplification.requests import FinishRequest
from inspector.optimize.simplification.tidy_child import sort_nodes, tidy
from inspector.records.optimization import OptimizerName
from tests import builders
from tests.builders import BOOL, value, weight


def branch(name: str, *nodes: onnx.NodeProto) -> onnx.GraphProto:
    return helper.make_graph(list(nodes), name, [], [value(nodes[-1].output[0], [2])])


def branches() -> ModelProto:
    """Return an If whose branches use one name for different things, and take from around them through an Identity."""
    node = helper.make_node
    then = branch("then", node("Identity", ["a"], ["local"]), node("Neg", ["local"], ["t"]))
    other = branch("else", node("Abs", ["b"], ["local"]), node("Neg", ["local"], ["e"]))
    nodes = [
        node("Identity", ["x"], ["a"]),
        node("Identity", ["a"], ["b"]),
        node("If", ["condition"], ["y"], then_branch=then, else_branch=other),
        node("Relu", ["unused"], ["dead"]),
        node("Neg", ["dead"], ["deader"]),
    ]
    given = [value("x", [2]), value("condition", [], BOOL)]
    return builders.model_of(nodes, given, [value("y", [2])], [weight("unused", [1.0, 2.0])])


def test_clean_up_minds_names_that_branches_share() -> None:
    model = branches()
    tidy(model)
    (only,) = model.graph.node
    graphs = {attribute.name: attribute.g for attribute in only.attribute}
    then, other = graphs["then_branch"], graphs["else_branch"]
    assert [(node.op_type, list(node.input)) for node in then.node] == [("Identity", ["x"]), ("Neg", ["local"])]
    assert [(node.op_type, list(node.input)) for node in other.node] == [("Abs", ["x"]), ("Neg", ["local"])]
    assert not model.graph.initializer


def test_clean_up_keeps_what_gives_an_output() -> None:
    model = builders.chain(1, "Identity")
    tidy(model)
    assert len(model.graph.node) == 1


def test_clean_up_drops_functions_that_nothing_calls() -> None:
    model = builders.model_of(
        [helper.make_node("AddOne", ["x"], ["y"], domain="custom")],
        [value("x", [2])],
        [value("y", [2])],
        opsets={"": 20, "custom": 1},
    )
    model.functions.extend([builders.add_one(), builders.add_one(name="Other")])
    tidy(model)
    assert [function.name for function in model.functions] == ["AddOne"]


def test_nodes_are_sorted_by_what_branches_take_too() -> None:
    model = branches()
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))
    assert sort_nodes(model.graph) == 1
    onnx.checker.check_model(model, full_check=True)
    assert sort_nodes(model.graph) == 0


def folding_of(model: ModelProto, folder: Path):
    return foresee(read(builders.save(model, folder / "model.onnx")))


def test_folding_is_foreseen_from_small_constants(tmp_path: Path) -> None:
    lengths = weight("lengths", np.array([3, 1000], np.int64))
    nodes = [
        helper.make_node("ConstantOfShape", ["lengths"], ["filled"], "fill"),
        helper.make_node("Add", ["x", "filled"], ["y"]),
    ]
    found = folding_of(builders.model_of(nodes, [value("x", [3, 1])], [value("y", [3, 1000])], [lengths]), tmp_path)
    assert (found.nodes, found.added_bytes, found.freed_bytes) == (1, 12_000, 16)
    assert (found.growth, found.largest_bytes, found.largest_node) == (11_984, 12_000, "ConstantOfShape fill")


def test_random_numbers_custom_operators_and_fed_weights_are_not_folded(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("RandomNormalLike", ["w"], ["random"]),
        helper.make_node("Custom", ["w"], ["custom"], domain="custom"),
        helper.make_node("Neg", ["fed"], ["negative"]),
        helper.make_node("Neg", ["w"], ["folded"]),
        helper.make_node("Sum", ["random", "custom", "negative", "folded"], ["y"]),
    ]
    model = builders.model_of(
        nodes,
        [value("fed", [2])],
        [value("y", [2])],
        [weight("w", [1.0, 2.0]), weight("fed", [3.0, 4.0])],
        {"": 20, "custom": 1},
    )
    assert folding_of(model, tmp_path).nodes == 1


@pytest.mark.parametrize("operator", ["Relu", "Gelu"])
def test_operators_that_the_original_does_without_are_noticed(operator: str, tmp_path: Path) -> None:
    original = builders.save(builders.chain(), tmp_path / "original.onnx")
    made = builders.chain(1, operator)
    made.graph.node[0].domain = "com.microsoft" if operator == "Gelu" else ""
    made.graph.node[0].output[0] = made.graph.output[0].name = "t3"
    made.opset_import.add(domain="com.microsoft", version=1)
    folder = tmp_path / "raw"
    folder.mkdir()
    request = FinishRequest(str(original), str(builders.save(made, folder / "m.onnx")), str(tmp_path / "finished.onnx"))
    finished = finish(request, lambda *_: None)
    assert finished.new_domains == (("com.microsoft",) if operator == "Gelu" else ())
    imported = [one.domain for one in onnx.load(finished.path).opset_import]
    assert imported == (["", "com.microsoft"] if operator == "Gelu" else [""])


def test_the_catalogue_makes_each_optimizer_once() -> None:
    both = (OPTIMIZERS, SAVED_MODEL_OPTIMIZERS)
    assert {name for catalogue in both for name in catalogue} == {*get_args(OptimizerName)} - {"slim"}  # which is for images
    for catalogue in both:
        for name in catalogue:
            assert catalogue[name].name == name
            assert catalogue[name] is catalogue[name]
