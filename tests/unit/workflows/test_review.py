"""Assembling the review."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from inspector import __version__
from inspector.formats.contract_file.embedding import to_json
from inspector.records.contract import CONTRACT_KEY, Contract, PreprocessingStep
from inspector.records.finding import Finding
from inspector.records.graph import NodeRef
from inspector.workflows.examine import examine
from inspector.workflows.review import FINDING_NODES, LARGEST_WEIGHTS, review
from inspector.workflows.shapes import infer_shapes
from tests.builders import save, small_cnn
from tests.unit.workflows.models import branching, perceptron
from tests.unit.workflows.test_inspect import opened

SAMPLES = Path(__file__).parents[3] / "sample_models"


def test_the_numbers_are_those_of_the_inspection(tmp_path: Path) -> None:
    *_, inferred = infer_shapes(opened(perceptron(tmp_path / "m.onnx", copies=7), batch=2))
    made = review(inferred.result, ["something went less well"])
    assert made.tool.version == __version__
    assert made.warnings == ("something went less well",)
    assert made.artifact.format == "onnx"
    assert [spec.name for spec in made.signatures[0].inputs] == ["x"]
    graph = made.graph
    assert graph is not None
    assert (graph.node_count, graph.nested_node_count, graph.weight_count) == (21, 0, 14)
    assert graph.parameter_count == 7 * (64 * 64 + 64)
    assert graph.weight_bytes == 4 * graph.parameter_count
    assert [(share.dtype, share.bytes) for share in graph.weights_by_dtype] == [("float32", graph.weight_bytes)]
    assert dict(graph.opsets) == {"ai.onnx": 17}
    assert graph.flops.value == inferred.result.cost.flops
    assert graph.flops.at["batch"] == 2
    assert graph.lanes >= 1
    assert "node" in graph.activation_peak_place
    assert made.findings == inferred.result.findings


def test_largest_weights_come_by_size_then_in_file_order(tmp_path: Path) -> None:
    graph = review(opened(perceptron(tmp_path / "m.onnx", copies=6))).graph
    assert graph is not None
    assert len(graph.largest_weights) == LARGEST_WEIGHTS
    assert [weight.name for weight in graph.largest_weights] == [*(f"w{i}" for i in range(6)), "b0", "b1", "b2", "b3"]
    assert graph.largest_weights[0].place == "initializer"


def test_repeated_blocks_are_told(tmp_path: Path) -> None:
    *_, inferred = infer_shapes(opened(perceptron(tmp_path / "m.onnx", copies=6)))
    graph = review(inferred.result).graph
    assert graph is not None
    assert [(block.count, block.node_count) for block in graph.repeats] == [(6, 18)]


@pytest.mark.parametrize("sample", ["digits_keras", "digits_transformer.onnx"])
def test_laying_out_only_what_a_review_tells_of_changes_nothing_in_it(sample: str) -> None:
    *_, examined = examine(SAMPLES / sample)
    whole = opened(SAMPLES / sample)
    told, fully = review(examined.result), review(whole)
    assert told.graph == fully.graph
    assert told.saved_model == fully.saved_model
    is_saved_model = told.saved_model is not None
    assert (set(examined.result.views) < set(whole.views)) == is_saved_model


def test_nested_nodes_are_counted_apart(tmp_path: Path) -> None:
    graph = review(opened(branching(tmp_path / "m.onnx"))).graph
    assert graph is not None
    assert (graph.node_count, graph.nested_node_count) == (1, 4)


def test_two_reviews_of_one_file_are_equal(tmp_path: Path) -> None:
    path = perceptron(tmp_path / "m.onnx")
    assert review(opened(path)) == review(opened(path))


def test_a_finding_brings_only_its_first_nodes(tmp_path: Path) -> None:
    nodes = tuple(NodeRef("", i) for i in range(1000))
    many = Finding("dead-node", "low", "1,000 nodes", node=nodes[0], nodes=nodes)
    inspection = replace(opened(perceptron(tmp_path / "m.onnx")), findings=(many,))
    [finding] = review(inspection).findings
    assert finding.nodes == nodes[:FINDING_NODES]
    assert replace(finding, nodes=nodes) == many


def test_the_contract_that_a_model_carries_is_in_its_review(tmp_path: Path) -> None:
    model = small_cnn()
    promised = Contract("digits", preprocessing=(PreprocessingStep("normalize", description="divided by 16"),))
    onnx.helper.set_model_props(model, {CONTRACT_KEY: to_json(promised)})
    carried = review(opened(save(model, tmp_path / "model.onnx"))).contract
    assert carried is not None
    assert carried.preprocessing == promised.preprocessing
    assert [one.name for one in carried.inputs] == ["image"]


def test_a_broken_contract_inside_a_model_does_not_break_its_review(tmp_path: Path) -> None:
    model = small_cnn()
    onnx.helper.set_model_props(model, {CONTRACT_KEY: "{"})
    found = review(opened(save(model, tmp_path / "model.onnx")))
    assert found.contract is not None
    assert found.contract.preprocessing == ()
