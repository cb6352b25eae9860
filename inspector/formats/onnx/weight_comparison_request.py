"""What is asked and answered about the values of many weights, of one artifact or of two."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.artifact import ExternalFile
from inspector.records.tensor import Weight


@dataclass(frozen=True, slots=True)
class StoredValues:
    """Weights of the artifact at an absolute path (the file system's bytes), with what is known of its external files."""

    path: bytes
    size_bytes: int
    weights: tuple[Weight, ...]
    external_files: tuple[ExternalFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Digests:
    """Digest of each weight's dense values, empty where they cannot be read, with the first reason why not."""

    digests: tuple[str, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PairRequest:
    """Weights of two artifacts, one beside the other."""

    before: StoredValues
    after: StoredValues


@dataclass(frozen=True, slots=True)
class WeightDifference:
    """How far the values of one weight are from those of another of the same shape.

    Figures are computed in float64 over elements that are finite on both sides: largest and mean |after - before|, the
    largest of it over max(|before|, 1e-6 x largest |before|), and 10 log10(sum before^2 / sum difference^2) in dB.
    """

    elements: int
    changed: int
    max_absolute: float | None = None
    mean_absolute: float | None = None
    max_relative: float | None = None
    sqnr_db: float | None = None
    nonfinite_mismatches: int = 0
    """Elements where one is not finite and the other is not the same."""
    problem: str = ""
    """Why the values could not be compared."""


@dataclass(frozen=True, slots=True)
class PairAnswer:
    """One difference for each pair."""

    differences: tuple[WeightDifference, ...]
