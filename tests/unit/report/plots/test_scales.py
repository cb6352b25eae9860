"""Scales, ticks and text that fits."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inspector.report.plots.axes import byte_unit, tick_text, time_text, time_unit, wrapped
from inspector.report.plots.lettering import clipped, fitted, text_width
from inspector.report.plots.scales import LARGEST, Linear, Logarithmic, WithTail, round_step, round_values, usable
from inspector.report.plots.svg import hatch, number
from tests.unit.report.plots.drawings import HOSTILE, NUMBERS

POSITIVE = st.floats(1e-9, 1e15)


@given(POSITIVE, POSITIVE)
def test_ticks_are_few_round_and_inside(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    found = round_values(low, high, 8)
    assert 1 <= len(found) <= 10
    assert found == sorted(set(found))
    if len(found) > 1:
        assert low - 1e-9 * high <= found[0]
        assert found[-1] <= high * (1 + 1e-9)


@given(st.floats(1e-12, 1e18))
def test_a_step_is_one_two_or_five(least: float) -> None:
    step = round_step(least)
    assert least * 0.999 <= step < least * 5
    lead = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(lead - whole) for whole in (1, 2, 5, 10)) < 1e-6


@given(POSITIVE, st.floats(1.001, 1e9))
def test_ticks_of_a_logarithmic_scale_are_inside_and_ascend(low: float, ratio: float) -> None:
    scale = Logarithmic(low, low * ratio, 0.0, 100.0)
    found = scale.ticks(8)
    assert 1 <= len(found) <= 10
    assert found == sorted(found)
    assert all(-0.1 <= scale(value) <= 100.1 for value in found)


@given(st.lists(POSITIVE, min_size=2, unique=True))
def test_scales_keep_the_order_of_values(values: list[float]) -> None:
    low, high = min(values), max(values)
    assume(high > low * 1.000001)
    scales = [Linear(low, high, 10.0, 90.0), Logarithmic(low, high, 10.0, 90.0)]
    middle = (low + high) / 2
    if low < middle < high:
        scales.append(WithTail(Linear(low, middle, 10.0, 70.0), Logarithmic(middle, high, 70.0, 90.0)))  # type: ignore[arg-type]
    for scale in scales:
        places = [scale(value) for value in sorted(values)]
        assert places == sorted(places)
        assert (round(places[0], 6), round(places[-1], 6)) == (10.0, 90.0)


def test_only_what_can_be_drawn_is_usable() -> None:
    assert [usable(value) for value in NUMBERS] == [None, None, None, None, 0.0, 0.0, 1e-9, 1.0, 1e9, 1e18, LARGEST]
    assert usable(10**400) == LARGEST
    assert usable(None) is None


@pytest.mark.parametrize("value", NUMBERS)
def test_a_coordinate_is_a_plain_number(value: float) -> None:
    assert abs(float(number(value))) <= 100_000
    assert "e" not in number(value)


@given(st.text(max_size=60), st.floats(0, 400))
def test_what_is_fitted_fits(text: str, width: float) -> None:
    shown = fitted(text, width)
    assert text_width(shown) <= max(width, 0)
    assert shown.isprintable()


def test_text_that_has_room_stays_whole() -> None:
    assert fitted("encoder.layer.0", 300) == "encoder.layer.0"
    assert "…" in fitted("encoder.layer.0" * 9, 300)


@pytest.mark.parametrize("text", HOSTILE)
def test_clipped_text_is_one_short_printable_line(text: str) -> None:
    assert clipped(text, 40).isprintable()
    assert len(clipped(text, 40)) <= 40


def test_units_suit_what_is_measured() -> None:
    assert [time_unit(value).sign for value in (0.02, 5.0, 2500.0, 9e6)] == ["µs", "ms", "s", "h"]
    assert [byte_unit(value).sign for value in (10, 2_000, 3e6, 4e9)] == ["B", "KB", "MB", "GB"]
    assert tick_text(1500.0, time_unit(2500.0)) == "1.5"
    assert [time_text(value) for value in (0.0223, 0.412, 41.2, 1250.0)] == ["22.3 µs", "0.412 ms", "41.2 ms", "1.25 s"]


def test_lines_are_wrapped_between_words_and_bounded() -> None:
    lines = wrapped("one two three four five six seven eight nine ten", 100.0, most=3)
    assert len(lines) == 3
    assert all(text_width(line) <= 100 for line in lines)
    assert lines[0].split() == ["one", "two", "three"][: len(lines[0].split())]


@given(st.floats(0.1, 1000), st.floats(0.1, 400))
def test_hatches_stay_inside_and_are_bounded(width: float, height: float) -> None:
    commands = hatch(10.0, 20.0, width, height)
    pairs = [tuple(map(float, pair.split())) for pair in commands.replace("M", "L").split("L") if pair]
    assert len(pairs) <= 802
    assert all(9.9 <= x <= 10.1 + width and 19.9 <= y <= 20.1 + height for x, y in pairs)
