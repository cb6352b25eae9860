"""The statistics of measured times: medians of paired ratios, their intervals, outliers, and what may be claimed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from math import comb, exp, log
from statistics import NormalDist, fmean, median, stdev
from typing import Final

from inspector.records.measurement import ComparisonVerdict

CONFIDENCE: Final = 0.95
PERCENTILE_CONFIDENCE: Final = 0.99
OUTLIER_SCORE: Final = 3.5
RESAMPLES: Final = 2_000
_MOST_RESAMPLED: Final = 4_000
"""Samples, evenly spread over all, that resamples are drawn from."""
_CELLS: Final = 1 << 20
"""Counts that are held at once while resampling."""
_BATCHES: Final = 10
_FEWEST_FOR_BATCHES: Final = 4 * _BATCHES
_FEWEST_FOR_BOOTSTRAP: Final = 6
"""Groups below which a bootstrap of them is too narrow whatever its tails: the median of so few takes too few values."""
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


def median_interval(groups: Sequence[Sequence[float]], seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """Return the median of samples with an interval of 95 %; a group holds those of one session, in their order.

    Percentile bootstrap, groups resampled first and then samples within each, since those of the same session share what is
    particular to it (P. Kalibera, R. Jones, Rigorous benchmarking in reasonable time, ISMM 2013); the percentiles are expanded
    for the few groups there are (T. C. Hesterberg, What teachers should know about the bootstrap, The American Statistician
    69, 2015, 371-386: the expanded percentile interval). It is never narrower than the interval of the sign test on all
    samples, which holds for any distribution, nor, of two to five groups of positive samples, than Student's interval of
    their median logarithms: medians of so few take too few values. One group of many is cut into batches of consecutive
    samples, which take the place of sessions, since neighbors resemble each other (R. W. Conway, Some tactical problems in
    digital simulation, Management Science 10, 1963, 47-61). Raises ValueError where there is no sample.
    """
    groups = [group for group in groups if group]
    samples = sorted(sample for group in groups for sample in group)
    if not samples:
        raise ValueError("nothing was measured")
    if len(groups) == 1 and len(samples) >= _FEWEST_FOR_BATCHES:
        groups = _batches(groups[0])
    found = [sign_test_interval(samples), _bootstrap_interval(groups, seed, resamples)]
    if 1 < len(groups) < min(_FEWEST_FOR_BOOTSTRAP, len(samples)) and samples[0] > 0:
        found.append(_students_interval(groups))
    return Interval(median(samples), min(one.low for one in found), max(one.high for one in found))


def independent_median(samples: Sequence[float]) -> Interval:
    """Return the median of samples of which none shares a session with another, with the interval of the sign test.

    Raises ValueError where there is no sample.
    """
    if not samples:
        raise ValueError("nothing was measured")
    return sign_test_interval(sorted(samples))


def _batches(samples: Sequence[float]) -> list[Sequence[float]]:
    """Return so many runs of consecutive samples, of sizes that differ by one at most."""
    ends = [len(samples) * place // _BATCHES for place in range(_BATCHES + 1)]
    return [samples[low:high] for low, high in pairwise(ends)]


def _bootstrap_interval(groups: Sequence[Sequence[float]], seed: int, resamples: int) -> Interval:
    """Return the expanded percentile interval; of very many samples some, evenly spread, are enough to make it from."""
    every = -(-sum(map(len, groups)) // _MOST_RESAMPLED)
    groups = [group[:: min(every, len(group))] for group in groups]
    medians = _resampled_medians(groups, seed, resamples)
    count = len(groups) if len(groups) > 1 else len(groups[0])
    tail = int(_expanded_tail(count) * resamples)
    return Interval(medians[resamples // 2], medians[tail], medians[resamples - 1 - tail])


def _resampled_medians(groups: Sequence[Sequence[float]], seed: int, resamples: int) -> list[float]:
    """Return the sorted medians of so many resamples: how often each sample is drawn is counted, none is copied."""
    import numpy as np

    chance = np.random.default_rng(seed)
    values = np.concatenate([np.asarray(group, np.float64) for group in groups])
    order = np.argsort(values, kind="stable")
    ends = np.cumsum([len(group) for group in groups])
    ordered = values[order]
    medians = []
    for begin in range(0, resamples, step := max(1, _CELLS // len(values))):
        rows = min(step, resamples - begin)
        drawn = np.empty((rows, len(values)), np.int64)
        times = chance.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), rows)
        for place, end in enumerate(ends):
            size = len(groups[place])
            drawn[:, end - size : end] = chance.multinomial(times[:, place] * size, np.full(size, 1 / size))
        sums = np.cumsum(drawn[:, order], axis=1)
        total = sums[:, -1:]
        middle = [ordered[(sums >= (total + more) // 2).argmax(axis=1)] for more in (1, 2)]
        medians.append((middle[0] + middle[1]) / 2)
    return np.sort(np.concatenate(medians)).tolist()  # type: ignore[no-any-return]


def _expanded_tail(count: int) -> float:
    """Return the share of resamples to leave out at each end, less than 2.5 % by as much as so few groups call for."""
    if count < 2:
        return 0.0
    return NormalDist().cdf(-((count / (count - 1)) ** 0.5) * students_quantile(count - 1))


def _students_interval(groups: Sequence[Sequence[float]]) -> Interval:
    """Return Student's interval of the groups' median logarithms."""
    centers = [log(median(group)) for group in groups]
    middle = fmean(centers)
    reach = students_quantile(len(centers) - 1) * stdev(centers) / len(centers) ** 0.5
    return Interval(exp(middle), exp(middle - reach), exp(middle + reach))


def students_quantile(freedom: int) -> float:
    """Return the quantile of Student's distribution that leaves 2.5 % above it, right to 0.2 % from three degrees of freedom.

    Source: M. Abramowitz, I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.7.5; one and two are tabulated there.
    """
    if freedom <= 2:
        return 12.706 if freedom == 1 else 4.303
    x = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    terms = (
        (x**3 + x) / 4,
        (5 * x**5 + 16 * x**3 + 3 * x) / 96,
        (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384,
        (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160,
    )
    return float(x + sum(term / freedom**power for power, term in enumerate(terms, 1)))


def sign_test_interval(ordered: Sequence[float]) -> Interval:
    """Return the interval of at least 95 % for the median of sorted values; of five or fewer all it can say is their range.

    Its ends are the k-th smallest and largest value, where k is the largest number for which fewer than k of n fair coins
    show heads with a probability of at most 2.5 % (W. J. Conover, Practical Nonparametric Statistics, 1999, 3.2).
    """
    cut = _sign_test_cut(len(ordered))
    return Interval(median(ordered), ordered[cut], ordered[len(ordered) - 1 - cut])


@lru_cache(maxsize=4096)
def _sign_test_cut(count: int) -> int:
    """Return how many values lie outside of the interval at each end."""
    if count > _MOST_FOR_EXACT:
        return int(count / 2 - 0.98 * count**0.5)
    sums = list(accumulate(comb(count, k) for k in range(count // 2 + 1)))
    return max(0, bisect_right(sums, (1 - CONFIDENCE) / 2 * 2**count) - 1)


def verdict(ratio: Interval, noise: Interval | None) -> ComparisonVerdict:
    """Say which of two is faster, from the ratio after / before and that of the original against itself.

    The noise floor is the end of the control's interval that is farther from 1, in both directions. A difference is claimed
    only where the ratio lies beyond it, and where its interval excludes 1 and all that lies as near to 1 as the control's own
    ratio. Where the control's interval excludes 1, so that something else than chance tells the original from itself, the
    whole interval has to lie beyond the noise floor.
    """
    floor, strayed = 0.0, 0.0
    if noise is not None:
        floor = max(abs(log(noise.low)), abs(log(noise.high)))
        strayed = abs(log(noise.value)) if noise.low <= 1 <= noise.high else floor
    if ratio.value < exp(-floor) and ratio.high < exp(-strayed):
        return "faster"
    if ratio.value > exp(floor) and ratio.low > exp(strayed):
        return "slower"
    return "no difference shown"
