"""How sure a percentile is: the interval that holds for any distribution, from the samples themselves."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, inf
from statistics import NormalDist

CONFIDENCE = 0.95


def percentile_interval(samples: Sequence[float], share: float, value: float) -> tuple[float | None, float | None]:
    """Return the ends of an interval of about 95 % around a percentile; None, None where the samples are not all there.

    Its ends are order statistics, by the normal approximation of the binomial distribution (W. J. Conover, Practical
    Nonparametric Statistics, 1999, 3.2); where so many samples would have to be larger that there are none, it has no upper
    end. It is never narrower than the value itself.
    """
    count = len(samples)
    reach = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * (count * share * (1 - share)) ** 0.5
    low, high = floor(count * share - reach), ceil(count * share + reach)
    if low < 1:
        return None, None
    ordered = sorted(samples)
    upper = ordered[high - 1] if high <= count else inf
    return min(ordered[low - 1], value), max(upper, value)
