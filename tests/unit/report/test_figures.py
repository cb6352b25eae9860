from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.records.tensor import Shape, TensorSpec
from inspector.report.figures import (
    bar_text,
    bindings_text,
    bytes_text,
    count_text,
    flops_text,
    plural,
    shape_text,
    share_text,
    tensor_text,
    whole_text,
)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 KB"),
        (147_456, "147.5 KB"),
        (102_500_000, "102.5 MB"),
        (999_949, "999.9 KB"),
        (999_950, "1.0 MB"),
        (-1500, "-1.5 KB"),
        (2**63, "9.2 EB"),
        (10**27, "1.0e27 B"),
        (2**70, "1.2 ZB"),
    ],
)
def test_bytes_are_si_with_one_decimal(size: int | None, text: str) -> None:
    assert bytes_text(size) == text


@pytest.mark.parametrize(("count", "text"), [(None, "?"), (0, "0"), (999, "999"), (9408, "9.4 K"), (25_557_032, "25.6 M")])
def test_large_counts_are_si(count: int | None, text: str) -> None:
    assert count_text(count) == flops_text(count) == text


@given(st.integers(min_value=1000, max_value=10**26))
def test_a_scaled_count_is_within_half_of_its_last_digit(count: int) -> None:
    number, prefix = count_text(count).split()
    unit = 1000 ** " KMGTPEZY".index(prefix)
    assert abs(round(float(number) * 10) * unit - count * 10) * 2 <= unit
    assert 1 <= float(number) < 1000


@given(st.integers(min_value=0, max_value=2**5000))
def test_no_integer_is_too_large_to_be_written(count: int) -> None:
    assert len(bytes_text(count)) < 16
    assert len(whole_text(count)) < 60
    assert plural(count, "node").endswith("node" if count == 1 else "nodes")


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1e-12, "<1 %"),
        (0.0149, "1 %"),
        (0.97, "97 %"),
        (0.9949, "99 %"),
        (0.996, "99.6 %"),
        (0.9999, ">99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_whole_only_where_it_is_exact(share: float, text: str) -> None:
    assert share_text(share) == text


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_a_part_is_never_written_as_nothing_or_everything(share: float) -> None:
    assert share_text(share) not in ("0 %", "100 %")


@pytest.mark.parametrize(
    ("shape", "text"),
    [(("batch", 3, 224, 224), "[batch,3,224,224]"), ((None, 2), "[?,2]"), ((), "[]"), (None, "[…]")],
)
def test_shapes(shape: Shape | None, text: str) -> None:
    assert shape_text(shape) == text
    assert tensor_text(TensorSpec("x", "float32", shape)) == f"float32{text}"


def test_words_agree_with_their_number() -> None:
    assert [plural(1, "node"), plural(1204, "node"), plural(2, "copy", "copies")] == ["1 node", "1,204 nodes", "2 copies"]


def test_bindings() -> None:
    assert bindings_text({"batch": 1, "sequence": 128}) == "batch=1, sequence=128"


@given(st.floats(allow_nan=False), st.integers(min_value=1, max_value=40))
def test_a_bar_fits_its_width_and_shows_what_is_there(share: float, width: int) -> None:
    bar = bar_text(share, width)
    assert len(bar) <= width
    assert bool(bar) == (share > 0)
    assert len(bar_text(1.0, width)) == width
