"""Decoding and statistics against numpy and ml_dtypes on the whole array."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, numpy_helper

from inspector.formats.onnx.weight_decoding import decode, is_decodable
from inspector.formats.onnx.weight_statistics import BINS, BinCounter, Moments, preview_texts
from inspector.records.dtype import BITS

ELEMENT_TYPES = {name: number for number, name in ((n, k.lower()) for k, n in TensorProto.DataType.items())}
ELEMENT_TYPES |= {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}


@pytest.mark.parametrize("dtype", sorted(BITS))
def test_every_fixed_width_type_decodes_as_onnx_does(dtype: str) -> None:
    rng = np.random.default_rng(7)
    count = 48
    stored = rng.integers(0, 2 if dtype == "bool" else 256, BITS[dtype] * count // 8, dtype=np.uint8).tobytes()
    tensor = TensorProto(data_type=ELEMENT_TYPES[dtype], dims=[count], raw_data=stored)
    try:
        expected = numpy_helper.to_array(tensor)
    except (ValueError, KeyError, TypeError):
        if not dtype.startswith("float6"):
            raise
        expected = _six_bit(dtype, stored)
    ours = decode(dtype, stored)
    assert is_decodable(dtype)
    if dtype.startswith("complex"):
        np.testing.assert_array_equal(ours, expected)
    else:
        np.testing.assert_array_equal(ours.astype(np.float64), expected.astype(np.float64))


def _six_bit(dtype: str, stored: bytes) -> np.ndarray:
    whole = int.from_bytes(stored, "little")
    codes = bytes(whole >> (6 * i) & 63 for i in range(len(stored) * 8 // 6))
    kind = ml_dtypes.float6_e2m3fn if dtype == "float6e2m3" else ml_dtypes.float6_e3m2fn
    return np.frombuffer(codes, dtype=kind)


def moments_in_pieces(dtype: str, values: np.ndarray, piece: int) -> Moments:
    moments = Moments(dtype)
    for start in range(0, values.size, piece):
        moments.add(values[start : start + piece])
    return moments


@given(
    st.lists(st.floats(width=32, allow_nan=True, allow_infinity=True), max_size=200),
    st.integers(min_value=1, max_value=64),
)
def test_moments_in_pieces_agree_with_the_whole(values: list[float], piece: int) -> None:
    array = np.array(values, dtype=np.float32)
    moments = moments_in_pieces("float32", array, piece)
    finite = array[np.isfinite(array)].astype(np.float64)
    assert moments.finite_count == finite.size
    assert moments.nan_count == np.isnan(array).sum()
    assert moments.infinite_count == np.isinf(array).sum()
    assert moments.zero_count == (array == 0).sum()
    if finite.size:
        assert (moments.minimum, moments.maximum) == (finite.min(), finite.max())
        assert moments.mean == pytest.approx(finite.mean(), rel=1e-6, abs=1e-6 * np.abs(finite).max())
        assert moments.deviation == pytest.approx(finite.std(), rel=1e-6, abs=1e-6 * np.abs(finite).max())
    else:
        assert moments.mean is moments.deviation is moments.minimum is None


def test_moments_keep_precision_far_from_zero() -> None:
    values = (1e8 + np.random.default_rng(0).standard_normal(100_000)).astype(np.float64)
    moments = moments_in_pieces("float64", values, 1000)
    assert moments.deviation == pytest.approx(values.std(), rel=1e-9)


def test_moments_that_overflow_are_unknown() -> None:
    moments = moments_in_pieces("float64", np.array([1.7e308, -1.7e308]), 2)
    assert moments.deviation is None
    assert moments.maximum == 1.7e308


def bins_of(dtype: str, values: np.ndarray, piece: int = 7) -> BinCounter:
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    counter = BinCounter(dtype, finite.min().item(), finite.max().item())
    for start in range(0, values.size, piece):
        counter.add(values[start : start + piece])
    return counter


def test_histogram_agrees_with_numpy() -> None:
    values = np.random.default_rng(1).standard_normal(10_000).astype(np.float32)
    histogram = bins_of("float32", values).histogram
    expected, edges = np.histogram(values.astype(np.float64), bins=BINS)
    assert (histogram.low, histogram.high) == (edges[0], edges[-1])
    assert np.abs(np.array(histogram.counts) - expected).max() <= 1
    assert sum(histogram.counts) == values.size


def test_histogram_of_few_integers_has_a_bin_for_each() -> None:
    histogram = bins_of("int8", np.array([-1, -1, 0, 2, 2, 2], dtype=np.int8)).histogram
    assert histogram.counts == (2, 1, 0, 3)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_histogram_of_the_widest_integers(dtype: str) -> None:
    bounds = np.iinfo(dtype)
    histogram = bins_of(dtype, np.array([bounds.min, bounds.max], dtype=dtype)).histogram
    assert (histogram.counts[0], histogram.counts[-1], len(histogram.counts)) == (1, 1, BINS)


@pytest.mark.parametrize("values", [[-1.7e308, 1.7e308], [0.0, 5e-324], [-5e-324, 5e-324], [3.0, 3.0], [0.0, -0.0]])
def test_histogram_of_extreme_ranges_counts_everything(values: list[float]) -> None:
    assert sum(bins_of("float64", np.array(values)).histogram.counts) == 2


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=100).filter(
        lambda v: any(map(math.isfinite, v))
    )
)
def test_histogram_counts_every_finite_value(values: list[float]) -> None:
    array = np.array(values)
    assert sum(bins_of("float64", array).histogram.counts) == np.isfinite(array).sum()


def test_preview() -> None:
    assert preview_texts("float32", np.array([0.1, -2, np.nan, np.inf, 1e-9], np.float32)) == (
        "0.1",
        "-2",
        "nan",
        "inf",
        "1e-09",
    )
    assert preview_texts("int64", np.array([2**62, -1])) == (str(2**62), "-1")
    assert preview_texts("bool", np.array([0, 1], np.uint8)) == ("false", "true")
    assert preview_texts("complex64", np.array([1 - 2j], np.complex64)) == ("1-2j",)
    assert len(preview_texts("int8", np.zeros(1000, np.int8))) == 64


def test_odd_counts_of_packed_elements_leave_padding_at_the_end() -> None:
    assert decode("int4", bytes([0x78, 0x03])).tolist() == [-8, 7, 3, 0]
    assert decode("uint2", bytes([0b100011])).tolist() == [3, 0, 2, 0]
    assert decode("int2", bytes([0b100011])).tolist() == [-1, 0, -2, 0]
