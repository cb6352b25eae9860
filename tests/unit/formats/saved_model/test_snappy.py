"""Snappy blocks: what the format allows, and what it does not."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.formats.saved_model.snappy import decompress
from tests.e2e.hostile_saved_models import snappy

MOST = 1 << 20


@given(st.binary(max_size=3000) | st.lists(st.sampled_from([b"abcd", b"layer/kernel", b"\0"]), max_size=300).map(b"".join))
@settings(max_examples=60, deadline=None)
def test_gives_back_what_was_compressed(data: bytes) -> None:
    assert decompress(snappy.compress(data), MOST) == data


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        (bytes([2 << 2]) + b"abc" + bytes([(6 - 4) << 2 | 1, 3]), b"abcabcabc"),
        (bytes([0]) + b"a" + bytes([(9 - 1) << 2 | 2, 1, 0]), b"a" * 10),
        (bytes([1 << 2]) + b"ab" + bytes([(4 - 1) << 2 | 3, 2, 0, 0, 0]), b"ababab"),
        (bytes([60 << 2, 69]) + b"x" * 70, b"x" * 70),
        (bytes([61 << 2, 0, 1]) + b"y" * 257, b"y" * 257),
    ],
)
def test_every_kind_of_element(elements: bytes, expected: bytes) -> None:
    length = len(expected)
    header = bytes([length]) if length < 128 else bytes([length & 127 | 128, length >> 7])
    assert decompress(header + elements, MOST) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x05\x10ab",
        b"\x03\x08ab",
        b"\x02\x08abc",
        b"\x04\x00a\x01\x05",
        b"\x04\x01\x00",
        b"\x02\x00a",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
)
def test_refuses_malformed_blocks(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"compressed block|integer"):
        decompress(data, MOST)


def test_refuses_more_than_asked_for() -> None:
    with pytest.raises(ValueError, match="too large"):
        decompress(snappy.compress(b"a" * 100), 99)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_never_fails_otherwise(data: bytes) -> None:
    with suppress(ValueError):
        assert len(decompress(data, MOST)) <= MOST
