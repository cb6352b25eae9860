"""Work for each element of the output: arithmetic and function evaluations count, comparisons and selections do not.

An addition, subtraction, multiplication, division, and one evaluation of exp, log, sqrt, erf, tanh, sin… count one each.
Activations count what their definition in the ONNX operator reference does (https://onnx.ai/onnx/operators/): Sigmoid is
1 / (1 + exp(-x)), four. Comparing, choosing and clamping (Relu, Clip, Max, MaxPool, TopK, Where) is no arithmetic.
"""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.use import Use, Work

_ONE: Final = (
    "Abs Acos Acosh Add Asin Asinh Atan Atanh Ceil Cos Cosh CumProd CumSum Div Erf Exp Floor LeakyRelu Log Mod Mul Neg PRelu "
    "Pow Reciprocal Round Shrink Sign Sin Sinh Sqrt Sub Tan Tanh"
)
_MORE: Final = {
    "Celu": 4,
    "Elu": 3,
    "Gelu": 5,
    "HardSigmoid": 2,
    "HardSwish": 3,
    "LogSoftmax": 4,
    "Mish": 5,
    "Selu": 4,
    "Sigmoid": 4,
    "Softmax": 4,
    "Softplus": 3,
    "Softsign": 2,
    "SwiGLU": 6,
    "Swish": 6,
    "com.microsoft:BiasAdd": 2,
    "com.microsoft:BiasDropout": 2,
    "com.microsoft:BiasGelu": 6,
    "com.microsoft:BiasSoftmax": 5,
    "com.microsoft:BiasSplitGelu": 7,
    "com.microsoft:FastGelu": 8,
    "com.microsoft:Gelu": 5,
    "com.microsoft:QuickGelu": 6,
}

OPERATIONS_PER_OUTPUT_ELEMENT: Final[dict[str, int]] = dict.fromkeys(_ONE.split(), 1) | _MORE
"""Operations for each element of the first output; integer and boolean tensors (indexes, shapes, masks) count none."""

_PER_QUANTIZED: Final = {
    "QuantizeLinear": 3,
    "DequantizeLinear": 2,
    "DynamicQuantizeLinear": 3,
    "com.microsoft:QuantizeLinear": 3,
    "com.microsoft:DequantizeLinear": 2,
    "com.microsoft:QLinearAdd": 8,
    "com.microsoft:QLinearMul": 8,
    "com.microsoft:QLinearLeakyRelu": 6,
    "com.microsoft:QLinearSigmoid": 9,
    "com.microsoft:QLinearSoftmax": 9,
}
"""Quantizing divides, rounds and adds the zero point; dequantizing subtracts it and multiplies; whatever the dtype."""


def variadic(use: Use) -> Work:
    """Sum of n tensors: n-1 additions for each output element."""
    return Work(others=((max(len(use.node.inputs) - 1, 0), *use.output()),))


def mean(use: Use) -> Work:
    """Mean of n tensors: n-1 additions and a division for each output element."""
    return Work(others=((len(use.node.inputs), *use.output()),))


def quantizing(use: Use) -> Work:
    """Quantization, dequantization and elementwise operators on quantized tensors."""
    domain = use.node.domain
    name = use.node.operator if domain in ("", "ai.onnx") else f"{domain}:{use.node.operator}"
    return Work(others=((_PER_QUANTIZED[name], *use.output()),))


def rotary_embedding(use: Use) -> Work:
    """Rotary embedding: two multiplications and an addition for each rotated element (counted for all of them)."""
    return Work(others=((3, *use.output()),))


def cross_entropy(use: Use) -> Work:
    """Losses: log-softmax over the scores (4 for each), then a weighted sum."""
    return Work(others=((5, *use.input(0)),))


def negative_log_likelihood(use: Use) -> Work:
    """Pick, weigh and add: two for each target."""
    return Work(others=((2, *use.input(1)),))


FORMULAS: Final = {
    "Sum": variadic,
    "Mean": mean,
    "RotaryEmbedding": rotary_embedding,
    "com.microsoft:RotaryEmbedding": rotary_embedding,
    "SoftmaxCrossEntropyLoss": cross_entropy,
    "NegativeLogLikelihoodLoss": negative_log_likelihood,
    **dict.fromkeys(_PER_QUANTIZED, quantizing),
}
