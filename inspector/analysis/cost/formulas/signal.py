"""Fourier transforms and determinants.

A transform of n samples counts 5·n·log2(n), the convention of FFT benchmarks (Frigo and Johnson, http://www.fftw.org/speed/method.html).
"""

from __future__ import annotations

from math import ceil, log2
from typing import Final

from inspector.analysis.cost.expression import Factor, Factors
from inspector.analysis.cost.use import UnknownCostError, Use, Work


def discrete_fourier(use: Use) -> Work:
    """DFT along one axis of [batch…, n…, 1 or 2]; the axis is an input since opset 20, an attribute before."""
    shape = use.input(0)
    axes = use.integers(2) if use.has_input(2) else None
    if use.has_input(2) and not axes:
        raise UnknownCostError("axis is not constant")
    axis = axes[0] if axes else use.integer("axis", -2 if use.scope.program.opset >= 20 else 1)
    if not -len(shape) <= axis < len(shape):
        raise UnknownCostError("axis out of range")
    lengths = use.integers(1) if use.has_input(1) else None
    if use.has_input(1) and not lengths:
        raise UnknownCostError("length of the transform is not constant")
    length = lengths[0] if lengths else shape[axis]
    others = [dim for position, dim in enumerate(shape[:-1]) if position != axis % len(shape)]
    return Work(others=((*others, *_transform(length)),))


def short_time_fourier(use: Use) -> Work:
    """STFT: for each frame, the window (one multiplication a sample) and one transform."""
    if use.has_input(2):
        length: Factor = use.input(2)[0]
    else:
        lengths = use.integers(3)
        if not lengths:
            raise UnknownCostError("length of the frames is not constant")
        length = lengths[0]
    batch, frames = use.output()[:2]
    windowing: tuple[Factors, ...] = ((batch, frames, length),) if use.has_input(2) else ()
    return Work(others=((batch, frames, *_transform(length)), *windowing))


def real_fourier(use: Use) -> Work:
    """com.microsoft Rfft and Irfft over the last signal_ndim dimensions, each as one transform."""
    shape = use.input(0)
    dimensions = use.integer("signal_ndim", 1)
    terms = tuple(
        (*shape[:-axis], *shape[len(shape) - axis + 1 :], *_transform(shape[-axis])) for axis in range(1, dimensions + 1)
    )
    return Work(others=terms)


def determinant(use: Use) -> Work:
    """Det: elimination of an n by n matrix, n³ / 3 multiply-accumulates."""
    shape = use.input(0)
    size = shape[-1]
    third = size**3 // 3 if isinstance(size, int) else f"floor(({size})^3/3)"
    return Work(macs=((*shape[:-2], third),))


def _transform(length: Factor) -> Factors:
    if isinstance(length, int):
        return (5, length, ceil(log2(length)) if length > 1 else 1)
    return (5, length, f"ceil(log2({length}))")


FORMULAS: Final = {
    "DFT": discrete_fourier,
    "STFT": short_time_fourier,
    "Det": determinant,
    "com.microsoft:Rfft": real_fourier,
    "com.microsoft:Irfft": real_fourier,
}
