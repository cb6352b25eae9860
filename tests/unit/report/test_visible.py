from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.report.visible import cell_width, shorten, visible, visible_lines, wrap

ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("\x1b]52;c;x\x07", "\\x1b]52;c;x\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\u202eevil", "\\u202eevil"),
        ("\udce9", "\\udce9"),
        ("\U000e0001tag", "\\U000e0001tag"),
        ("層/重み é", "層/重み é"),
    ],
)
def test_what_does_not_print_becomes_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(ANY_TEXT)
def test_everything_visible_prints_and_stays_so(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert visible(shown) == shown
    shown.encode()


@given(ANY_TEXT)
def test_lines_stay_lines(text: str) -> None:
    assert visible_lines(text).split("\n") == [visible(line) for line in text.split("\n")]


@given(ANY_TEXT, st.integers(min_value=0, max_value=30))
def test_shortened_text_fits(text: str, width: int) -> None:
    shown = visible(text)
    assert cell_width(shorten(shown, width)) <= width or width == 0
    if cell_width(shown) <= width:
        assert shorten(shown, width) == shown


def test_shortened_names_keep_both_ends() -> None:
    assert shorten("encoder.layer.11.weight", 11) == "encod…eight"


@given(ANY_TEXT, st.integers(min_value=2, max_value=40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    shown = visible(text)
    lines = wrap(shown, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert [cell_width("abc"), cell_width("重み"), cell_width("e\u0301")] == [3, 4, 1]
