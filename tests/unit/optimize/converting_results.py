"""What the process that converts many SavedModels writes down, read by tests that do not import TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from inspector.optimize.freezing.requests import Frozen
from inspector.optimize.onnx_conversion.requests import Conversion

UNSEEN = 3
"""Feeds that outputs are compared on; the one before them is what a conversion may look at."""


@dataclass(frozen=True, slots=True)
class Called:
    """Inputs and outputs of a signature in their order, with the folders of feeds and of outputs by whom they are."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dtypes: Mapping[str, str]
    feeds: str
    given: Mapping[str, str]
    shapes: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one model."""

    called: Mapping[str, Called]
    conversion: Conversion | None = None
    frozen: Frozen | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
