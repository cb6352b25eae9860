"""The statistics of times: tabulated values, and by simulation how often intervals hold and verdicts lie."""

from __future__ import annotations

import random
from statistics import median

import pytest

from inspector.bench.statistics import (
    Interval,
    independent_median,
    median_interval,
    outliers,
    samples_for_percentile,
    sign_test_interval,
    students_quantile,
    verdict,
)


@pytest.mark.parametrize(("share", "expected"), [(0.9, 64), (0.95, 130), (0.99, 662), (0.999, 6636)])
def test_percentiles_need_so_many_samples(share: float, expected: int) -> None:
    assert samples_for_percentile(share) == expected


def test_so_many_samples_do_have_two_above_the_percentile() -> None:
    chance = random.Random(1)
    seen = sum(sum(chance.random() > 0.9 for _ in range(64)) >= 2 for _ in range(2000))
    assert 0.985 < seen / 2000 < 0.996


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_no_percentile_at_the_ends(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        samples_for_percentile(share)


def test_outliers_are_named_by_place() -> None:
    assert outliers([1.0, 1.1, 0.9, 1.05, 9.0, 0.95]) == (4,)
    assert outliers([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 5.0]) == (7,)
    assert outliers([1.0] * 10) == ()
    assert outliers([1.0, 100.0]) == ()


@pytest.mark.parametrize(
    ("count", "low", "high"), [(1, 0, 0), (5, 0, 4), (6, 0, 5), (8, 0, 7), (9, 1, 7), (20, 5, 14), (100, 39, 60)]
)
def test_the_sign_tests_interval_is_the_tabulated_one(count: int, low: int, high: int) -> None:
    found = sign_test_interval(list(map(float, range(count))))
    assert (found.low, found.high) == (low, high)


def test_the_sign_tests_interval_of_many_goes_on_as_that_of_fewer() -> None:
    found = sign_test_interval(list(map(float, range(1001))))
    before = sign_test_interval(list(map(float, range(1000))))
    assert abs(found.low - before.low) <= 1
    assert abs(found.high - before.high) <= 2


def times(chance: random.Random, rounds: int, pairs: int, true: float, session: float) -> list[list[float]]:
    """Return ratios of skewed times, those of a round shifted by what is particular to its sessions."""
    groups = []
    for _ in range(rounds):
        shift = true * chance.lognormvariate(0, session)
        groups.append([shift * chance.lognormvariate(0, 0.1) for _ in range(pairs)])
    return groups


@pytest.mark.parametrize(("rounds", "pairs", "session"), [(1, 25, 0.0), (6, 10, 0.03), (7, 1, 0.0)])
def test_intervals_hold_as_often_as_they_say(rounds: int, pairs: int, session: float) -> None:
    chance = random.Random(2)
    held = 0
    for trial in range(150):
        found = median_interval(times(chance, rounds, pairs, 1.2, session), trial)
        held += found.low <= 1.2 <= found.high
    assert held / 150 > 0.90


def test_the_estimate_is_the_median_of_all_ratios() -> None:
    groups = [[1.0, 1.2], [], [1.4, 1.6, 0.9]]
    found = median_interval(groups)
    assert found.value == median([1.0, 1.2, 1.4, 1.6, 0.9])
    assert found == median_interval(groups)
    assert found.low <= found.value <= found.high


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        median_interval([[], []])
    with pytest.raises(ValueError, match="nothing was measured"):
        independent_median([])


@pytest.mark.parametrize(
    ("freedom", "expected"), [(1, 12.706), (2, 4.303), (3, 3.182), (5, 2.571), (8, 2.306), (29, 2.045), (1000, 1.962)]
)
def test_students_quantiles_are_the_tabulated_ones(freedom: int, expected: float) -> None:
    assert students_quantile(freedom) == pytest.approx(expected, rel=0.002)


def test_an_interval_of_few_sessions_is_wider_than_one_of_as_many_samples() -> None:
    chance = random.Random(5)
    widths = {}
    for rounds, pairs in ((1, 60), (2, 30), (4, 15), (12, 5)):
        found = median_interval(times(chance, rounds, pairs, 1.0, 0.05))
        widths[rounds] = found.high / found.low
    assert widths[2] > widths[4] > widths[12]


def test_neighbors_that_resemble_each_other_widen_the_interval_of_one_session() -> None:
    chance = random.Random(6)
    samples = [10 + (number // 40) % 3 + chance.random() for number in range(400)]
    mixed = list(samples)
    chance.shuffle(mixed)
    found, without = median_interval([samples]), median_interval([mixed])
    assert found.high - found.low > 1.5 * (without.high - without.low)


def test_very_many_samples_are_taken_as_well() -> None:
    chance = random.Random(7)
    samples = [chance.lognormvariate(0, 0.1) for _ in range(30_000)]
    found = median_interval([samples[:10_000], samples[10_000:]], resamples=50)
    assert found.value == median(samples)
    assert found.low < 1 < found.high


def test_the_median_of_single_samples_has_the_sign_tests_interval() -> None:
    assert independent_median([5.0, 1.0, 3.0, 2.0, 4.0, 9.0]) == Interval(3.5, 1.0, 9.0)


def test_equal_things_are_rarely_called_different_and_different_ones_are() -> None:
    chance = random.Random(4)
    claimed = {1.0: 0, 1.3: 0}
    for true in claimed:
        for trial in range(60):
            noise = median_interval(times(chance, 5, 8, 1.0, 0.03), trial)
            found = median_interval(times(chance, 5, 8, true, 0.03), trial)
            claimed[true] += verdict(found, noise) == "slower"
    assert claimed[1.0] <= 1
    assert claimed[1.3] >= 58


@pytest.mark.parametrize(
    ("ratio", "noise", "expected"),
    [
        (Interval(0.5, 0.45, 0.55), Interval(1.0, 0.95, 1.05), "faster"),
        (Interval(2.0, 1.8, 2.2), Interval(1.0, 0.95, 1.05), "slower"),
        (Interval(1.02, 0.99, 1.05), None, "no difference shown"),
        (Interval(1.03, 1.01, 1.04), None, "slower"),
        (Interval(1.03, 1.01, 1.04), Interval(1.0, 0.98, 1.02), "slower"),
        (Interval(1.019, 1.01, 1.04), Interval(1.0, 0.98, 1.02), "no difference shown"),  # not beyond the noise floor
        (Interval(1.03, 1.01, 1.04), Interval(0.985, 0.98, 1.02), "no difference shown"),  # its end no farther than the control
        (Interval(0.97, 0.96, 0.99), Interval(1.0, 0.98, 1.02), "faster"),
        (Interval(0.9, 0.85, 0.95), Interval(1.05, 1.02, 1.09), "no difference shown"),  # the control strayed as far
        (Interval(0.9, 0.85, 0.9), Interval(1.05, 1.02, 1.09), "faster"),
    ],
)
def test_what_may_be_claimed(ratio: Interval, noise: Interval | None, expected: str) -> None:
    assert verdict(ratio, noise) == expected
