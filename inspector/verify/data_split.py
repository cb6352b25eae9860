"""Which samples of a user's file are used for what: seeded, and calibration apart from everything else."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

MOST_CALIBRATION: Final = 128
MOST_EVALUATION: Final = 64
MOST_CONFIRMATION: Final = 64
MOST_LABELLED: Final = 20_000
"""Enough to show a loss below half a percent; each is a run of two models, and a file."""

FEW: Final = 24
"""Below that, every use gets less than eight."""


@dataclass(frozen=True, slots=True)
class SampleSplit:
    """Indices of samples by use, ascending; labelled is all that is not in calibration, or MOST_LABELLED of it."""

    calibration: tuple[int, ...]
    evaluation: tuple[int, ...]
    confirmation: tuple[int, ...]
    labelled: tuple[int, ...]


def split_samples(count: int, seed: int) -> SampleSplit:
    """Return a split of count samples: at most a third to calibrate on, half of the rest for each of the two parities."""
    order = list(range(count))
    random.Random(seed).shuffle(order)  # noqa: S311 - no secret
    calibration = min(MOST_CALIBRATION, count // 3)
    rest = order[calibration:]
    evaluation = min(MOST_EVALUATION, (len(rest) + 1) // 2)
    confirmation = rest[evaluation : evaluation + MOST_CONFIRMATION]
    return SampleSplit(
        tuple(sorted(order[:calibration])),
        tuple(sorted(rest[:evaluation])),
        tuple(sorted(confirmation)),
        tuple(sorted(rest[:MOST_LABELLED])),
    )


def split_notes(split: SampleSplit, count: int, has_labels: bool) -> tuple[str, ...]:
    """Return what has to be said of a split of few samples, or of very many."""
    if has_labels and len(split.calibration) + len(split.labelled) < count:
        return (f"labels: {len(split.labelled):,} of {count:,} samples are used, chosen at random",)
    if count == 1:
        return ("one sample: used for parity only, there is nothing to calibrate on or to confirm with",)
    if count == 2:
        return ("two samples: one for parity, one to confirm with, none to calibrate on",)
    if count < FEW:
        apart = f"{len(split.evaluation)} for parity, {len(split.confirmation)} to confirm with"
        return (f"only {count} samples: {len(split.calibration)} to calibrate on, {apart}",)
    return ()
