"""Bars of sizes, step by step and level by level."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.image_review import LeftoversReview
from inspector.records.optimization import Change, ModelFacts
from inspector.records.review import Review
from inspector.report.plots.sizes import MOST_ROWS, sizes
from tests.golden.image_reviews import image_review
from tests.golden.optimization_reviews import optimized_review
from tests.golden.reviews import ordinary_review
from tests.golden.slim_reviews import slimmed_review
from tests.unit.report.plots.drawings import HOSTILE, WHOLE, boxes, overlaps, parsed, with_class, words

BEFORE = ModelFacts(1000, 5, 0)


def changed(*changes: Change) -> Review:
    return replace(ordinary_review(), changes=changes)


def change(size: int | None, status: str = "accepted") -> Change:
    after = None if size is None else replace(BEFORE, size_bytes=size)
    return Change("fp16", status, "accepted", "", BEFORE, after)  # type: ignore[arg-type]


def test_bars_are_in_proportion_to_bytes() -> None:
    root = parsed(sizes(changed(change(500), change(250, "rejected"))))
    bars = [box.width for style in ("before", "accepted", "rejected") for box in boxes(root, "bar", style)]
    assert [bar / bars[0] for bar in bars] == pytest.approx([1.0, 0.5, 0.25], abs=2e-3)
    assert len(list(with_class(root, "hatch"))) == 1, "what was rejected is hatched"


def test_steps_without_a_result_say_why() -> None:
    root = parsed(sizes(optimized_review()))
    assert any("cannot run: the package onnxconverter-common is missing" in word for word in words(root, "small"))


def test_levels_of_slimming_are_told_uncompressed_and_compressed() -> None:
    root = parsed(sizes(slimmed_review()))
    assert words(root, "label") == ["original", "flatten", "clean", "trace"]
    assert len(boxes(root, "bar", "compressed")) == 4


def test_an_image_is_told_as_shipped_final_and_what_may_go() -> None:
    review = image_review()
    assert review.image is not None
    image = replace(review.image, shipped_bytes=1000, final_bytes=800, reclaimable_bytes=200, leftovers=LeftoversReview(300))
    root = parsed(sizes(replace(review, image=image)))
    final, shipped = boxes(root, "bar", "accepted")[0], boxes(root, "bar", "before")[0]
    assert final.width / shipped.width == pytest.approx(0.8, abs=2e-3)


def test_every_size_is_seen() -> None:
    assert sizes(changed(change(500))) != sizes(changed(change(510)))
    assert sizes(changed(change(500))) == sizes(changed(change(500)))


@pytest.mark.parametrize("width", [960, 640])
@pytest.mark.parametrize("review", [optimized_review(), slimmed_review(), image_review()])
def test_nothing_is_written_over_anything_else(review: Review, width: int) -> None:
    assert overlaps(parsed(sizes(review, width))) == []


def test_there_is_no_plot_of_nothing() -> None:
    assert sizes(replace(ordinary_review(), changes=())) == ""
    assert sizes(changed(Change("fp16", "skipped", "nothing to do", "", ModelFacts(0, 0, 0)))) == ""


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_changes_give_a_bounded_drawing(width: int) -> None:
    changes = [
        replace(change(size), optimizer=text, reason=text, verdict=text, before=ModelFacts(size, 0, 0), after=after)  # type: ignore[arg-type]
        for text in HOSTILE
        for size in WHOLE
        for after in (None, ModelFacts(size, 0, 0))
    ]
    for start in range(0, len(changes), MOST_ROWS):
        drawing = sizes(changed(*changes[start : start + MOST_ROWS + 3]), width)
        parsed(drawing)
