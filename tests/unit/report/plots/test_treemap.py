"""Treemaps: areas in proportion, disjoint, within bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.records.graph_outline import GraphOutline, OutlineRow
from inspector.records.image_contents import Package
from inspector.records.image_review import LayerReview, SizedPath
from inspector.records.review import Review
from inspector.report.plots.squarified import Area, squarified
from inspector.report.plots.treemap import MOST_TILES, treemap
from tests.golden.image_reviews import image_review
from tests.golden.reviews import ordinary_review
from tests.unit.report.plots.drawings import HOSTILE, WHOLE, boxes, parsed

WHOLE_AREA = Area(5.0, 7.0, 640.0, 300.0)


def with_rows(*rows: OutlineRow, other: int = 0) -> Review:
    return replace(ordinary_review(), outline=GraphOutline(rows, other_weight_bytes=other))


def sized(*sizes: int) -> Review:
    return with_rows(*(OutlineRow("node", "Conv", f"conv{index}", weight_bytes=size) for index, size in enumerate(sizes)))


@given(st.lists(st.floats(1, 1e9), min_size=1, max_size=60))
@settings(deadline=None)
def test_areas_are_in_proportion_disjoint_and_inside(values: list[float]) -> None:
    values.sort(reverse=True)
    areas = squarified(values, WHOLE_AREA)
    unit = WHOLE_AREA.width * WHOLE_AREA.height / sum(values)
    assert len(areas) == len(values)
    for value, area in zip(values, areas, strict=True):
        assert area.width * area.height == pytest.approx(value * unit, rel=1e-6, abs=1e-6)
        assert area.x >= WHOLE_AREA.x - 1e-6
        assert area.x + area.width <= WHOLE_AREA.x + WHOLE_AREA.width + 1e-6
        assert area.y >= WHOLE_AREA.y - 1e-6
        assert area.y + area.height <= WHOLE_AREA.y + WHOLE_AREA.height + 1e-6
    for index, one in enumerate(areas):
        assert not any(_overlap(one, other) for other in areas[index + 1 :])


def _overlap(one: Area, other: Area) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 1e-6 and down > 1e-6


def test_areas_are_those_of_the_paper() -> None:
    areas = squarified([6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], Area(0.0, 0.0, 6.0, 4.0))
    assert [(area.width, area.height) for area in areas[:2]] == [(3.0, 2.0), (3.0, 2.0)]
    assert [(round(area.width, 2), round(area.height, 2)) for area in areas[2:4]] == [(1.71, 2.33), (1.29, 2.33)]


def test_tiles_are_in_proportion_to_weights() -> None:
    tiles = boxes(parsed(treemap(sized(600, 300, 100))), "tile")
    areas = [tile.width * tile.height for tile in tiles]
    assert [area / sum(areas) for area in areas] == pytest.approx([0.6, 0.3, 0.1], abs=2e-3)
    assert sum(areas) == pytest.approx(960 * 300, rel=1e-3)


def test_many_tiles_are_joined_and_named() -> None:
    drawing = treemap(sized(*range(1, 1001)))
    assert len(boxes(parsed(drawing), "tile")) == MOST_TILES
    assert len(boxes(parsed(drawing), "tile", "rest")) == 1
    assert "851 more" in drawing


def test_weights_of_no_node_have_a_tile() -> None:
    assert "weights of no node here" in treemap(with_rows(OutlineRow("node", "Conv", weight_bytes=5), other=5))


def test_an_image_is_told_by_package_and_by_layer_to_the_last_byte() -> None:
    review = image_review()
    image = review.image
    assert image is not None
    packages = (Package("python", "torch", "2.0", 700, 9), Package("debian", "libc6", "2.41", 200, 3))
    image = replace(
        image, packages=packages, package_bytes=1000, unowned_bytes=500, unowned_largest=(SizedPath("/models/x.onnx", 400),)
    )
    root = parsed(treemap(replace(review, image=image)))
    areas = sorted((box.width * box.height for box in boxes(root, "tile") if box.y < 350), reverse=True)
    shares = [700, 400, 200, 100, 100]
    assert [area / sum(areas) for area in areas] == pytest.approx([size / 1500 for size in shares], abs=2e-3)


def test_a_number_of_the_record_is_seen() -> None:
    assert treemap(sized(600, 300)) != treemap(sized(600, 301))
    assert treemap(sized(600, 300)) == treemap(sized(600, 300))


def test_there_is_no_plot_of_nothing() -> None:
    assert treemap(replace(ordinary_review(), outline=None)) == ""
    assert treemap(with_rows()) == ""
    assert treemap(sized(0, 0)) == ""


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_records_give_a_bounded_drawing(width: int) -> None:
    rows = [OutlineRow("node", text, text, weight_bytes=size) for text in HOSTILE for size in WHOLE]
    parsed(treemap(with_rows(*rows * 20), width))


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_images_give_a_bounded_drawing(width: int) -> None:
    review = image_review()
    assert review.image is not None
    places = [(text, size) for text in HOSTILE for size in WHOLE]
    image = replace(
        review.image,
        packages=tuple(Package("python", text, text, size, 1) for text, size in places) * 10,
        unowned_largest=tuple(SizedPath(text, size) for text, size in places) * 10,
        package_bytes=10**400,
        unowned_bytes=-5,
        layers=tuple(LayerReview("", size, size, text, shipped_bytes=size, reclaimable_bytes=2 * size) for text, size in places)
        * 10,
    )
    parsed(treemap(replace(review, image=image), width))
