"""How far a changed artifact's outputs are from the original's, and what was demanded of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GateFigure = Literal[
    "cosine",
    "sqnr_db",
    "max_absolute",
    "max_scaled",
    "mean_scaled",
    "top1_agreement",
    "decided_top1_agreement",
    "exact_share",
    "new_nan",
]


@dataclass(frozen=True, slots=True)
class OutputParity:
    """One output compared over all inputs, in float64; figures that make no sense for its element type are None.

    Non-finite elements take part in nan_count, inf_count and nonfinite_mismatches only; where both outputs hold the same
    infinity, or both a NaN, they agree. A reference of 1e30 or more stands for infinity, as in masks that hold the lowest
    float.
    """

    output: str
    dtype: str
    elements: int
    max_absolute: float | None = None
    mean_absolute: float | None = None
    max_relative: float | None = None
    """Largest |difference| / max(|reference|, 1e-6 x largest |reference|)."""
    mean_relative: float | None = None
    max_scaled: float | None = None
    """Largest |difference| over the largest |reference| of that output (its scale)."""
    mean_scaled: float | None = None
    cosine: float | None = None
    """Of the flattened outputs of one input: the lowest of all inputs that give at least 1 % of the largest magnitude."""
    sqnr_db: float | None = None
    """10 log10(sum reference^2 / sum difference^2) over all inputs; None where they are equal."""
    top1_agreement: float | None = None
    """Share of rows whose largest element is the same one; None where the last axis is shorter than two,
    or too long to hold classes."""
    decided_top1_agreement: float | None = None
    """The same of the rows whose largest element exceeds the second by at least 1 % of the scale; noise turns the others."""
    decided_rows: int | None = None
    exact_share: float | None = None
    """Share of equal elements: the figure for integers, booleans and strings."""
    nan_count: int = 0
    inf_count: int = 0
    """Of the changed artifact."""
    reference_nan_count: int = 0
    reference_inf_count: int = 0
    nonfinite_mismatches: int = 0
    """Elements where one is not finite and the other is not the same."""
    scale: float | None = None
    """Largest |reference|."""
    worst_input: int | None = None
    """Index of the input with the largest difference."""
    problem: str = ""
    """Why it could not be compared: another shape, another element type, missing."""


@dataclass(frozen=True, slots=True)
class Parity:
    """All outputs compared over all inputs, and where that was measured."""

    outputs: tuple[OutputParity, ...]
    inputs: int
    source: Literal["synthetic", "data"]
    seed: int | None = None
    device: str = "cpu"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Gate:
    """What a figure of every output must reach: at least, or at most, a threshold."""

    figure: GateFigure
    bound: Literal["at least", "at most"]
    threshold: float
    reason: str = ""
    """Why it is set there."""


@dataclass(frozen=True, slots=True)
class GateCheck:
    """A gate held against the worst output: its figure there, and whether it passed."""

    gate: Gate
    output: str
    observed: float | None
    passed: bool


@dataclass(frozen=True, slots=True)
class ConformanceResult:
    """A metric on labelled data before and after, as a paired non-inferiority test against the contract's margin.

    status: "passed" where the loss is shown to be below the margin at the confidence, "failed" where it is shown not to be
    or the estimate is at or beyond it, "underpowered" where the data cannot tell; samples_needed is then about how many could.
    Figures where larger is better (accuracy, top_k, cosine) lose before - after, mae loses after - before.
    """

    metric: str
    status: Literal["passed", "failed", "underpowered"]
    before: float
    after: float
    loss: float
    loss_high: float
    """Upper one-sided confidence bound of the loss."""
    margin: float
    confidence: float
    samples: int
    samples_needed: int | None = None
    method: str = ""
    output: str = ""
