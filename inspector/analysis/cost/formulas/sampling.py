"""Resampling: each output element is a weighted sum of 2 (linear) or 4 (cubic) neighbors in every resampled dimension."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.use import UnknownCostError, Use, Work

TAPS: Final = {"linear": 2, "bilinear": 2, "cubic": 4, "bicubic": 4, "nearest": 0}


def resize(use: Use) -> Work:
    """Resize and Upsample: nearest only copies; dimensions whose length stays are not resampled."""
    taps = _taps(use.text("mode", "nearest"))
    if not taps:
        return Work()
    before, after = use.input(0), use.output()
    resampled = sum(ours != theirs for ours, theirs in zip(before, after, strict=False))
    return Work(macs=((taps**resampled, *after),))


def grid_sample(use: Use) -> Work:
    """GridSample: taps in each spatial dimension, and scaling the coordinates (two operations each)."""
    taps = _taps(use.text("mode", "linear"))
    grid = use.input(1)
    dimensions = len(use.input(0)) - 2
    if dimensions < 1:
        raise UnknownCostError("data has no spatial dimensions")
    macs = ((taps**dimensions, *use.output()),) if taps else ()
    return Work(macs=macs, others=((2, *grid),))


def roi_align(use: Use) -> Work:
    """RoiAlign: sampling_ratio² bilinear samples (four taps each) for each output element."""
    ratio = use.integer("sampling_ratio")
    if ratio <= 0:
        raise UnknownCostError("number of samples depends on the data")
    return Work(macs=((4, ratio, ratio, *use.output()),))


def affine_grid(use: Use) -> Work:
    """AffineGrid: each coordinate is a row of theta [N, d, d + 1] times a position."""
    return Work(macs=((*use.output(), use.input(0)[-1]),))


def _taps(mode: str) -> int:
    taps = TAPS.get(mode)
    if taps is None:
        raise UnknownCostError(f"mode {mode} unknown")
    return taps


FORMULAS: Final = {
    "Resize": resize,
    "Upsample": resize,
    "GridSample": grid_sample,
    "RoiAlign": roi_align,
    "AffineGrid": affine_grid,
    "com.microsoft:GridSample": grid_sample,
    "com.microsoft.nchwc:Upsample": resize,
}
