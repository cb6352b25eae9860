"""Ranges of activations as calibration finds them, in a file: what static quantization takes its scales from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from inspector.errors import OperationFailed

RangeMethod = Literal["minmax", "percentile", "entropy"]

RANGE_METHODS: Final[tuple[RangeMethod, ...]] = ("minmax", "percentile", "entropy")

DEFAULT_ORDER: Final[tuple[RangeMethod, ...]] = ("percentile", "minmax", "entropy")
"""Which method to try first.

SQNR of the worst output in dB, static QDQ of every fusable operator / of products alone, on inputs that calibration did not see
(8 of them, or 64 of the digits; November 2026, onnxruntime 1.32, VNNI):

                       MinMax       Percentile 99.99   Entropy
    digits CNN         40.6 / 37.8  40.4 / 38.0        40.9 / 38.4
    digits transformer 28.9 / 32.2  28.7 / 32.6        18.7 / 18.7
    OCR classifier     12.3 / 13.0  15.4 / 14.0         8.4 /  7.0
    OCR recognizer     13.9 / 19.1  14.2 / 20.4        16.2 /  6.4
    OCR detector        9.3 / 11.1   9.6 /  7.4         1.7 /  3.7
    basic-pitch         6.2 /  5.8   6.2 /  5.9         6.1 /  7.9
    silero-vad 16 kHz   1.7 /  7.9   2.2 /  7.7         3.2 /  8.1

Percentile is best or near it almost everywhere; entropy wins by little and loses by much. What is quantized often matters more.
"""


@dataclass(frozen=True, slots=True)
class TensorRange:
    """The range of one tensor, by its name as the model writes it; dtype is numpy's name of its element type.

    values and odd count its elements over all samples: finite ones, and NaN or infinities. low and high bound finite ones only,
    and mean nothing where problem says why it has no range.
    """

    name: str
    low: float
    high: float
    dtype: str = "float32"
    values: int = 0
    odd: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Ranges:
    """What one method found of every tensor. percentile: the share of values, in percent, kept by that method."""

    method: RangeMethod
    samples: int
    tensors: tuple[TensorRange, ...]
    percentile: float | None = None


def write_ranges(ranges: Ranges, path: Path) -> None:
    """Write the ranges as JSON."""
    import msgspec

    path.write_bytes(msgspec.json.encode(ranges))


def load_ranges(path: Path | str) -> Ranges:
    """Return what write_ranges() wrote; raises OperationFailed where the file does not hold it."""
    import msgspec

    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=Ranges)
    except (OSError, msgspec.MsgspecError) as error:
        raise OperationFailed(f"the ranges of calibration cannot be read: {error}", "calibrate again") from None


def range_problems(path: Path | str) -> dict[str, str]:
    """Return why tensors have no range, by name: no values, or none that are finite numbers."""
    return {one.name: one.problem for one in load_ranges(path).tensors if one.problem}
