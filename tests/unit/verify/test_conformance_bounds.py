"""Bounds of what paired outcomes lose: published worked examples, and coverage found by enumeration and by simulation."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest

from inspector.verify.conformance_bounds import (
    bca_mean_high,
    clopper_pearson_high,
    mean_high,
    proportion_loss_high,
    student_t,
    tango_high,
)


@pytest.mark.parametrize(
    ("lost", "gained", "samples", "confidence", "low", "high"),
    [
        (0, 1, 44, 0.95, -0.096, 0.037),  # Tango 1998: soft contact lenses, 90 % two-sided
        (1, 7, 21, 0.975, -0.517, -0.026),  # Fagerland, Lydersen, Laake 2014: airway hyper-responsiveness, 95 % two-sided
        (6, 16, 161, 0.975, -0.124, -0.005),  # the same: complete response
    ],
)
def test_tango_as_published(lost: int, gained: int, samples: int, confidence: float, low: float, high: float) -> None:
    assert tango_high(lost, gained, samples, confidence) == pytest.approx(high, abs=6e-4)
    assert -tango_high(gained, lost, samples, confidence) == pytest.approx(low, abs=6e-4)


def test_tango_without_discordant_pairs_has_a_closed_form() -> None:
    z_squared = 1.6448536269514722**2
    assert tango_high(0, 0, 500, 0.95) == pytest.approx(z_squared / (500 + z_squared), rel=1e-9)


def test_clopper_and_pearson_as_published() -> None:
    assert clopper_pearson_high(3, 100, 0.975) == pytest.approx(0.0852, abs=5e-5)
    assert clopper_pearson_high(10, 10, 0.95) == 1.0
    assert clopper_pearson_high(0, 598, 0.95) < 0.005 < clopper_pearson_high(0, 597, 0.95)


@pytest.mark.parametrize(("degrees", "expected"), [(10, 1.8125), (19, 1.7291), (30, 1.6973), (1000, 1.6464)])
def test_quantiles_of_t_as_tabulated(degrees: int, expected: float) -> None:
    assert student_t(0.95, degrees) == pytest.approx(expected, abs=1e-4)


def outcomes(samples: int, lost: float, gained: float) -> Iterator[tuple[int, int, float]]:
    """Yield every outcome that is likelier than 1e-9 with its probability, in a trinomial of these rates."""
    for b in range(40):
        for c in range(40):
            rest = samples - b - c
            logs = math.lgamma(samples + 1) - math.lgamma(b + 1) - math.lgamma(c + 1) - math.lgamma(rest + 1)
            logs += b * math.log(lost) + c * (math.log(gained) if gained else (-math.inf if c else 0.0)) if c or b else 0.0
            probability = math.exp(logs + rest * math.log1p(-lost - gained)) if logs > -math.inf else 0.0
            if probability > 1e-9:
                yield b, c, probability


@pytest.mark.parametrize("samples", [540, 900, 1797])
@pytest.mark.parametrize("gained", [1e-9, 0.0005, 0.002])
def test_a_loss_of_the_margin_seldom_passes(samples: int, gained: float) -> None:
    """Where Tango alone errs in 6.7 % of cases (540, nothing gained), and where there is something gained."""
    margin = 0.005
    cases = list(outcomes(samples, margin + gained, gained))
    assert sum(p for _, _, p in cases) > 0.9999
    wrong = sum(p for b, c, p in cases if proportion_loss_high(b, c, samples, 0.95) < margin)
    assert wrong < 0.0525


def test_an_equal_artifact_mostly_passes() -> None:
    cases = outcomes(2985, 0.001, 0.001)
    assert sum(p for b, c, p in cases if proportion_loss_high(b, c, 2985, 0.95) < 0.005) > 0.95


@pytest.mark.parametrize("draw", ["normal", "exponential", "mostly zero"])
def test_bounds_of_means_hold_as_often_as_they_say(draw: str) -> None:
    random = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        sample = random.normal(size=40)
        true = 0.0
        if draw == "exponential":
            sample, true = random.exponential(size=40), 1.0
        if draw == "mostly zero":
            sample, true = np.where(random.random(40) < 0.3, random.exponential(size=40), 0.0), 0.3
        held += mean_high(sample.tolist(), 0.95, 1) > true
    assert held / 300 >= {"normal": 0.93, "exponential": 0.90, "mostly zero": 0.88}[draw]
    assert held / 300 <= 0.99


def test_bca_sees_what_t_does_not() -> None:
    skewed = [0.0] * 30 + [0.1, 0.2, 4.0]
    symmetric = [-1.0, -0.5, 0.0, 0.5, 1.0] * 8
    t_bound = np.mean(skewed) + student_t(0.95, 32) * np.std(skewed, ddof=1) / math.sqrt(33)
    assert bca_mean_high(skewed, 0.95) > t_bound
    assert bca_mean_high(symmetric, 0.95) == pytest.approx(mean_high(symmetric, 0.95), abs=0.02)


def test_equal_values_have_no_spread() -> None:
    assert mean_high([0.25] * 20, 0.95) == 0.25
