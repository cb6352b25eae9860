"""Shapes of matrix products, recurrent layers and attention."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.shapes.lengths import broadcast, quotient, times
from inspector.analysis.cost.shapes.rule import Output, Rule, dims, dtype
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.tensor import Shape


def matrix_product(use: Use) -> tuple[Output, ...]:
    """MatMul and relatives, numpy's rules: batch dimensions broadcast, vectors lose theirs."""
    return ((dtype(use), _product(dims(use, 0), dims(use, 1))),)


def integer_matrix_product(use: Use) -> tuple[Output, ...]:
    """MatMulInteger: sums are 32 bits wide."""
    return (("int32", _product(dims(use, 0), dims(use, 1))),)


def quantized_matrix_product(use: Use) -> tuple[Output, ...]:
    """QLinearMatMul: the matrix is input 3, the result's element type that of its zero point."""
    return ((dtype(use, 7), _product(dims(use, 0), dims(use, 3))),)


def fused_matrix_product(use: Use) -> tuple[Output, ...]:
    """FusedMatMul with transposed operands; batch transposition is left to inference."""
    if use.integer("transBatchA") or use.integer("transBatchB"):
        raise UnknownCostError("batch dimensions are transposed")
    left, right = dims(use, 0), dims(use, 1)
    left = _transposed(left) if use.integer("transA") else left
    right = _transposed(right) if use.integer("transB") else right
    return ((dtype(use), _product(left, right)),)


def general_matrix_product(use: Use) -> tuple[Output, ...]:
    """Gemm: both operands are matrices."""
    left, right = dims(use, 0), dims(use, 1)
    rows = left[1] if use.integer("transA") else left[0]
    return ((dtype(use), (rows, right[0] if use.integer("transB") else right[1])),)


def blockwise_matrix_product(use: Use) -> tuple[Output, ...]:
    """MatMulNBits: N columns."""
    columns = use.integer("N")
    return ((dtype(use), (*dims(use, 0)[:-1], columns or None)),)


def recurrent(use: Use) -> tuple[Output, ...]:
    """LSTM, GRU, RNN: all states, the last state, and (LSTM) the last cell; layout 1 puts the batch first."""
    first, second = dims(use, 0)[:2]
    weights = dims(use, 2)
    directions, hidden = weights[0], weights[2]
    if use.integer("layout"):
        last: Shape = (first, directions, hidden)
        states: Shape = (first, second, directions, hidden)
    else:
        last = (directions, second, hidden)
        states = (first, directions, second, hidden)
    return ((dtype(use), states), (dtype(use), last), (dtype(use), last))


def attention(use: Use) -> tuple[Output, ...]:
    """Attention of opset 23: like the query, with the value's head size."""
    query, value = dims(use, 0), dims(use, 2)
    if len(query) == 4:
        return ((dtype(use), (*query[:3], value[3])),)
    heads, groups = use.integer("q_num_heads"), use.integer("kv_num_heads")
    return ((dtype(use), (*query[:2], times((quotient(value[2], groups), heads)))),)


def multi_head_attention(use: Use) -> tuple[Output, ...]:
    """com.microsoft MultiHeadAttention on [batch, length, hidden] queries and values."""
    query, value = dims(use, 0), dims(use, 2)
    if len(query) != 3 or len(value) != 3:
        raise UnknownCostError("packed queries")
    return ((dtype(use), (*query[:2], value[2])),)


def _product(left: Shape, right: Shape) -> Shape:
    if not left or not right:
        raise UnknownCostError("operand is a scalar")
    rows, columns = left[-2:-1], right[-1:] if len(right) > 1 else ()
    return (*broadcast((left[:-2], right[:-2])), *rows, *columns)


def _transposed(shape: Shape) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if len(shape) > 1 else shape


RULES: Final[dict[str, Rule]] = {
    "MatMul": matrix_product,
    "MatMulInteger": integer_matrix_product,
    "QLinearMatMul": quantized_matrix_product,
    "Gemm": general_matrix_product,
    "LSTM": recurrent,
    "GRU": recurrent,
    "RNN": recurrent,
    "Attention": attention,
    "com.microsoft:FusedMatMul": fused_matrix_product,
    "com.microsoft:FusedGemm": general_matrix_product,
    "com.microsoft:DynamicQuantizeMatMul": matrix_product,
    "com.microsoft:MatMulNBits": blockwise_matrix_product,
    "com.microsoft:MultiHeadAttention": multi_head_attention,
}
