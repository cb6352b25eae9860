"""What parent and child of reading a weight say to each other."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.records.artifact import ExternalFile
from inspector.records.tensor import Weight
from inspector.records.weight_details import Histogram


@dataclass(frozen=True, slots=True)
class WeightRequest:
    """One weight of the artifact at an absolute path (the file system's bytes), with what is known of its external file."""

    path: bytes
    size_bytes: int
    weight: Weight
    external_files: tuple[ExternalFile, ...] = ()


@dataclass(frozen=True, slots=True)
class WeightAnswer:
    """WeightDetails without the weight."""

    minimum: float | None
    maximum: float | None
    mean: float | None
    deviation: float | None
    zero_count: int
    nan_count: int
    infinite_count: int
    histogram: Histogram | None
    preview: tuple[str, ...]
    sha256: str
