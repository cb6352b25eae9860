"""Which operators int8 is made for: what ONNX Runtime's processor kernels compute on 8-bit numbers."""

from __future__ import annotations

from typing import Final

CONVOLUTIONS: Final = frozenset({"Conv", "ConvTranspose"})
PRODUCTS: Final = frozenset({"MatMul", "Gemm", "Attention", "MultiHeadAttention", "FusedMatMul"})
RECURRENT: Final = frozenset({"LSTM", "GRU", "RNN"})

STATIC_PRODUCTS: Final = frozenset({"Conv", "MatMul", "Gemm"})
"""Whose weights static quantization makes int8."""

STATIC_OPERATORS: Final = STATIC_PRODUCTS | {
    *("Add", "Mul", "Relu", "Clip", "LeakyRelu", "Sigmoid", "Concat", "Split", "Where", "Gather"),
    *("AveragePool", "GlobalAveragePool", "MaxPool", "Resize", "Pad", "Slice"),
    *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten"),
}
"""What passes 8-bit numbers on between products, so that they need not be dequantized in between.

Those of onnxruntime.quantization.registry for which ONNX Runtime's processor provider fuses DequantizeLinear → operator →
QuantizeLinear (onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.cc), less Softmax
and ArgMax: 256 steps are too few for probabilities, and to tell the largest of many.
"""

DYNAMIC_OPERATORS: Final = frozenset({"MatMul", "Gemm", "LSTM", "Attention", "Conv"})
"""Whose weights dynamic quantization makes int8: those of onnxruntime.quantization.registry.IntegerOpsRegistry, and Gemm, which
becomes MatMul first."""

_ALREADY: Final = frozenset(
    {
        *("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger", "MatMulInteger", "QGemm"),
        *("QAttention", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulNBits"),
        *("QEmbedLayerNormalization", "QMoE", "MatMulBnb4", "GatherBlockQuantized"),
    }
)


def is_quantized(operator: str) -> bool:
    """Whether a model with a node of that operator is quantized already."""
    return operator in _ALREADY or operator.startswith("QLinear")
