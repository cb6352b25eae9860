"""What each operator costs: one formula an operator, in files by family; names are "Conv" or "com.microsoft:FusedConv"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from inspector.analysis.cost.formulas import (
    attention,
    convolution,
    elementwise,
    matrix,
    normalization,
    recurrent,
    reduction,
    sampling,
    signal,
    tensorflow_convolution,
    tensorflow_elementwise,
    tensorflow_matrix,
    tflite,
)
from inspector.analysis.cost.use import Use, Work

Formula = Callable[[Use], Work]

FORMULAS: Final[Mapping[str, Formula]] = {
    **attention.FORMULAS,
    **convolution.FORMULAS,
    **elementwise.FORMULAS,
    **matrix.FORMULAS,
    **normalization.FORMULAS,
    **recurrent.FORMULAS,
    **reduction.FORMULAS,
    **sampling.FORMULAS,
    **signal.FORMULAS,
    **tensorflow_convolution.FORMULAS,
    **tensorflow_elementwise.FORMULAS,
    **tensorflow_matrix.FORMULAS,
    **tflite.FORMULAS,
}


def qualified_name(domain: str, operator: str) -> str:
    """Return the name formulas are found under: the operator, with its domain in front unless that is ai.onnx."""
    return operator if domain in ("", "ai.onnx") else f"{domain}:{operator}"
