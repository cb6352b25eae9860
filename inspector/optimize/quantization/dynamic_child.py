"""Dynamic quantization as a child process does it: weights become int8, activations are measured while the model runs."""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import ModelProto, TensorProto
from onnxruntime.quantization import QuantType, onnx_quantizer
from onnxruntime.quantization.quant_utils import QuantizationMode

from inspector.optimize.quantization.prepare_graphs_child import graphs
from inspector.optimize.quantization.quantized import Quantized, QuantizeRequest
from inspector.optimize.quantization.quantized_saving_child import read_prepared, write_quantized
from inspector.optimize.quantization.quantized_tidy_child import names_in, tidy

_TYPES = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}


def quantize_dynamic(request: QuantizeRequest, _report: Callable[[int, int, str], None]) -> Quantized:
    """Write the model with int8 weights; raises what the quantizer does, OperationFailed where it changed nothing.

    Weights that lie outside the model are read one at a time, and each is let go of before the next.
    """
    model = read_prepared(request)
    before = names_in(model)
    producer = model.producer_name, model.producer_version
    nested = sum(1 for _ in graphs(model.graph)) > 1
    if request.external:
        onnx_quantizer.save_and_reload_model_with_shape_infer = _inferred_in_memory
    quantizer = onnx_quantizer.ONNXQuantizer(
        model,
        per_channel=request.per_channel,
        reduce_range=request.types.reduced,
        mode=QuantizationMode.IntegerOps,
        static=False,
        weight_qType=_TYPES[request.types.weights],
        activation_qType=QuantType.QUInt8,
        tensors_range=None,
        nodes_to_quantize=[],
        nodes_to_exclude=[*request.exclude, *(f"{name}_MatMul" for name in request.exclude)],  # what it makes of a Gemm
        op_types_to_quantize=list(request.operators),
        extra_options={"MatMulConstBOnly": True, "EnableSubgraph": nested, "DefaultTensorType": TensorProto.FLOAT},
    )
    quantizer.quantize_model()
    tidy(quantizer.model.model, before)
    return write_quantized(quantizer.model.model, request, producer)


def _inferred_in_memory(model: ModelProto) -> ModelProto:
    """Stand in for the quantizer's own function, which writes all weights to a file and reads them back."""
    return onnx.shape_inference.infer_shapes(model)
