"""Matrix products, from the definitions in the ONNX and ONNX Runtime operator references.

A bias is the value the accumulation starts from and adds no operation, as in a convolution.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from inspector.analysis.cost.expression import Factors
from inspector.analysis.cost.use import UnknownCostError, Use, Work


def matrix_product(use: Use) -> Work:
    """MatMul with numpy broadcasting: each output element sums over A's last dimension."""
    return Work(macs=((*use.output(), _last(use.input(0))),))


def general_matrix_product(use: Use) -> Work:
    """Gemm: M·N·K; scaling by alpha or beta other than 1 costs one multiplication each for every output element."""
    output, matrix = use.output(), use.input(0)
    scalings = sum(use.number(name, 1.0) != 1.0 for name in ("alpha", "beta"))
    others: tuple[Factors, ...] = ((scalings, *output),) if scalings else ()
    return Work(macs=((*output, matrix[0] if use.integer("transA") else matrix[1]),), others=others)


def fused_matrix_product(use: Use) -> Work:
    """FusedMatMul: MatMul of transposed operands; K is A's last dimension, or its row dimension when A is transposed."""
    matrix = use.input(0)
    row = 0 if use.integer("transBatchA") else -2
    return Work(macs=((*use.output(), matrix[row] if use.integer("transA") and len(matrix) > 1 else _last(matrix)),))


def quantized_matrix_product(use: Use) -> Work:
    """QLinearMatMul, QGemm…: the integer product, then scale, round and zero point for each output element."""
    output, matrix = use.output(), use.input(0)
    inner = matrix[-2] if use.integer("transA") and len(matrix) > 1 else _last(matrix)
    return Work(macs=((*output, inner),), others=((3, *output),))


def dequantized_matrix_product(use: Use) -> Work:
    """MatMulIntegerToFloat, DynamicQuantizeMatMul: the integer product, then one scaling for each output element."""
    output = use.output()
    return Work(macs=((*output, _last(use.input(0))),), others=((1, *output),))


def blockwise_matrix_product(use: Use) -> Work:
    """MatMulNBits, MatMulBnb4: rows of A times an N by K matrix that is dequantized first (subtract, multiply each)."""
    rows, columns, inner = use.input(0)[:-1], use.integer("N"), use.integer("K")
    if columns <= 0 or inner <= 0:
        raise UnknownCostError("attributes N and K missing")
    return Work(macs=((*rows, columns, inner),), others=((2, columns, inner),))


def einsum(use: Use) -> Work:
    """Einsum, term by term: every combination of indexes multiplies all operands, and adds where an index is summed."""
    extents, output = _einsum_extents(use)
    operands = len(use.node.inputs)
    is_summed = any(index not in output for index in extents)
    combinations: Factors = tuple(extents.values())
    if is_summed and operands >= 2:
        extra = operands - 2
        return Work(macs=(combinations,), others=((extra, *combinations),) if extra else ())
    operations = 1 if is_summed else operands - 1
    return Work(others=((operations, *combinations),) if operations else ())


def _einsum_extents(use: Use) -> tuple[dict[str, int | str], set[str]]:
    equation = use.text("equation", "").replace(" ", "")
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if not equation or len(terms) != len(use.node.inputs):
        raise UnknownCostError("equation missing or not of as many terms as operands")
    extents: dict[str, int | str] = {}
    for operand, term in enumerate(terms):
        for index, extent in zip(_indexes(term, len(use.input(operand))), use.input(operand), strict=True):
            if extents.get(index, 1) == 1:
                extents[index] = extent
    once = {letter for letter, uses in Counter(left).items() if letter.isalpha() and uses == 1}
    output = set(right.replace("...", "")) if arrow else once
    if not arrow or "..." in right:
        output |= {index for index in extents if index.startswith("...")}
    return extents, output


def _indexes(term: str, rank: int) -> list[str]:
    before, ellipsis, after = term.partition("...")
    broadcast = rank - len(before) - len(after)
    if broadcast < 0 or (broadcast and not ellipsis):
        raise UnknownCostError("equation does not fit the operands' ranks")
    return [*before, *(f"...{axis}" for axis in range(-broadcast, 0)), *after]


def _last(shape: Factors) -> int | str:
    if not shape:
        raise UnknownCostError("operand is a scalar")
    return shape[-1]


FORMULAS: Final = {
    "MatMul": matrix_product,
    "MatMulInteger": matrix_product,
    "Gemm": general_matrix_product,
    "QLinearMatMul": quantized_matrix_product,
    "Einsum": einsum,
    "com.microsoft:FusedMatMul": fused_matrix_product,
    "com.microsoft:FusedMatMulActivation": fused_matrix_product,
    "com.microsoft:TransposeMatMul": fused_matrix_product,
    "com.microsoft:FusedGemm": general_matrix_product,
    "com.microsoft:MatMulInteger16": matrix_product,
    "com.microsoft:MatMulIntegerToFloat": dequantized_matrix_product,
    "com.microsoft:DynamicQuantizeMatMul": dequantized_matrix_product,
    "com.microsoft:QGemm": quantized_matrix_product,
    "com.microsoft:MatMulNBits": blockwise_matrix_product,
    "com.microsoft:MatMulBnb4": blockwise_matrix_product,
}
