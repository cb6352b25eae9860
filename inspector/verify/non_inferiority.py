"""Whether a changed artifact is shown to lose less than a margin, from outcomes paired by sample; pure statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, log
from statistics import NormalDist, fmean, stdev
from typing import Final, Literal

from inspector.verify.conformance_bounds import BOOTSTRAP_LIMIT, mean_high, proportion_loss_high

Status = Literal["passed", "failed", "underpowered"]

FEWEST_FOR_MEANS: Final = 20
"""Samples below which a bound of a mean is not worth its name: a rare bad sample would most likely not be among them."""
_MOST_SAMPLES: Final = 1 << 40

PROPORTION_METHOD: Final = (
    "paired non-inferiority test: Tango's score bound, with Clopper and Pearson's exact one where no sample was gained"
)


@dataclass(frozen=True, slots=True)
class NonInferiority:
    """What the data say of a loss: shown to be below the margin, not below it, or too few to tell.

    loss and loss_high, its upper one-sided confidence bound, are in the metric's unit, as the margin is. samples_needed is
    about how many samples at the same rates would be enough, None where that makes no sense.
    """

    status: Status
    before: float
    after: float
    loss: float
    loss_high: float
    margin: float
    samples: int
    samples_needed: int | None
    method: str


def compare_proportions(
    before: Sequence[bool], after: Sequence[bool], margin: float, confidence: float, minimum: int = 0
) -> NonInferiority:
    """Hold the share of samples that are right after against that before; entry i of both is the same sample.

    Raises ValueError for no samples or different numbers of them.
    """
    samples = _paired(before, after)
    lost = sum(1 for first, second in zip(before, after, strict=True) if first and not second)
    gained = sum(1 for first, second in zip(before, after, strict=True) if second and not first)
    high = proportion_loss_high(lost, gained, samples, confidence)
    loss = (lost - gained) / samples
    status = _status(loss, high, margin, samples >= minimum)
    needed = None
    if status == "underpowered":
        needed = max(
            minimum, samples + 1 if high >= margin else 0, samples_for_proportions(lost, gained, samples, margin, confidence)
        )
    right = sum(map(bool, before)) / samples, sum(map(bool, after)) / samples
    return NonInferiority(status, *right, loss, high, margin, samples, needed, PROPORTION_METHOD)


def samples_for_proportions(lost: int, gained: int, samples: int, margin: float, confidence: float) -> int:
    """Return how many samples show a loss below the margin if pairs are lost and gained at the rates seen.

    Where none was, as many samples without any loss as bound it exactly: ln(1 - confidence) / ln(1 - margin), the rule of
    three (J. A. Hanley, A. Lippman-Hand, Journal of the American Medical Association 249, 1983, 1743-1745).
    """
    if not lost and not gained and margin < 1:
        return int(log(1 - confidence) / log(1 - margin)) + 1
    rates = lost / samples, gained / samples
    return _fewest(lambda count: proportion_loss_high(rates[0] * count, rates[1] * count, count, confidence) < margin)


def compare_errors(
    before: Sequence[float], after: Sequence[float], share: float, confidence: float, minimum: int = 0
) -> NonInferiority:
    """Hold the mean error of samples after against that before, where the margin is a share of the latter.

    What is bounded is the mean of after - (1 + share) x before, so that the margin's own uncertainty counts. Where the mean
    error before is zero, share is the margin itself, in the unit of the errors. Raises ValueError as compare_proportions().
    """
    samples = _paired(before, after)
    reference = fmean(before)
    factor = 1 + share if reference else 1.0
    margin = share * reference if reference else share
    excess = [second - factor * first for first, second in zip(before, after, strict=True)]
    shift = margin if reference else 0.0
    of = f"{share:.3g} of the original's" if reference else "absolute, since the original's error is 0"
    return _compare_means(
        (reference, fmean(after)), excess, shift, margin, confidence, max(minimum, FEWEST_FOR_MEANS), samples, of
    )


def compare_scores(
    before: Sequence[float], after: Sequence[float], margin: float, confidence: float, minimum: int = 0
) -> NonInferiority:
    """Hold the mean score of samples after against that before, larger being better; the margin is absolute."""
    samples = _paired(before, after)
    lost = [first - second for first, second in zip(before, after, strict=True)]
    means = fmean(before), fmean(after)
    return _compare_means(means, lost, 0.0, margin, confidence, max(minimum, FEWEST_FOR_MEANS), samples, "absolute")


def _compare_means(
    means: tuple[float, float],
    lost: Sequence[float],
    shift: float,
    margin: float,
    confidence: float,
    minimum: int,
    samples: int,
    margin_is: str,
) -> NonInferiority:
    """Bound the mean of what each sample loses, less a shift that the bound is given back."""
    loss = fmean(lost) + shift
    high = mean_high(lost, confidence) + shift if samples > 1 else loss
    status = _status(loss, high, margin, samples >= minimum)
    needed = None
    if status == "underpowered":
        spread = stdev(lost) if samples > 1 else 0.0
        more = (NormalDist().inv_cdf(confidence) * spread / (margin - loss)) ** 2
        needed = max(minimum, samples + 1 if high >= margin else 0, min(ceil(more), _MOST_SAMPLES))
    bound = "the larger of Student's t and BCa bootstrap bounds" if samples <= BOOTSTRAP_LIMIT else "Student's t bound"
    method = f"paired non-inferiority test of means: {bound}; margin {margin_is}"
    return NonInferiority(status, *means, loss, high, margin, samples, needed, method)


def _status(loss: float, high: float, margin: float, enough: bool) -> Status:
    if loss >= margin:
        return "failed"
    return "passed" if high < margin and enough else "underpowered"


def _paired(before: Sequence[object], after: Sequence[object]) -> int:
    if not before or len(before) != len(after):
        raise ValueError(f"{len(before)} samples before, {len(after)} after: pairs are needed")
    return len(before)


def _fewest(is_enough: Callable[[int], bool]) -> int:
    """Return the smallest number that is enough, given that every larger one is, too."""
    high = 1
    while high < _MOST_SAMPLES and not is_enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
