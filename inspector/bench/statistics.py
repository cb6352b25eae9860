"""The statistics of measured times: medians of paired ratios, their intervals, outliers, and what may be claimed."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import comb, exp, log
from statistics import fmean, median
from typing import Final

from inspector.records.measurement import ComparisonVerdict

CONFIDENCE: Final = 0.95
PERCENTILE_CONFIDENCE: Final = 0.99
OUTLIER_SCORE: Final = 3.5
_RESAMPLES: Final = 2_000
_MOST_FOR_EXACT: Final = 1_000
_MAD_TO_DEVIATION: Final = 1.4826
_MEAN_DEVIATION_TO_DEVIATION: Final = 1.2533


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with the interval around it."""

    value: float
    low: float
    high: float


def samples_for_percentile(share: float, confidence: float = PERCENTILE_CONFIDENCE) -> int:
    """Return how many samples it takes until, at the confidence, at least two of them lie above a percentile.

    With fewer, the percentile is read off the single slowest sample. Source: S. S. Wilks, Determination of sample sizes for
    setting tolerance limits, Annals of Mathematical Statistics 12, 1941, 91-96, second order: the smallest n with
    1 - p^n - n (1 - p) p^(n - 1) >= confidence.
    """
    if not 0 < share < 1:
        raise ValueError(f"a percentile lies between 0 and 1, not at {share}")
    high = 2
    while _at_most_one_above(share, high) > 1 - confidence:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _at_most_one_above(share, middle) <= 1 - confidence else (middle, high)
    return high


def _at_most_one_above(share: float, samples: int) -> float:
    return share**samples + samples * (1 - share) * share ** (samples - 1)


def outliers(values: Sequence[float]) -> tuple[int, ...]:
    """Return the places of values that lie far from the median; they are to be told of, never to be dropped.

    Modified z-score above 3.5, from the median absolute deviation, or from the mean one where that is zero (B. Iglewicz,
    D. C. Hoaglin, How to Detect and Handle Outliers, ASQC Quality Press, 1993).
    """
    if len(values) < 3:
        return ()
    center = median(values)
    distances = [abs(value - center) for value in values]
    deviation = _MAD_TO_DEVIATION * median(distances) or _MEAN_DEVIATION_TO_DEVIATION * fmean(distances)
    return tuple(index for index, distance in enumerate(distances) if distance > OUTLIER_SCORE * deviation > 0)


def median_interval(groups: Sequence[Sequence[float]], seed: int = 0) -> Interval:
    """Return the median of samples with an interval of 95 %; a group holds those of the same session, or pair of sessions.

    Percentile bootstrap, groups resampled first and then samples within each, since those of the same sessions share what is
    particular to these (P. Kalibera, R. Jones, Rigorous benchmarking in reasonable time, ISMM 2013); the interval is never
    narrower than the one of the sign test on all samples, which holds for any distribution and for few of them. Raises
    ValueError where there is no sample.
    """
    groups = [group for group in groups if group]
    samples = sorted(sample for group in groups for sample in group)
    if not samples:
        raise ValueError("nothing was measured")
    exact = sign_test_interval(samples)
    medians = sorted(_resampled_medians(groups, seed))
    tail = (1 - CONFIDENCE) / 2
    low = medians[int(tail * len(medians))]
    high = medians[len(medians) - 1 - int(tail * len(medians))]
    return Interval(median(samples), min(low, exact.low), max(high, exact.high))


def _resampled_medians(groups: Sequence[Sequence[float]], seed: int) -> list[float]:
    """Return the medians of so many resamples."""
    chance = random.Random(seed)  # noqa: S311 - resampling, not secrets
    found = []
    for _ in range(_RESAMPLES):
        picked = [chance.choices(group, k=len(group)) for group in chance.choices(groups, k=len(groups))]
        found.append(median([sample for group in picked for sample in group]))
    return found


def sign_test_interval(ordered: Sequence[float]) -> Interval:
    """Return the interval of at least 95 % for the median of sorted values; of five or fewer all it can say is their range.

    Its ends are the k-th smallest and largest value, where k is the largest number for which fewer than k of n fair coins
    show heads with a probability of at most 2.5 % (W. J. Conover, Practical Nonparametric Statistics, 1999, 3.2).
    """
    count = len(ordered)
    if count > _MOST_FOR_EXACT:
        cut = int(count / 2 - 0.98 * count**0.5)
    else:
        sums = list(accumulate(comb(count, k) for k in range(count // 2 + 1)))
        cut = max(0, bisect_right(sums, (1 - CONFIDENCE) / 2 * 2**count) - 1)
    return Interval(median(ordered), ordered[cut], ordered[count - 1 - cut])


def verdict(ratio: Interval, noise: Interval | None) -> ComparisonVerdict:
    """Say which of two is faster, from the ratio after / before and that of the original against itself.

    A difference is claimed only where the interval of the ratio excludes 1 and lies beyond the noise floor: the end of the
    control's interval that is farther from 1, taken in both directions.
    """
    floor = 0.0 if noise is None else max(abs(log(noise.low)), abs(log(noise.high)))
    if ratio.high < exp(-floor):
        return "faster"
    if ratio.low > exp(floor):
        return "slower"
    return "no difference shown"
