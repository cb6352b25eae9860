"""When a loss is shown to be below the margin, when it is not, and when the data cannot tell."""

from __future__ import annotations

import numpy as np
import pytest

from inspector.verify.non_inferiority import FEWEST_FOR_MEANS, compare_errors, compare_proportions, compare_scores


def outcomes(samples: int, lost: int, gained: int, wrong: int = 0) -> tuple[list[bool], list[bool]]:
    """Return paired outcomes of which so many are lost, gained, or wrong in both."""
    same = samples - lost - gained - wrong
    before = [True] * lost + [False] * gained + [False] * wrong + [True] * same
    after = [False] * lost + [True] * gained + [False] * wrong + [True] * same
    return before, after


def test_many_equal_outcomes_pass() -> None:
    result = compare_proportions(*outcomes(2985, 0, 0, wrong=30), margin=0.005, confidence=0.95)
    assert (result.status, result.loss, result.samples_needed) == ("passed", 0.0, None)
    assert 0 < result.loss_high < 0.0011
    assert result.before == result.after == pytest.approx(2955 / 2985)


def test_no_discordant_pair_among_few_is_underpowered_and_says_how_many() -> None:
    result = compare_proportions(*outcomes(300, 0, 0), margin=0.005, confidence=0.95)
    assert (result.status, result.samples_needed) == ("underpowered", 598)
    assert compare_proportions(*outcomes(597, 0, 0), 0.005, 0.95).status == "underpowered"
    assert compare_proportions(*outcomes(598, 0, 0), 0.005, 0.95).status == "passed"


def test_a_loss_at_or_beyond_the_margin_fails() -> None:
    assert compare_proportions(*outcomes(1000, 5, 0), 0.005, 0.95).status == "failed"
    assert compare_proportions(*outcomes(20000, 300, 100), 0.005, 0.95).status == "failed"
    assert compare_proportions([True] * 10, [False] * 10, 0.005, 0.95).status == "failed"


def test_a_gain_passes() -> None:
    result = compare_proportions(*outcomes(500, 0, 30), 0.005, 0.95)
    assert result.status == "passed"
    assert result.loss == pytest.approx(-0.06)
    assert result.loss_high < 0


@pytest.mark.parametrize(("samples", "lost", "gained"), [(1000, 4, 2), (1000, 10, 9), (600, 1, 0), (100, 0, 1)])
def test_as_many_samples_as_needed_at_the_same_rates_pass(samples: int, lost: int, gained: int) -> None:
    result = compare_proportions(*outcomes(samples, lost, gained), 0.005, 0.95)
    assert result.status == "underpowered"
    assert result.samples_needed is not None
    assert result.samples_needed > samples
    scale = result.samples_needed / samples
    more = outcomes(result.samples_needed + 2, round(lost * scale), round(gained * scale))
    assert compare_proportions(*more, 0.0052, 0.95).status == "passed"


def test_the_minimum_of_samples_is_demanded() -> None:
    result = compare_proportions(*outcomes(2985, 0, 0), 0.005, 0.95, minimum=5000)
    assert (result.status, result.samples_needed) == ("underpowered", 5000)


def test_higher_confidence_needs_more() -> None:
    assert compare_proportions(*outcomes(700, 0, 0), 0.005, 0.95).status == "passed"
    assert compare_proportions(*outcomes(700, 0, 0), 0.005, 0.99).status == "underpowered"


@pytest.mark.parametrize("margin", [0.0, 1.0, 2.0])
def test_senseless_margins_give_an_answer(margin: float) -> None:
    result = compare_proportions(*outcomes(100, 0, 0), margin, 0.95, minimum=200)
    assert result.status == ("failed" if margin == 0 else "underpowered")


def test_nothing_and_unpaired_are_errors() -> None:
    with pytest.raises(ValueError, match="0 samples"):
        compare_proportions([], [], 0.005, 0.95)
    with pytest.raises(ValueError, match="pairs are needed"):
        compare_scores([1.0], [1.0, 2.0], 0.005, 0.95)


def test_a_loss_of_the_margin_passes_in_one_of_twenty() -> None:
    random = np.random.default_rng(3)
    passed = 0
    for _ in range(600):
        lost, gained, _ = random.multinomial(2000, [0.012, 0.002, 0.986])
        passed += compare_proportions(*outcomes(2000, int(lost), int(gained)), 0.01, 0.95).status == "passed"
    assert passed / 600 < 0.05 + 3 * (0.05 * 0.95 / 600) ** 0.5


def test_errors_are_held_against_a_share_of_the_originals() -> None:
    random = np.random.default_rng(0)
    before = random.exponential(size=400)
    same = compare_errors(before.tolist(), (before * 1.001).tolist(), 0.05, 0.95)
    assert same.status == "passed"
    assert same.margin == pytest.approx(0.05 * before.mean())
    assert same.loss == pytest.approx(0.001 * before.mean())
    assert same.loss < same.loss_high < same.margin
    worse = compare_errors(before.tolist(), (before * 1.06).tolist(), 0.05, 0.95)
    assert (worse.status, worse.samples_needed) == ("failed", None)


def test_noisy_errors_are_underpowered_until_there_are_enough() -> None:
    random = np.random.default_rng(1)
    before = np.full(4000, 1.0)
    after = before + random.normal(0, 0.5, 4000)
    few = compare_errors(before[:50].tolist(), (after[:50] - after[:50].mean() + 1).tolist(), 0.05, 0.95)
    assert few.status == "underpowered"
    assert few.samples_needed is not None
    assert 180 < few.samples_needed < 500
    assert compare_errors(before.tolist(), after.tolist(), 0.05, 0.95).status == "passed"


def test_where_the_original_makes_no_error_the_margin_is_absolute() -> None:
    assert compare_errors([0.0] * 50, [0.004] * 50, 0.005, 0.95).status == "passed"
    assert compare_errors([0.0] * 50, [0.006] * 50, 0.005, 0.95).status == "failed"


def test_scores_lose_when_they_fall() -> None:
    before = [0.99] * 60
    assert compare_scores(before, [0.989] * 60, 0.005, 0.95).status == "passed"
    assert compare_scores(before, [0.98] * 60, 0.005, 0.95).status == "failed"
    assert compare_scores(before, [1.0] * 60, 0.005, 0.95).loss == pytest.approx(-0.01)


def test_few_samples_never_show_anything_of_a_mean() -> None:
    result = compare_scores([1.0] * 5, [1.0] * 5, 0.005, 0.95)
    assert (result.status, result.samples_needed) == ("underpowered", FEWEST_FOR_MEANS)
    assert compare_scores([1.0], [1.0], 0.005, 0.95).status == "underpowered"


def test_a_mean_worse_by_the_margin_passes_in_one_of_twenty() -> None:
    random = np.random.default_rng(7)
    passed = 0
    for _ in range(300):
        before = random.exponential(size=60)
        after = before * 1.1 + random.normal(0, 0.1, 60)
        passed += compare_errors(before.tolist(), after.tolist(), 0.1, 0.95).status == "passed"
    assert passed / 300 < 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5
