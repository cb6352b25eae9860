"""Powers of a tensor and of what differs from it, summed over samples."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_CHUNK: Final = 1 << 20
_LOWEST_DB: Final = -200.0
"""What stands for a result that is no number where there should be one."""


@dataclass(slots=True)
class Sums:
    """Power of a reference and of what differs from it, over all samples."""

    signal: float = 0.0
    noise: float = 0.0
    count: int = 0

    def add(self, reference: NDArray[Any], other: NDArray[Any]) -> None:
        """Take in one sample; where the reference is no finite number nothing can be said, and nothing is added."""
        if reference.shape != other.shape:
            self.noise = inf
            return
        flat, seen = reference.reshape(-1), other.reshape(-1)
        for start in range(0, flat.size, _CHUNK):
            part = flat[start : start + _CHUNK].astype(np.float64)
            difference = part - seen[start : start + _CHUNK]
            finite = np.isfinite(part)
            if not finite.all():
                part, difference = part[finite], difference[finite]
            self.count += part.size
            self.signal += float(part @ part)
            self.noise += float(difference @ difference) if np.isfinite(difference).all() else inf

    @property
    def decibels(self) -> float | None:
        """10 log10(signal / noise); inf where nothing differs, None where nothing was compared."""
        if not self.count and not self.noise:
            return None
        if not self.noise:
            return inf
        ratio = self.signal / self.noise
        return max(_LOWEST_DB, 10 * log10(ratio)) if ratio > 0 else _LOWEST_DB
