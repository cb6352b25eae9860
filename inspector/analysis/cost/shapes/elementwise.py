"""Shapes of operators that keep their input's shape or broadcast their inputs."""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.shapes.lengths import broadcast
from inspector.analysis.cost.shapes.rule import Output, Rule, dims, dtype, lengths, of_dtype
from inspector.analysis.cost.use import Use

_SAME: Final = (
    "Abs Acos Acosh Asin Asinh Atan Atanh BatchNormalization BitwiseNot Ceil Celu Clip Cos Cosh CumProd CumSum Dropout Elu Erf "
    "Exp Floor Gelu GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization LRN LayerNormalization "
    "LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not PRelu RMSNormalization Reciprocal Relu "
    "ReverseSequence RotaryEmbedding Round Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sign "
    "SimplifiedLayerNormalization Sin Sinh Softmax Softplus Softsign Sqrt SwiGLU Swish Tan Tanh TensorScatter "
    "ThresholdedRelu Trilu"
)
_SAME_MICROSOFT: Final = (
    "BiasGelu BiasSoftmax FastGelu Gelu GroupNorm GroupQueryAttention QuickGelu RotaryEmbedding SimplifiedLayerNormalization "
    "SkipLayerNormalization SkipSimplifiedLayerNormalization"
)
_ARITHMETIC: Final = "Add BitShift BitwiseAnd BitwiseOr BitwiseXor Div Max Mean Min Mod Mul Pow Sub Sum"
_COMPARISONS: Final = "And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor"


def same(use: Use) -> tuple[Output, ...]:
    """The first output is like the first input."""
    return ((dtype(use), dims(use, 0)),)


def broadcasting(use: Use) -> tuple[Output, ...]:
    """All inputs are broadcast together."""
    return ((dtype(use), broadcast([dims(use, index) for index in range(len(use.node.inputs))])),)


def comparing(use: Use) -> tuple[Output, ...]:
    """As arithmetic, giving booleans."""
    return (("bool", broadcasting(use)[0][1]),)


def testing(use: Use) -> tuple[Output, ...]:
    """IsNaN and IsInf: a boolean for each element."""
    return (("bool", dims(use, 0)),)


def choosing(use: Use) -> tuple[Output, ...]:
    """Where: the condition is broadcast with both choices."""
    return ((dtype(use, 1), broadcasting(use)[0][1]),)


def casting(use: Use) -> tuple[Output, ...]:
    """Cast: the element type is an attribute."""
    return ((of_dtype(use, "to"), dims(use, 0)),)


def casting_like(use: Use) -> tuple[Output, ...]:
    """CastLike: the element type is that of the second input."""
    return ((dtype(use, 1), dims(use, 0)),)


def quantizing(use: Use) -> tuple[Output, ...]:
    """QuantizeLinear: the element type is the zero point's, or an attribute."""
    return ((dtype(use, 2) if use.has_input(2) else of_dtype(use, "output_dtype", "uint8"), dims(use, 0)),)


def dequantizing(use: Use) -> tuple[Output, ...]:
    """DequantizeLinear: the element type is the scale's."""
    return ((dtype(use, 1), dims(use, 0)),)


def quantizing_dynamically(use: Use) -> tuple[Output, ...]:
    """DynamicQuantizeLinear: bytes, their scale and their zero point."""
    return (("uint8", dims(use, 0)), ("float32", ()), ("uint8", ()))


def expanding(use: Use) -> tuple[Output, ...]:
    """Expand: broadcast with a constant shape."""
    return ((dtype(use), broadcast((dims(use, 0), lengths(use, 1)))),)


RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(_SAME.split(), same),
    **dict.fromkeys((f"com.microsoft:{name}" for name in _SAME_MICROSOFT.split()), same),
    **dict.fromkeys(_ARITHMETIC.split(), broadcasting),
    **dict.fromkeys(_COMPARISONS.split(), comparing),
    "IsNaN": testing,
    "IsInf": testing,
    "Where": choosing,
    "Cast": casting,
    "CastLike": casting_like,
    "QuantizeLinear": quantizing,
    "com.microsoft:QuantizeLinear": quantizing,
    "DequantizeLinear": dequantizing,
    "com.microsoft:DequantizeLinear": dequantizing,
    "DynamicQuantizeLinear": quantizing_dynamically,
    "Expand": expanding,
}
