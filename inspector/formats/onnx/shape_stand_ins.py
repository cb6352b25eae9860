"""Nodes that onnx cannot infer through, put as nodes that it can: for a copy of a model that is only inferred, never run.

Two kinds. Operators of ONNX Runtime's own domain (and operators used below the opset that defines them) stand in for standard
operators of the same shape behavior. Weights whose payload was cut become values of known type and unknown content, because
onnx gives up on a node (Reshape, say) whose shape operand is a constant it cannot read.
"""

from __future__ import annotations

from typing import Any, Final

import onnx

UNREADABLE_DOMAIN: Final = "modelpack.unreadable"
"""Domain of nodes that must not be inferred through; it has no schemas."""

_LIKE_FIRST_INPUT: Final = frozenset({
    "BiasGelu", "FastGelu", "Gelu", "GroupNorm", "GroupQueryAttention", "LayerNormalization", "QuickGelu", "RMSNormalization",
    "RotaryEmbedding", "SimplifiedLayerNormalization", "SkipGroupNorm", "SkipLayerNormalization",
    "SkipSimplifiedLayerNormalization",
})  # fmt: skip
"""Operators whose first output has the element type and shape of the first input."""

_SAME_AS_STANDARD: Final = {
    "DequantizeLinear": "DequantizeLinear",
    "FusedConv": "Conv",
    "FusedGemm": "Gemm",
    "QLinearAveragePool": "AveragePool",
    "QuantizeLinear": "QuantizeLinear",
    "TransposeMatMul": "MatMul",
    "FusedMatMul": "MatMul",
}
"""Operators whose first output has the shape of a standard operator on the same operands."""

_STANDARD_DOMAINS: Final = ("", "ai.onnx")


def stand_in(node: Any, opset: int) -> None:
    """Make one node inferable in place where a rule is known; its first output keeps its name, further ones are dropped."""
    replacement = _replacement(node, opset)
    if replacement:
        _become(node, replacement)


def _replacement(node: Any, opset: int) -> str:
    """Return the standard operator whose shape behavior a node shares, empty for none or no need."""
    if node.domain in _STANDARD_DOMAINS:
        return "Identity" if node.op_type in _LIKE_FIRST_INPUT and not _is_defined(node.op_type, opset) else ""
    if node.domain != "com.microsoft" or _transposes(node) or _has_packed_operands(node):
        return ""
    return "Identity" if node.op_type in _LIKE_FIRST_INPUT else _SAME_AS_STANDARD.get(node.op_type, "")


def hide_cut_weights(graph: Any) -> None:
    """Turn every weight of this graph (not of nested ones) whose payload is missing into a value of known type, in place."""
    kept = []
    for tensor in graph.initializer:
        if _is_cut(tensor):
            graph.value_info.append(_value_of(tensor, tensor.name))
        else:
            kept.append(tensor)
    if len(kept) != len(graph.initializer):
        kept = [onnx.TensorProto.FromString(tensor.SerializeToString()) for tensor in kept]
        del graph.initializer[:]
        graph.initializer.extend(kept)
    for node in graph.node:
        if node.op_type == "Constant":
            _hide_cut_constant(graph, node)


def _hide_cut_constant(graph: Any, node: Any) -> None:
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.TENSOR and node.output and _is_cut(attribute.t):
            graph.value_info.append(_value_of(attribute.t, node.output[0]))
            node.domain = UNREADABLE_DOMAIN


def _is_cut(tensor: Any) -> bool:
    """Whether a tensor has elements but no values in the message."""
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        return True
    if 0 in tensor.dims or tensor.HasField("raw_data"):
        return False
    typed = (
        tensor.float_data,
        tensor.int32_data,
        tensor.int64_data,
        tensor.string_data,
        tensor.double_data,
        tensor.uint64_data,
    )
    return not any(len(values) for values in typed)


def _value_of(tensor: Any, name: str) -> Any:
    """Return the ValueInfoProto of a tensor."""
    return onnx.helper.make_tensor_value_info(name, tensor.data_type, list(tensor.dims))


def _become(node: Any, operator: str) -> None:
    """Turn a node into one of a standard operator."""
    node.domain = ""
    node.op_type = operator
    del node.output[1:]
    if operator == "Identity":
        del node.input[1:]
        del node.attribute[:]


def _is_defined(operator: str, opset: int) -> bool:
    """Whether the standard domain defines an operator at this opset."""
    try:
        onnx.defs.get_schema(operator, opset, "")
    except onnx.defs.SchemaError:
        return False
    return True


def _transposes(node: Any) -> bool:
    """Whether a matrix product transposes an operand, which MatMul cannot."""
    return node.op_type in ("FusedMatMul", "TransposeMatMul") and any(a.i for a in node.attribute if a.name.startswith("trans"))


def _has_packed_operands(node: Any) -> bool:
    """Whether an attention node's first input holds keys and values too, so that its output is narrower."""
    return node.op_type == "GroupQueryAttention" and not (len(node.input) > 1 and node.input[1])
