"""The outline of a graph: rows that add up to what the review says of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import onnx
import pytest
from onnx import helper

from inspector.records.graph_outline import MOST_OUTLINE_ROWS, GraphOutline
from inspector.records.inspection import Inspection
from inspector.records.node_times import NodeTime, NodeTimes
from inspector.workflows.analyse import analyse
from inspector.workflows.outline import LONGEST_NAME, outline_of
from inspector.workflows.review import review
from tests.builders import every_carrier, loop, model_of, save, small_cnn, subgraphs, value
from tests.tflite_models.made import dense, quantized
from tests.unit.analysis.costing import computation
from tests.unit.analysis.decoder_making import decoder
from tests.unit.analysis.graph_making import GraphMaker, transformer
from tests.unit.workflows.models import branching, perceptron
from tests.unit.workflows.test_inspect import opened

SAMPLES = Path(__file__).parents[3] / "sample_models"
HOSTILE = "</script><img src=x onerror=alert(1)>\x1b]52;c;eA==\x07\u202e[/foo]" + "n" * 10_000


def added_up(inspection: Inspection) -> GraphOutline:
    """Return the outline, having checked that its rows come to what the inspection says of the whole graph."""
    outline = outline_of(inspection)
    assert outline is not None
    rows, cost = outline.rows, inspection.cost
    assert len(rows) <= MOST_OUTLINE_ROWS
    assert sum(row.node_count for row in rows) + outline.left_out == len(inspection.computation.graph.nodes)
    assert sum(row.parameters for row in rows) + outline.other_parameters == cost.parameters
    assert sum(row.weight_bytes for row in rows) + outline.other_weight_bytes == cost.weight_bytes
    assert sum(row.flops or 0 for row in rows) == cost.flops
    for index, row in enumerate(rows):
        assert all(0 <= source < index for source in row.sources)
        assert all(one < other for one, other in pairwise(row.sources))
    return outline


@pytest.mark.parametrize("name", ["digits_cnn.onnx", "digits_transformer.onnx", "iterative_refinement.onnx", "digits_keras"])
def test_rows_of_the_samples_add_up(name: str) -> None:
    outline = added_up(opened(SAMPLES / name))
    assert outline.left_out == outline.other_parameters == 0


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "inception_v2"])
def test_rows_of_published_networks_add_up(name: str) -> None:
    light = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    outline = added_up(opened(light / f"light_{name}.onnx"))
    assert 20 < len(outline.rows) < 200


@pytest.mark.parametrize("make", [small_cnn, subgraphs, loop, every_carrier])
def test_rows_of_models_with_graphs_in_graphs_add_up(make: Callable[[], onnx.ModelProto], tmp_path: Path) -> None:
    added_up(opened(save(make(), tmp_path / "m.onnx")))


def test_rows_of_branches_add_up(tmp_path: Path) -> None:
    outline = added_up(opened(branching(tmp_path / "m.onnx")))
    assert [row.title for row in outline.rows] == ["flag", "x", "If", "y"]
    assert outline.rows[2].sources == (0, 1), "what a branch takes from outside is a source"


@pytest.mark.parametrize("make", [dense, quantized])
def test_rows_of_a_tflite_model_add_up(make: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(make())
    added_up(opened(tmp_path / "m.tflite"))


@pytest.mark.parametrize("layers", [1, 3, 12, 40])
def test_rows_of_repeated_layers_add_up(layers: int) -> None:
    added_up(analyse(computation(transformer(layers))))
    added_up(analyse(computation(decoder(layers))))


def test_an_empty_graph_has_an_outline_without_rows() -> None:
    assert added_up(analyse(computation(GraphMaker().graph()))).rows == ()


def test_a_hundred_thousand_nodes_become_a_page() -> None:
    maker = GraphMaker()
    tensor = maker.input("x", ("batch", 8))
    for index in range(100_000):
        tensor = maker.node("Exp" if index * index % 11 % 3 else "Tanh", tensor, shape=("batch", 8), name=f"/m{index // 77}/n")
    maker.output(tensor)
    outline = added_up(analyse(computation(maker.graph())))
    assert sum(row.flops or 0 for row in outline.rows) >= 100_000 * 8


def test_a_chain_of_layers_is_told_with_its_costs(tmp_path: Path) -> None:
    outline = added_up(opened(perceptron(tmp_path / "m.onnx", copies=2), batch=3))
    rows = outline.rows
    assert [row.title for row in rows] == ["x", "MatMul", "Add", "Relu", "MatMul", "Add", "Relu", "y"]
    assert [row.sources for row in rows] == [(), (0,), (1,), (2,), (3,), (4,), (5,), (6,)]
    assert (rows[1].name, rows[1].parameters, rows[1].weight_bytes) == ("/layer0/MatMul", 4096, 16384)
    assert rows[1].flops == 2 * 3 * 64 * 64
    assert rows[0].shape == rows[7].shape == "float32[batch,64]"
    assert all(row.milliseconds is None for row in rows)


def test_measured_time_goes_to_the_rows_whose_nodes_took_it(tmp_path: Path) -> None:
    inspection = opened(perceptron(tmp_path / "m.onnx"))
    times = NodeTimes((NodeTime("/layer0/MatMul", "MatMul", 2.5), NodeTime("/layer1/Relu", "Relu", 0.5)), 4.0, 3.0, 5)
    outline = outline_of(inspection, times)
    assert outline is not None
    found = {row.name: row.milliseconds for row in outline.rows if row.milliseconds}
    assert found == {"/layer0/MatMul": 2.5, "/layer1/Relu": 0.5}


def test_time_of_a_branch_goes_to_the_row_that_runs_it(tmp_path: Path) -> None:
    times = NodeTimes((NodeTime("last", "Relu", 1.5), NodeTime("if", "If", 0.25)), 4.0, 3.0, 5)
    outline = outline_of(opened(branching(tmp_path / "m.onnx")), times)
    assert outline is not None
    assert [row.milliseconds for row in outline.rows if row.title == "If"] == [1.75]


def test_weights_that_no_node_uses_are_counted_beside_the_rows(tmp_path: Path) -> None:
    inspection = opened(save(small_cnn(), tmp_path / "m.onnx"))
    more = replace(inspection, cost=replace(inspection.cost, parameters=inspection.cost.parameters + 7))
    assert added_up(more).other_parameters == 7


def test_an_inspection_that_has_counted_nothing_yet_has_no_outline(tmp_path: Path) -> None:
    inspection = opened(save(small_cnn(), tmp_path / "m.onnx"))
    assert outline_of(replace(inspection, node_costs={})) is None
    assert outline_of(replace(inspection, views={})) is None


def test_names_are_cut_and_cleaned(tmp_path: Path) -> None:
    node = helper.make_node("Relu", ["x"], [HOSTILE], HOSTILE)
    model = model_of([node], [value("x", [1])], [value(HOSTILE, [1])])
    outline = added_up(opened(save(model, tmp_path / "m.onnx")))
    for row in outline.rows:
        assert max(map(len, (row.title, row.name, row.shape))) <= LONGEST_NAME
        assert "\x1b" not in f"{row.title}{row.name}"


def test_a_review_holds_the_outline_of_its_model(tmp_path: Path) -> None:
    inspection = opened(perceptron(tmp_path / "m.onnx"))
    assert review(inspection).outline == outline_of(inspection)
