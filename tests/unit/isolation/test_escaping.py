"""What is cleaned can be told back, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.isolation.escaping import LIMIT, cleaned, uncleaned

_ODD = (
    b"a\x1b[31m",
    b"a\\b",
    b"a\\n",
    b"a\nb",
    b"caf\xc3\xa9",
    b"\xff\xfe",
    b"\xe2\x80\xaeexe",
    b"\\x41",
    b"\\\x80",
    b"\\U000e0001",
)


@given(st.binary(max_size=80))
def test_what_was_cleaned_is_told_back(raw: bytes) -> None:
    assert uncleaned(cleaned(raw)) == raw


@pytest.mark.parametrize("raw", _ODD)
def test_odd_names_are_told_back(raw: bytes) -> None:
    assert cleaned(raw).isprintable()
    assert uncleaned(cleaned(raw)) == raw


def test_what_was_clipped_cannot_be_told_back() -> None:
    assert uncleaned(cleaned(b"a" * (LIMIT + 1))) is None


def test_a_name_as_long_as_allowed_is_itself() -> None:
    assert uncleaned("a" * LIMIT) == b"a" * LIMIT


@given(st.text(max_size=40))
def test_any_text_is_bytes_or_nothing(text: str) -> None:
    raw = uncleaned(text)
    assert raw is None or isinstance(raw, bytes)
