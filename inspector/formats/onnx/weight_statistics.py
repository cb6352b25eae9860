"""Statistics of a weight in bounded memory: one pass for moments and extremes, one for the histogram."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inspector.formats.onnx.weight_decoding import COMPLEX, INTEGERS
from inspector.records.weight_details import Histogram

BINS: Final = 32
PREVIEW: Final = 64
_SMALLEST_NORMAL: Final = float(np.finfo(np.float64).smallest_normal)


class Moments:
    """Counts, extremes, mean and spread of values that arrive in pieces.

    Pieces are merged as in Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances" (1979), which does not lose precision as sums of squares do. Complex values are only counted.
    """

    def __init__(self, dtype: str) -> None:
        self._ordered = dtype not in COMPLEX
        self._integer = dtype in INTEGERS
        self.finite_count = 0
        self.zero_count = 0
        self.nan_count = 0
        self.infinite_count = 0
        self.minimum: int | float | None = None
        self.maximum: int | float | None = None
        self._mean = 0.0
        self._squares = 0.0

    def add(self, values: NDArray[Any]) -> None:
        """Take a piece in."""
        self.zero_count += int(values.size - np.count_nonzero(values))
        if not self._integer:
            values = self._finite(values)
        if values.size and self._ordered:
            self._add_finite(values)

    @property
    def mean(self) -> float | None:
        """Mean of the finite values, None if there are none or it overflows."""
        return self._mean if self.finite_count and np.isfinite(self._mean) else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation of the finite values (of all of them, so divided by their number), None as for mean."""
        if not self.finite_count or not np.isfinite(self._squares):
            return None
        return float(np.sqrt(self._squares / self.finite_count))

    def _finite(self, values: NDArray[Any]) -> NDArray[Any]:
        """Count what is not finite and return the rest."""
        finite = np.isfinite(values)
        odd = values.size - int(np.count_nonzero(finite))
        if not odd:
            return values
        nans = int(np.count_nonzero(np.isnan(values)))
        self.nan_count += nans
        self.infinite_count += odd - nans
        kept: NDArray[Any] = values[finite]
        return kept

    def _add_finite(self, values: NDArray[Any]) -> None:
        low, high = values.min().item(), values.max().item()
        self.minimum = low if self.minimum is None else min(self.minimum, low)
        self.maximum = high if self.maximum is None else max(self.maximum, high)
        with np.errstate(over="ignore", invalid="ignore"):
            exact = values.astype(np.float64)
            mean = float(exact.mean())
            exact -= mean
            squares = float(np.dot(exact, exact))
            total = self.finite_count + values.size
            delta = mean - self._mean
            self._squares += squares + delta * delta * self.finite_count * values.size / total
            self._mean += delta * values.size / total
        self.finite_count = total


class BinCounter:
    """Counts finite values in equal bins between two bounds known beforehand."""

    def __init__(self, dtype: str, low: float, high: float) -> None:
        self._integer = dtype in INTEGERS
        self._low, self._high = low, high
        self._bins = BINS if low != high else 1
        if self._integer:
            self._bins = int(min(BINS, int(high) - int(low) + 1))
        self._counts = np.zeros(self._bins, dtype=np.int64)

    def add(self, values: NDArray[Any]) -> None:
        """Take a piece in; what is not finite is left out."""
        exact = values.astype(np.float64)
        if not self._integer:
            exact = exact[np.isfinite(exact)]
        self._counts += np.bincount(self._indices(exact), minlength=self._bins)

    def _indices(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the bin of each value; halves are subtracted, since the span of two finite numbers may overflow."""
        if self._bins == 1:
            return np.zeros(values.size, dtype=np.int64)
        span = self._high * 0.5 - self._low * 0.5 + (0.5 if self._integer else 0.0)
        width = span / self._bins
        if width < _SMALLEST_NORMAL:
            return np.zeros(values.size, dtype=np.int64)
        values *= 0.5
        values -= self._low * 0.5
        values /= width
        return np.clip(values.astype(np.int64), 0, self._bins - 1)

    @property
    def histogram(self) -> Histogram:
        """The counts so far; integers of few distinct values get one bin for each."""
        return Histogram(float(self._low), float(self._high), tuple(self._counts.tolist()))


def preview_texts(dtype: str, values: NDArray[Any]) -> tuple[str, ...]:
    """Return the first values as text: six significant digits, integers in full."""
    first = values[:PREVIEW]
    if dtype == "bool":
        return tuple("true" if value else "false" for value in first)
    if dtype in INTEGERS:
        return tuple(str(int(value)) for value in first)
    if dtype in COMPLEX:
        return tuple(f"{value.real:.6g}{value.imag:+.6g}j" for value in first)
    return tuple(f"{float(value):.6g}" for value in first)
