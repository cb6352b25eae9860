"""Matrix products of TensorFlow, from the definitions in its API reference."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.expression import Factor
from inspector.analysis.cost.formulas.matrix import einsum
from inspector.analysis.cost.use import UnknownCostError, Use, Work


def matrix_product(use: Use) -> Work:
    """MatMul: each output element sums over the columns of the first matrix, its rows where it is transposed."""
    return Work(macs=((*use.output(), _inner(use, "transpose_a")),))


def batched_matrix_product(use: Use) -> Work:
    """BatchMatMul: as MatMul, for each matrix of the batch, with adj_x for transposed."""
    return Work(macs=((*use.output(), _inner(use, "adj_x")),))


def _inner(use: Use, transposed: str) -> Factor:
    shape = use.input(0)
    if len(shape) < 2:
        raise UnknownCostError("operand is no matrix")
    return shape[-2] if use.integer(transposed) else shape[-1]


FORMULAS: Final = {
    "tensorflow:MatMul": matrix_product,
    "tensorflow:_FusedMatMul": matrix_product,
    "tensorflow:SparseMatMul": matrix_product,
    "tensorflow:QuantizedMatMul": matrix_product,
    "tensorflow:BatchMatMul": batched_matrix_product,
    "tensorflow:BatchMatMulV2": batched_matrix_product,
    "tensorflow:BatchMatMulV3": batched_matrix_product,
    "tensorflow:Einsum": einsum,
}
