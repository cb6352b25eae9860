"""Forest plots of ratios."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from inspector.records.measurement import Comparison
from inspector.report.plots.ratios import MOST_ROWS, ratios
from tests.golden.bench_reviews import PAIRED, measured_review
from tests.unit.report.plots.drawings import HOSTILE, NUMBERS, boxes, overlaps, parsed, with_class, words


def position(drawing: str, number: int = 0) -> float:
    """Return the middle of the diamond of a row."""
    diamond = [one for one in with_class(parsed(drawing), "point") if one.tag.endswith("polygon")][number]
    places = [float(pair.split(",")[0]) for pair in str(diamond.get("points")).split()]
    return (min(places) + max(places)) / 2


def test_ratios_are_placed_by_their_logarithms() -> None:
    rows = [replace(PAIRED, ratio=ratio, low=ratio, high=ratio, noise_low=None) for ratio in (0.25, 0.5, 2.0)]
    drawing = ratios(rows)
    quarter, half, twice = (position(drawing, index) for index in range(3))
    assert half - quarter == pytest.approx((twice - half) / 2, abs=0.2)
    line = next(with_class(parsed(drawing), "reference"))
    assert float(str(line.get("x1"))) == pytest.approx((half + twice) / 2, abs=0.2)


def test_noise_and_interval_are_as_wide_as_the_record_says() -> None:
    root = parsed(ratios([replace(PAIRED, ratio=1.0, low=0.9, high=1.1, noise_low=0.81, noise_high=1.21)]))
    noise = boxes(root, "noise")[0]
    whisker = str(next(with_class(root, "interval")).get("d"))
    start, end = float(whisker[1:].split()[0]), float(whisker.split("H")[1].split("M")[0])
    assert (end - start) / noise.width == pytest.approx(math.log(1.1 / 0.9) / math.log(1.21 / 0.81), rel=0.01)


def test_every_row_says_its_ratio_interval_and_verdict() -> None:
    root = parsed(ratios(measured_review().comparisons))
    assert words(root, "value") == ["0.45× (0.43–0.48)", "0.10× (0.09–0.12)", "1.00× (0.98–1.02)"]
    assert words(root, "faster") == ["faster", "faster"]
    assert words(root, "same") == ["no difference shown"]


def test_phases_stand_below_the_start_they_belong_to() -> None:
    assert words(parsed(ratios(measured_review().comparisons)), "label")[:2] == ["cold start, cold cache, cpu", "session"]


def test_every_number_is_seen() -> None:
    plain = ratios([PAIRED])
    for field in ("ratio", "low", "high", "noise_low", "noise_high", "pairs"):
        assert ratios([replace(PAIRED, **{field: getattr(PAIRED, field) * 2})]) != plain, field
    assert ratios([PAIRED]) == plain


@pytest.mark.parametrize("width", [960, 640])
def test_nothing_is_written_over_anything_else(width: int) -> None:
    many = [
        replace(PAIRED, ratio=ratio, low=ratio / 2, high=ratio * 2, verdict=verdict)
        for ratio in (0.01, 1.0, 40.0)
        for verdict in ("slower", "no difference shown")
    ]
    for rows in (measured_review().comparisons, many):
        assert overlaps(parsed(ratios(rows, width))) == []


def test_rows_are_bounded_and_counted() -> None:
    root = parsed(ratios([PAIRED] * 200))
    assert len(words(root, "value")) == MOST_ROWS
    assert "140 further comparisons in the table" in words(root, "muted")


def test_there_is_no_plot_of_nothing() -> None:
    assert ratios([]) == ""
    assert ratios([replace(PAIRED, verdict="not measured")]) == ""
    assert ratios([replace(PAIRED, ratio=float("nan"))]) == ""


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_comparisons_give_a_bounded_drawing(width: int) -> None:
    rows: list[Comparison] = []
    for text in HOSTILE:
        for number in NUMBERS:
            rows.append(
                replace(PAIRED, phase=text, device=text, after_device=text, ratio=number or 1.0, low=number, high=-number)
            )
            rows.append(replace(PAIRED, noise_low=number, noise_high=number, ratio=10**400, verdict=text))  # type: ignore[arg-type]
    for start in range(0, len(rows), MOST_ROWS):
        parsed(ratios(rows[start : start + MOST_ROWS], width))
