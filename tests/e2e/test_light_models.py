"""Published networks as they are drawn: onnx's light models, and architectures exported with all their shapes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import onnx.backend.test
import pytest

from inspector.records.event import Finished
from inspector.records.inspection import GraphView, Inspection
from inspector.workflows.inspect import inspect
from inspector.workflows.shapes import infer_shapes
from tests.published_models.bert_base import save_bert_base
from tests.published_models.image_classifiers import save_mobilenet_v2
from tests.unit.analysis.drawing import draw
from tests.unit.analysis.layout_rules import (
    all_folds,
    check_edges,
    check_folds,
    check_identical,
    check_lanes,
    check_order_through_absorbed,
    check_rows,
)

LIGHT = Path(onnx.backend.test.__file__).parent / "data" / "light"

MOST_LANES = {
    "bvlc_alexnet": 1,
    "densenet121": 2,
    "inception_v1": 4,
    "inception_v2": 4,
    "resnet50": 2,
    "shufflenet": 2,
    "squeezenet": 2,
    "vgg19": 1,
    "zfnet512": 1,
}


def finished(events: object) -> Inspection:
    """Return the result of a workflow."""
    (result,) = (event.result for event in events if isinstance(event, Finished))  # type: ignore[attr-defined]
    return result


@cache
def read(name: str) -> Inspection:
    """Return a light model as the file describes it."""
    return finished(inspect(LIGHT / f"light_{name}.onnx"))


@cache
def inferred(name: str) -> Inspection:
    """Return a light model with its shapes inferred."""
    return finished(infer_shapes(read(name)))


def main_view(inspection: Inspection) -> GraphView:
    return inspection.views[""]


def check(inspection: Inspection) -> None:
    """Check everything that must hold of how the main graph is laid out and folded."""
    graph, view = inspection.computation.graph, main_view(inspection)
    check_rows(graph, view.layout)
    check_lanes(view.layout)
    check_edges(graph, view.layout)
    check_order_through_absorbed(graph, view.layout)
    check_folds(view.layout, view.folds)
    check_folds(view.layout, view.scopes)
    for fold in all_folds(view.folds):
        if fold.kind == "repeat" and not fold.exceptions:
            check_identical(graph, view.layout, fold)


def test_all_light_models_are_tried() -> None:
    assert sorted(path.stem.removeprefix("light_") for path in LIGHT.glob("*.onnx")) == sorted(MOST_LANES)


@pytest.mark.parametrize("name", sorted(MOST_LANES))
def test_a_light_model_is_drawn_in_few_lanes(name: str) -> None:
    inspection = read(name)
    check(inspection)
    layout = main_view(inspection).layout
    assert layout.width == MOST_LANES[name]
    assert layout.portals_in == {}


@pytest.mark.parametrize("name", sorted(MOST_LANES))
def test_shapes_change_no_row(name: str) -> None:
    assert main_view(inferred(name)).layout == main_view(read(name)).layout
    check(inferred(name))


@pytest.mark.parametrize(
    ("name", "blocks"),
    [("resnet50", [3, 4, 6, 3]), ("densenet121", [6, 12, 24, 16]), ("shufflenet", [4, 8, 4]), ("vgg19", [4, 4, 4])],
)
def test_stages_fold_as_their_papers_count_them(name: str, blocks: list[int]) -> None:
    assert [fold.count for fold in main_view(inferred(name)).folds] == blocks


def test_what_a_stranger_sees_of_resnet50() -> None:
    inspection = inferred("resnet50")
    view = main_view(inspection)
    picture = draw(inspection.computation.graph, view.layout, view.folds).splitlines()
    shown = [" ".join(line.split()[:2]) if line.startswith(("●", "○")) else line.split(",")[0].strip() for line in picture]
    assert shown == [
        "● gpu_0/data_0",
        "● Conv",
        "● BatchNormalization",
        "● Relu",
        "● MaxPool",
        "▸   Conv·BatchNormalization·Relu·Sum ×3",
        "▸   Conv·BatchNormalization·Relu·Sum ×4",
        "▸   Conv·BatchNormalization·Relu·Sum ×6",
        "▸   Conv·BatchNormalization·Relu·Sum ×3",
        "● AveragePool",
        "● Reshape",
        "● Gemm",
        "● Softmax",
        "○ gpu_0/softmax_1",
    ]
    assert view.folds[0].exceptions == ("block 1: 2 more nodes (Conv, BatchNormalization), other shapes",)


def test_a_bottleneck_of_resnet50_is_drawn_beside_its_shortcut() -> None:
    inspection = inferred("resnet50")
    view = main_view(inspection)
    drawing = draw(inspection.computation.graph, view.layout).splitlines()
    first = view.folds[0].first
    assert [line[:4].rstrip() for line in drawing[first : first + 12]] == ["├─●", *["│ ●"] * 7, "● │", "● │", "●─╯", "●"]


def test_mobilenet_folds_to_its_stages_of_more_than_two_blocks(tmp_path: Path) -> None:
    inspection = finished(infer_shapes(finished(inspect(save_mobilenet_v2(tmp_path)))))
    check(inspection)
    view = main_view(inspection)
    assert [fold.count for fold in view.folds] == [3, 4, 3, 3]
    assert view.layout.width == 2
    lacks_residual = "block 1: 1 fewer node (Add), Conv group 384 instead of 576, other shapes"
    assert view.folds[2].exceptions == (lacks_residual,)


def test_bert_folds_to_one_row_of_twelve_layers(tmp_path: Path) -> None:
    inspection = finished(infer_shapes(finished(inspect(save_bert_base(tmp_path)))))
    check(inspection)
    view = main_view(inspection)
    (fold,) = view.folds
    assert (fold.count, fold.exceptions) == (12, ())
    layout = view.layout
    assert layout.width <= 4
    masked = [names for row, names in layout.portals_in.items() if fold.first <= row <= fold.last]
    assert len(masked) == 12
    assert len(set(masked)) == 1
