"""What calibration knows of a tensor: extremes and a histogram, merged sample by sample, and ranges made from them.

The entropy method is that of S. Migacz, "8-bit Inference with TensorRT" (GTC 2017), on magnitudes: of all thresholds, the one
whose clipped distribution loses least information when it is told in as many levels as 8 bits leave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.optimize.quantization.ranges import TensorRange

BINS: Final = 8192
"""Of a histogram, from minus the largest magnitude to the largest magnitude."""

_MAGNITUDES: Final = 2048
"""Bins of magnitudes that the entropy method works on, as in the talk."""

_LEVELS: Final = 255
_FEWEST_LEVELS: Final = 128
_STRIDE: Final = 8
"""Bins between two thresholds that the entropy method tries."""

_ABSENT: Final = 1e-9
"""Probability given to what a distribution cannot tell, so that divergences stay finite."""

_CHUNK: Final = 1 << 20


@dataclass(slots=True)
class Extremes:
    """Lowest and highest finite value, with counts of finite and other ones."""

    low: float = np.inf
    high: float = -np.inf
    values: int = 0
    odd: int = 0
    dtype: str = "float32"

    def add(self, array: NDArray[Any]) -> None:
        """Take in one sample of the tensor."""
        self.dtype = array.dtype.name
        if not array.size:
            return
        low, high = array.min(), array.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = array[np.isfinite(array)]
            self.odd += array.size - finite.size
            array = finite
            if not array.size:
                return
            low, high = array.min(), array.max()
        self.values += array.size
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))

    def as_range(self, name: str) -> TensorRange:
        """Return the range from lowest to highest, or why there is none."""
        if self.odd:
            return TensorRange(name, 0.0, 0.0, self.dtype, self.values, self.odd, "its activations hold NaN or infinities")
        if not self.values:
            return TensorRange(name, 0.0, 0.0, self.dtype, 0, 0, "it held no values in calibration")
        return TensorRange(name, self.low, self.high, self.dtype, self.values)


@dataclass(slots=True)
class Histogram:
    """How often values lie in each of BINS bins of equal width, zero in the middle; low and high are those of the tensor."""

    low: float
    high: float
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))

    @property
    def largest(self) -> float:
        """The largest magnitude, where the last bin ends."""
        return max(abs(self.low), abs(self.high))

    def add(self, array: NDArray[Any]) -> None:
        """Count the values of one sample; those that are no finite numbers are left out."""
        if not self.largest:
            self.counts[BINS // 2] += array.size
            return
        flat = array.reshape(-1)
        width = self.largest / (BINS / 2)
        exact = np.float64 if flat.dtype == np.float64 or width < np.finfo(np.float32).tiny else np.float32
        for start in range(0, flat.size, _CHUNK):
            places: NDArray[Any] = flat[start : start + _CHUNK].astype(exact)
            places /= exact(width)
            places += exact(BINS / 2)
            if not np.isfinite(places).all():
                places = places[np.isfinite(places)]
            np.clip(places, 0, BINS - 1, out=places)
            self.counts += np.bincount(places.astype(np.int32), minlength=BINS)

    def edges(self) -> NDArray[np.float64]:
        """Return where bins begin and end: BINS + 1 values."""
        return np.linspace(-1.0, 1.0, BINS + 1) * self.largest

    def magnitudes(self) -> NDArray[np.float64]:
        """Return how often magnitudes lie in each of _MAGNITUDES bins from 0 to the largest."""
        folded = self.counts[BINS // 2 :] + self.counts[: BINS // 2][::-1]
        return np.asarray(folded.reshape(_MAGNITUDES, -1).sum(axis=1), np.float64)


def percentile_range(histogram: Histogram, percentile: float) -> tuple[float, float]:
    """Return bounds between which percentile percent of the values lie, as many being cut at each side, to the bin."""
    total = int(histogram.counts.sum())
    if not total:
        return histogram.low, histogram.high
    share = np.cumsum(histogram.counts) / total
    cut = (100.0 - percentile) / 200.0
    edges = histogram.edges()
    low = edges[int(np.searchsorted(share, cut, side="right"))]
    high = edges[min(int(np.searchsorted(share, 1.0 - cut)) + 1, BINS)]
    return max(float(low), histogram.low), min(float(high), histogram.high)


def entropy_range(histogram: Histogram, stride: int = _STRIDE) -> tuple[float, float]:
    """Return the bounds at which the clipped and quantized distribution of magnitudes diverges least from the true one."""
    counts = histogram.magnitudes()
    counts[0] = counts[1]  # zero is always exact: how often it occurs says nothing of where to clip
    if not counts.any():
        return histogram.low, histogram.high
    ends = range(_MAGNITUDES, _FEWEST_LEVELS - 1, -stride)
    losses = [_divergence(counts, end, _levels(histogram, end)) for end in ends]
    best = ends[int(np.argmin(losses))]
    threshold = histogram.largest * best / _MAGNITUDES
    return max(-threshold, histogram.low), min(threshold, histogram.high)


def _levels(histogram: Histogram, end: int) -> int:
    """Return how many of the 8-bit levels are left for magnitudes when values are clipped there: all for a one-sided tensor,
    half for a symmetric one."""
    threshold = histogram.largest * end / _MAGNITUDES
    span = min(threshold, max(0.0, -histogram.low)) + min(threshold, max(0.0, histogram.high))
    return max(_FEWEST_LEVELS, min(_LEVELS, round(_LEVELS * threshold / span))) if span else _LEVELS


def _divergence(counts: NDArray[np.float64], end: int, levels: int) -> float:
    """Return the Kullback-Leibler divergence of the first bins, told in so many levels, from all of them, clipped."""
    kept = counts[:end]
    clipped = kept.copy()
    clipped[-1] += counts[end:].sum()
    filled = kept > 0
    level = np.arange(end) * min(levels, end) // end
    sums = np.bincount(level, kept)
    told = np.where(filled, (sums / np.maximum(1, np.bincount(level, filled)))[level], 0.0)
    if not told.any():
        return float(np.inf)
    true, told = clipped / clipped.sum(), told / told.sum()
    present = true > 0
    return float(np.sum(true[present] * np.log(true[present] / np.maximum(told[present], _ABSENT))))
