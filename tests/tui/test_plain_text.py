"""Nothing an artifact says can steer the terminal or be read as markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from inspector.tui.plain_text import clean, fit, plain, shorten
from tests.tui.inspections import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_plain_keeps_brackets_and_parses_nothing(text: str) -> None:
    content = plain(text, "$ink")
    assert content.plain == clean(text)
    assert all(span.style == "$ink" for span in content.spans)


@given(st.text())
def test_clean_text_holds_no_control_format_or_surrogate_character(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or 0xD800 <= ord(c) < 0xE000 for c in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\ufeff")


@given(st.text(), st.integers(0, 40))
def test_fit_gives_exactly_the_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


@given(st.text(), st.integers(1, 40))
def test_shorten_gives_at_most_the_width(text: str, width: int) -> None:
    assert cell_len(shorten(text, width)) <= width


def test_shorten_keeps_both_ends() -> None:
    assert shorten("/encoder/layer.0/attention/query/MatMul", 21) == "/encoder/l…ery/MatMul"
