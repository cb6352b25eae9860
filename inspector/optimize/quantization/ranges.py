"""Ranges of activations as calibration finds them, in a file: what static quantization takes its scales from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from inspector.errors import OperationFailed

RangeMethod = Literal["minmax", "percentile", "entropy"]

RANGE_METHODS: Final[tuple[RangeMethod, ...]] = ("minmax", "percentile", "entropy")


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
