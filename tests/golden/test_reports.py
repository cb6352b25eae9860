"""The reports of fixed reviews, byte for byte; UPDATE_GOLDEN=1 rewrites the files, which are then to be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from inspector.records.review import Review
from inspector.report.json import to_json
from inspector.report.markdown import to_markdown
from inspector.report.text import to_text
from tests.golden.bench_reviews import hostile_measured_review, measured_image_review, measured_review
from tests.golden.converted_reviews import converted_review
from tests.golden.image_reviews import artifact_review, engine_review, hostile_image_review, image_review
from tests.golden.optimization_reviews import hostile_optimization_review, optimized_review
from tests.golden.reviews import hostile_review, ordinary_review
from tests.golden.saved_model_reviews import hostile_saved_model_review, served_review
from tests.golden.slim_reviews import hostile_slim_review, slimmed_review, unproven_review

FILES = Path(__file__).parent / "files"

REVIEWS: dict[str, Callable[[], Review]] = {
    "ordinary": ordinary_review,
    "hostile": hostile_review,
    "served": served_review,
    "hostile_saved_model": hostile_saved_model_review,
    "image": image_review,
    "engine_image": engine_review,
    "oci_artifact": artifact_review,
    "hostile_image": hostile_image_review,
    "optimized": optimized_review,
    "hostile_optimization": hostile_optimization_review,
    "converted": converted_review,
    "measured": measured_review,
    "measured_image": measured_image_review,
    "hostile_measured": hostile_measured_review,
    "slimmed": slimmed_review,
    "slimmed_unproven": unproven_review,
    "hostile_slimming": hostile_slim_review,
}

WRITERS: dict[str, Callable[[Review], bytes]] = {
    "txt": lambda review: to_text(review).encode(),
    "narrow.txt": lambda review: to_text(review, width=60).encode(),
    "color.txt": lambda review: to_text(review, color=True).encode(),
    "md": lambda review: to_markdown(review).encode(),
    "json": to_json,
}


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("name", REVIEWS)
def test_the_report_of_a_fixed_review_is_what_it_was(name: str, suffix: str) -> None:
    written = WRITERS[suffix](REVIEWS[name]())
    golden = FILES / f"{name}.{suffix}"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(written)
    assert written.decode() == golden.read_text(encoding="utf-8")
