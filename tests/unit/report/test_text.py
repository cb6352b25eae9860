from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.records.finding import Finding
from inspector.records.review import Review
from inspector.report.text import MOST_FINDINGS, to_text
from inspector.report.text_page import PALETTE, RESET, Cell, Column, Page
from inspector.report.visible import cell_width
from tests.golden.image_reviews import artifact_review, engine_review, hostile_image_review, image_review
from tests.golden.optimization_reviews import hostile_optimization_review, optimized_review
from tests.golden.reviews import HOSTILE, hostile_review, ordinary_review
from tests.golden.saved_model_reviews import hostile_saved_model_review, served_review

REVIEWS = [
    ordinary_review(),
    hostile_review(),
    served_review(),
    hostile_saved_model_review(),
    *(image_review(), engine_review(), artifact_review(), hostile_image_review()),
    *(optimized_review(), hostile_optimization_review()),
    Review(ordinary_review().tool, ordinary_review().environment, ordinary_review().artifact),
]
NAMES = ["ordinary", "hostile", "served", "hostile_saved_model", "image", "engine", "artifact", "hostile_image"]
NAMES += ["optimized", "hostile_optimization", "bare"]
SGR = re.compile("|".join(re.escape(sequence) for sequence in (*PALETTE.values(), RESET)))


@pytest.mark.parametrize("width", [1, 40, 60, 80, 100, 500])
@pytest.mark.parametrize("review", REVIEWS, ids=NAMES)
def test_no_line_is_wider_than_asked_for(review: Review, width: int) -> None:
    lines = to_text(review, width).splitlines()
    assert max(map(cell_width, lines)) <= min(max(width, 40), 100)


@pytest.mark.parametrize("review", REVIEWS, ids=NAMES)
def test_only_printable_characters_are_left(review: Review) -> None:
    assert all(line.isprintable() for line in to_text(review).split("\n"))


@pytest.mark.parametrize("review", REVIEWS, ids=NAMES)
def test_color_adds_sequences_of_the_palette_and_changes_nothing_else(review: Review) -> None:
    colored = to_text(review, color=True)
    assert colored.count("\x1b") == len(SGR.findall(colored)) > 0
    assert [line.rstrip() for line in SGR.sub("", colored).split("\n")] == to_text(review).split("\n")


def test_a_sequence_of_the_palette_in_a_name_is_made_visible() -> None:
    review = replace(ordinary_review(), warnings=(f"{PALETTE['high']}fake",))
    assert r"\x1b[1;31mfake" in to_text(review, color=True)


def test_every_number_comes_from_the_review() -> None:
    review = ordinary_review()
    assert review.graph is not None
    changed = replace(review, graph=replace(review.graph, parameter_count=7_000_000_000, node_count=4321, lanes=9))
    text = to_text(changed)
    assert "4,321 nodes" in text
    assert "7.0 G params" in text
    assert "9 lanes" in text


def test_what_is_left_out_is_counted() -> None:
    findings = tuple(Finding("rule", "low", f"message {index}") for index in range(MOST_FINDINGS + 5))
    assert "… and 5 more findings" in to_text(replace(ordinary_review(), findings=findings))


def test_severe_findings_come_first() -> None:
    findings = (Finding("b", "info", "second"), Finding("a", "high", "first"))
    text = to_text(replace(ordinary_review(), findings=findings))
    assert text.index("first") < text.index("second")


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, max_size=5), st.integers(40, 100))
@settings(max_examples=60)
def test_tables_fit_whatever_they_hold(rows: list[tuple[str, str, str]], width: int) -> None:
    page = Page(width, color=False)
    columns = [Column(flexible=True), Column("right", flexible=True), Column(flexible=True, least=12)]
    page.table(columns, [[Cell(text) for text in row] for row in rows])
    assert all(cell_width(line) <= width for line in page.text().splitlines())


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_still_told(text: str) -> None:
    review = replace(ordinary_review(), findings=(Finding("rule", "high", f"at {text[:20]}"),))
    assert ascii(text[:3])[1:-1].replace("\\\\", "\\") in to_text(review)
