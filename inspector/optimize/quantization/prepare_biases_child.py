"""Biases that several nodes share, given to each of them alone; on the child's side.

onnxruntime's QDQ quantizer copies such a bias under its name and a number, which may be the name of another tensor: the result
is then another model (seen with names that end in digits).
"""

from __future__ import annotations

from onnx import ModelProto, TensorProto

from inspector.optimize.quantization.quantized_tidy_child import names_in

_BIAS = 2


def unshare_biases(model: ModelProto) -> int:
    """Copy the bias of every Conv and Gemm but the first that uses it; returns how many copies were made."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    taken = set(names_in(model))
    used: set[str] = set()
    copies: list[TensorProto] = []
    for node in model.graph.node:
        if node.op_type not in ("Conv", "ConvTranspose", "Gemm") or len(node.input) <= _BIAS:
            continue
        name = node.input[_BIAS]
        if name in used and name in stored:
            copy = TensorProto()
            copy.CopyFrom(stored[name])
            copy.name = f"{name}_of_{len(copies)}"
            while copy.name in taken:
                copy.name += "_"
            taken.add(copy.name)
            copies.append(copy)
            node.input[_BIAS] = copy.name
        used.add(name)
    model.graph.initializer.extend(copies)
    return len(copies)
