"""Cleaned text is safe to show, and distinct texts stay distinct."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.formats.clean_text import LIMIT, TextCleaner, one_line

HARMLESS = ["", "conv1", "/layer1/0/Conv", "[batch, 3]", "größe", "日本語", "a b", "C:\\foo", "x\\", "…", "[/bold]", "∑·²"]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays_itself(text: str) -> None:
    assert TextCleaner().clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (b"\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        (b"a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\x9b31m", "\\u009b31m"),
        (b"\x9b31m", "\\x9b31m"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\ufeffx", "\\ufeffx"),
        ("tag\U000e0041", "tag\\U000e0041"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("\\x1b", "\\\\x1b"),
        ("\\n", "\\\\n"),
        ("line\u2028end", "line\\u2028end"),
        ("\x7f", "\\x7f"),
        ("\x00", "\\x00"),
    ],
)
def test_harmful_characters_become_visible(text: str | bytes, shown: str) -> None:
    assert TextCleaner().clean(text) == shown


def test_a_lone_surrogate_is_shown_as_the_bytes_it_would_be() -> None:
    assert TextCleaner().clean("\ud800") == "\\xed\\xa0\\x80" == TextCleaner().clean(b"\xed\xa0\x80")


def test_overlong_text_is_clipped_and_says_its_true_length() -> None:
    cleaner = TextCleaner()
    long, longer = cleaner.clean("x" * 5_000 + "a"), cleaner.clean("x" * 5_000 + "b")
    assert long.startswith("x" * LIMIT + "…")
    assert "5,001 bytes" in long
    assert long != longer
    assert len(cleaner.overlong) == 2
    assert cleaner.clean("y" * LIMIT) == "y" * LIMIT


def test_a_stand_in_cleans_to_what_the_whole_would() -> None:
    import hashlib

    whole = ("é\x1b" * 20_000).encode()
    cleaner = TextCleaner()
    stand_in = cleaner.clip(whole[:16_384], len(whole), hashlib.sha256(whole).hexdigest())
    assert cleaner.clean(stand_in) == TextCleaner().clean(whole)


def test_what_is_odd_about_names_is_remembered_but_not_of_values() -> None:
    cleaner = TextCleaner()
    for name in (b"fine", b"\xff", b"\x1b[0m", b"two\nlines"):
        cleaner.clean(name)
    assert cleaner.invalid_utf8 == ["\\xff"]
    assert cleaner.harmful == ["\\x1b[0m", "two\\nlines"]
    other = TextCleaner()
    assert other.clean_value(b"\x1b\xff") == "\\x1b\\xff"
    assert other.invalid_utf8 == other.harmful == []


def test_equal_names_give_one_object() -> None:
    cleaner = TextCleaner()
    assert cleaner.clean(b"conv1") is cleaner.clean("conv1")


TROUBLE = st.one_of(st.binary(max_size=12), st.text(max_size=8).map(lambda text: text.encode("utf-8", "surrogatepass")))
PIECES = [b"\\", b"x", b"1b", b"\x1b", b"n", b"\n", b"(", b"u202e", b"a"]
ESCAPE_LIKE = st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join)


@given(st.one_of(TROUBLE, ESCAPE_LIKE), st.one_of(TROUBLE, ESCAPE_LIKE))
def test_distinct_texts_stay_distinct(one: bytes, other: bytes) -> None:
    cleaner = TextCleaner()
    assert (cleaner.clean(one) == cleaner.clean(other)) == (one == other)


@given(TROUBLE)
def test_nothing_harmful_is_left(raw: bytes) -> None:
    cleaned = TextCleaner().clean(raw)
    assert all(unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp") for character in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u200e\u200f\ufeff")
    cleaned.encode()


def test_one_line_for_messages() -> None:
    assert one_line("models/a\x1b\n.onnx") == "models/a\\x1b\\n.onnx"
