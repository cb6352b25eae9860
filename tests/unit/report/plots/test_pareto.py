"""Candidates by size and parity, and the front among them."""

from __future__ import annotations

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.records.measurement import Comparison
from inspector.records.optimization import Attempt, Change, ModelFacts
from inspector.report.plots.pareto import MOST_POINTS, front, pareto, points_of
from tests.golden.optimization_reviews import optimized_review
from tests.unit.report.plots.drawings import HOSTILE, NUMBERS, WHOLE, overlaps, parsed, with_class, words

BEFORE = ModelFacts(1000, 5, 0)
LATENCY = Comparison("latency", 10.0, 6.0, 0.6, 0.55, 0.65, "faster", 30)

PLACES = st.tuples(st.integers(1, 20).map(float), st.one_of(st.integers(-5, 20).map(float), st.just(math.inf)))


def step(*attempts: Attempt, **more: object) -> Change:
    made = Change("int8", "accepted", "accepted", "", BEFORE, replace(BEFORE, size_bytes=250), attempts=attempts)
    return replace(made, **more)  # type: ignore[arg-type]


def attempt(size: int, sqnr: float | None, outcome: str = "passed", name: str = "static") -> Attempt:
    return Attempt(name, outcome, "", size, 5, sqnr, 1.0)  # type: ignore[arg-type]


@given(st.lists(PLACES, max_size=30))
def test_the_front_is_what_brute_force_finds(points: list[tuple[float, float]]) -> None:
    beaten = {
        one
        for one in points
        for other in points
        if other[0] <= one[0] and other[1] >= one[1] and other != one
    }  # fmt: skip
    assert {points[index] for index in front(points)} == set(points) - beaten
    found = [points[index] for index in front(points)]
    assert found == sorted(found)


def test_what_takes_no_part_is_on_no_front() -> None:
    assert front([None, (5.0, 3.0), None]) == [1]
    assert front([]) == []


def test_size_goes_right_and_parity_goes_up() -> None:
    root = parsed(pareto([step(attempt(250, 20.0), attempt(500, 40.0), attempt(750, 60.0))]))
    placed = [one for one in with_class(root, "point", "passed") if one.get("r") == "4.5" and float(str(one.get("cy"))) > 40]
    across, down = ([float(str(one.get(key))) for one in placed] for key in ("cx", "cy"))
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)
    assert down[0] - down[1] == pytest.approx(down[1] - down[2], abs=0.2)
    assert across == sorted(across)
    assert down == sorted(down, reverse=True)


def test_no_difference_at_all_is_above_every_other_parity() -> None:
    points = list(points_of([step(attempt(500, None, name="equal"), attempt(250, 300.0))]))
    found = {point.name: point.sqnr for point in points}
    assert found == {
        "original": math.inf,
        "int8: equal": math.inf,
        "int8: static": 300.0,
    }


def test_candidates_without_figures_are_counted_in_words() -> None:
    failed = Attempt("dynamic", "failed", "it crashed")
    root = parsed(pareto([step(attempt(250, 20.0, "chosen"), failed)]))
    assert any(word.startswith("1 candidate without these figures") for word in words(root, "muted"))


def test_outcomes_have_markers_of_their_own() -> None:
    outcomes = ("chosen", "passed", "rejected", "failed")
    attempts = [attempt(100 * index + 100, 10.0 * index, outcome) for index, outcome in enumerate(outcomes)]
    root = parsed(pareto([step(*attempts)]))
    kinds = {outcome: {one.tag.rpartition("}")[2] for one in with_class(root, "point", outcome)} for outcome in outcomes}
    assert kinds == {"chosen": {"circle"}, "passed": {"circle"}, "rejected": {"path"}, "failed": {"path"}}


def test_the_chosen_one_is_filled_by_its_latency() -> None:
    for ratio, number in ((0.6, 0), (0.9, 1), (1.0, 2), (1.1, 3), (2.0, 4)):
        timed = step(attempt(250, 20.0, "chosen"), comparisons=(replace(LATENCY, ratio=ratio),))
        assert len(list(with_class(parsed(pareto([timed])), "chosen", f"timed-{number}"))) == 2, "itself and in the legend"


def test_a_step_without_attempts_is_a_point_itself() -> None:
    names = [point.name for point in points_of(optimized_review().changes)]
    assert names[0] == "original"
    assert "int8-dynamic" in names


def test_every_figure_is_seen() -> None:
    plain = pareto([step(attempt(250, 20.0, "chosen"))])
    assert pareto([step(attempt(251, 20.0, "chosen"))]) != plain
    assert pareto([step(attempt(250, 20.5, "chosen"))]) != plain
    assert pareto([step(attempt(250, 20.0, "passed"))]) != plain
    assert pareto([step(attempt(250, 20.0, "chosen"))]) == plain


@pytest.mark.parametrize("width", [960, 640])
@pytest.mark.parametrize("seed", range(4))
def test_labels_cover_neither_each_other_nor_anything_written(seed: int, width: int) -> None:
    draw = Random(seed)
    crowd = [
        attempt(draw.randrange(240, 300), draw.uniform(10, 40), draw.choice(["passed", "rejected"]), f"static, recipe {index}")
        for index in range(40)
    ]
    assert overlaps(parsed(pareto([step(*crowd)], width))) == []


def test_there_is_no_plot_of_nothing() -> None:
    assert pareto([]) == ""
    assert pareto([step(after=None, attempts=())]) == ""


@pytest.mark.parametrize("width", [960, 640])
def test_hostile_candidates_give_a_bounded_drawing(width: int) -> None:
    attempts = [
        attempt(size, number, outcome, text)
        for text in HOSTILE
        for size in WHOLE
        for number in NUMBERS
        for outcome in ("chosen", "rejected", '"><x')
    ]
    assert len(attempts) > MOST_POINTS
    for ratio in NUMBERS:
        drawing = pareto([step(*attempts, optimizer=HOSTILE[0], comparisons=(replace(LATENCY, ratio=ratio),))], width)
        parsed(drawing)
