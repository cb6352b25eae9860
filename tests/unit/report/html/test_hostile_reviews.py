"""Texts that try to become markup, to drive a terminal, or to take all memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.records.finding import Finding
from inspector.records.graph_outline import GraphOutline, OutlineRow
from inspector.records.image_contents import Package
from inspector.records.review import Check, OperatorUse, RepeatedBlock, Review
from inspector.report.html import to_html
from inspector.report.html.page import MOST_BYTES, shortened
from inspector.report.visible import visible
from tests.golden.image_reviews import image_review
from tests.golden.reviews import HOSTILE, ordinary_review
from tests.html_reviews import HOSTILE_REVIEWS, full_review
from tests.unit.report.html.pages import read
from tests.unit.report.html.test_page import ALLOWED


@pytest.mark.parametrize("name", HOSTILE_REVIEWS)
def test_no_text_becomes_markup(name: str) -> None:
    text = to_html(HOSTILE_REVIEWS[name]())
    page = read(text)
    assert {one.name for one in page.walk()} <= ALLOWED | {""}
    assert len(page.all("script")) == len(page.all("style")) == 1
    for one in page.walk():
        assert not [name for name in one.attributes if name.startswith("on") or name in ("style", "src")]
        assert one.attributes.get("href", "#").startswith("#")
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode()


@pytest.mark.parametrize("told", HOSTILE)
def test_a_name_is_shown_as_it_is(told: str) -> None:
    page = read(to_html(replace(ordinary_review(), findings=(Finding("rule", "low", told, told),))))
    section = page.by_id("findings")
    assert section is not None
    (row,) = (row for body in section.all("tbody") for row in body.all("tr"))
    _, _, message, place = (cell.raw_text() for cell in row.all("td"))
    assert message == visible(shortened(told, 1_200))
    assert place == visible(shortened(told, 300))


def huge_model(count: int, name: str) -> Review:
    """Return a review with so many of everything, under names that grow when they are escaped."""
    names = [f"{name}{index}" for index in range(count)]
    ordinary = full_review()
    assert ordinary.graph is not None
    graph = replace(
        ordinary.graph,
        operators=tuple(OperatorUse(one, one, 7, 7, 7) for one in names),
        repeats=tuple(RepeatedBlock(one, 2, 2, (one,)) for one in names),
    )
    return replace(
        ordinary,
        graph=graph,
        outline=GraphOutline(tuple(OutlineRow("node", one, one, one, 1, 1, 5, 5, 5) for one in names[:300])),
        findings=tuple(Finding(one, "high", one, one, one) for one in names),
        checks=tuple(Check(one, "failed", one, one, one) for one in names),
        signatures=ordinary.signatures * count,
        benchmarks=ordinary.benchmarks * (count // 10),
        comparisons=ordinary.comparisons * (count // 10),
        changes=ordinary.changes * (count // 10),
        warnings=tuple(names),
    )


@pytest.mark.parametrize(("count", "name"), [(2_000, '"&<' * 400), (20_000, "a/" * 20)], ids=["long names", "many"])
def test_a_huge_review_is_a_page_of_bounded_length(count: int, name: str) -> None:
    text = to_html(huge_model(count, name))
    assert len(text.encode()) <= MOST_BYTES
    read(text)


def test_what_is_left_out_is_counted() -> None:
    findings = tuple(Finding("rule", "low", f"message {index}", "here") for index in range(1_205))
    page = read(to_html(replace(ordinary_review(), findings=findings)))
    section = page.by_id("findings")
    assert section is not None
    assert section.text().endswith("… and 1,005 more findings; the JSON report has them, as far as the record goes.")
    assert len(section.all("td")) == 200 * 4


def test_counts_of_the_record_are_told_not_those_of_its_lists() -> None:
    review = image_review()
    assert review.image is not None
    image = replace(review.image, packages=(Package("python", "one", "1", 5, 1),), package_count=312)
    page = read(to_html(replace(review, image=image)))
    section = page.by_id("image")
    assert section is not None
    assert "… and 311 more packages" in section.text()


@pytest.mark.parametrize(("text", "most", "short"), [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abc…fg"), ("a" * 9, 1, "…")])
def test_names_keep_both_ends(text: str, most: int, short: str) -> None:
    assert shortened(text, most) == short
