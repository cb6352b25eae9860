from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from inspector.records.finding import Finding
from inspector.records.review import Review
from inspector.report.markdown import MOST_FINDINGS, to_markdown
from inspector.report.markdown_text import WORD_JOINER, code, prose, table
from inspector.report.visible import visible
from tests.golden.image_reviews import engine_review, hostile_image_review, image_review
from tests.golden.optimization_reviews import hostile_optimization_review, optimized_review
from tests.golden.reviews import HOSTILE, hostile_review, ordinary_review
from tests.golden.saved_model_reviews import hostile_saved_model_review, served_review

GITHUB = MarkdownIt("gfm-like")
OURS = {"text", "code_inline", "strong_open", "strong_close", "em_open", "em_close", "softbreak"}
FOLD = re.compile(r"</?details>|<summary>[A-Za-z ]+(?: \([0-9,]+(?: files?)?\))?</summary>")
"""The only HTML there is: our own words, and numbers."""

ANY_TEXT = st.text(st.sampled_from("ab |`\\*_[]()<>!&#~@$:/w.-+=\n\x1b'\"{}1") | st.characters(), max_size=40)

REVIEWS = [
    *(ordinary_review(), hostile_review(), served_review(), hostile_saved_model_review()),
    *(image_review(), engine_review(), hostile_image_review()),
    *(optimized_review(), hostile_optimization_review()),
]
REVIEW_NAMES = ["ordinary", "hostile", "served", "hostile_saved_model", "image", "engine", "hostile_image"]
REVIEW_NAMES += ["optimized", "hostile_optimization"]


def inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


def rendered(markdown: str) -> str:
    parts = [token.content for token in inline(GITHUB.parse(markdown))]
    return "".join(parts).replace("\N{WORD JOINER}", "")


@pytest.mark.parametrize("review", REVIEWS, ids=REVIEW_NAMES)
def test_nothing_becomes_a_link_an_image_or_html(review: Review) -> None:
    tokens = GITHUB.parse(to_markdown(review))
    assert {token.type for token in inline(tokens)} <= OURS
    assert not [token for token in tokens if token.type in ("fence", "code_block", "hr")]
    html = [line for token in tokens if token.type == "html_block" for line in token.content.splitlines()]
    assert {FOLD.sub("", line) for line in html} == {""}
    assert sum(line == "<details>" for line in html) == sum(line == "</details>" for line in html) > 0


@pytest.mark.parametrize("review", REVIEWS, ids=REVIEW_NAMES)
def test_every_row_of_a_table_has_as_many_cells_as_its_head(review: Review) -> None:
    cells, heads, rows = 0, 0, 0
    for token in GITHUB.parse(to_markdown(review)):
        if token.type == "thead_open":
            heads = 0
        heads += token.type == "th_open"
        cells = 0 if token.type == "tr_open" else cells + (token.type == "td_open")
        if token.type == "tr_close" and cells:
            rows += 1
            assert cells == heads
    assert rows > 20


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_as_they_are(text: str) -> None:
    review = replace(ordinary_review(), findings=(Finding("rule", "low", text, text),))
    assert rendered(to_markdown(review)).count(visible(text)) == 2


@given(ANY_TEXT)
def test_a_code_span_holds_anything(text: str) -> None:
    tokens = list(inline(GITHUB.parse(f"x {code(text)} y")))
    spans = [token.content for token in tokens if token.type == "code_inline"]
    assert spans == ([visible(text) if visible(text).strip() else repr(text)] if text else [])
    assert {token.type for token in tokens} <= {"text", "code_inline"}


@given(ANY_TEXT)
def test_prose_is_text_and_nothing_else(text: str) -> None:
    tokens = list(inline(GITHUB.parse(f"x {prose(text)} y")))
    assert {token.type for token in tokens} == {"text"}
    shown = "".join(token.content for token in tokens).replace("\N{WORD JOINER}", "")
    assert shown.split() == f"x {visible(text)} y".replace("\N{WORD JOINER}", "").split()


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=3))
def test_cells_stay_apart(rows: list[tuple[str, str]]) -> None:
    lines = table(("a", "b"), [(code(left), prose(right)) for left, right in rows])
    tokens = GITHUB.parse("\n".join(lines))
    assert sum(token.type == "td_open" for token in tokens) == 2 * len(rows)
    spans = [token.content for token in inline(tokens) if token.type == "code_inline"]
    assert spans == [visible(left) if visible(left).strip() else repr(left) for left, _ in rows if left]


def test_mentions_are_broken() -> None:
    assert f"@{WORD_JOINER}team" in prose("ask @team")


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_the_last_line_is_the_verdict(verdict: str) -> None:
    review = replace(ordinary_review(), verdict=verdict)
    assert to_markdown(review).endswith(f"\nverdict: {verdict}\n")


def test_what_is_left_out_is_counted() -> None:
    findings = tuple(Finding("rule", "low", f"message {index}") for index in range(MOST_FINDINGS + 5))
    assert "… and 5 more findings." in to_markdown(replace(ordinary_review(), findings=findings))
