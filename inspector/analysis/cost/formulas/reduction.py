"""Pooling, reductions and scans: additions over what is reduced. Maxima and minima only compare, and count none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.analysis.cost.expression import Factors
from inspector.analysis.cost.use import Use, Work


def window(per_position: int) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each position of the kernel at each output element (AveragePool: 1)."""

    def work(use: Use) -> Work:
        return Work(others=((per_position, *use.output(), *(use.ints("kernel_shape") or ())),))

    return work


def reduction(per_input: int, per_output: int = 0) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each element reduced, and for each result."""

    def work(use: Use) -> Work:
        terms: tuple[Factors, ...] = ((per_input, *use.input(0)),)
        return Work(others=(*terms, (per_output, *use.output())) if per_output else terms)

    return work


FORMULAS: Final = {
    "AveragePool": window(1),
    "LpPool": window(2),
    "GlobalAveragePool": reduction(1, 1),
    "GlobalLpPool": reduction(2, 1),
    "ReduceSum": reduction(1),
    "ReduceMean": reduction(1, 1),
    "ReduceProd": reduction(1),
    "ReduceL1": reduction(2),
    "ReduceL2": reduction(2, 1),
    "ReduceLogSum": reduction(1, 1),
    "ReduceLogSumExp": reduction(2, 1),
    "ReduceSumSquare": reduction(2),
    "Col2Im": reduction(1),
    "com.microsoft:QLinearAveragePool": window(1),
    "com.microsoft:QLinearGlobalAveragePool": reduction(1, 3),
    "com.microsoft:QLinearReduceMean": reduction(1, 3),
    "com.microsoft:ReduceSumInteger": reduction(1),
    "com.microsoft.nchwc:AveragePool": window(1),
    "com.microsoft.nchwc:GlobalAveragePool": reduction(1, 1),
}
