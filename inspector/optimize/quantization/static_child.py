"""Static quantization as a child process does it: QuantizeLinear and DequantizeLinear around nodes, from measured ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from onnx import ModelProto, NodeProto, TensorProto
from onnxruntime.quantization import QuantType
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from inspector.optimize.quantization.calibration_child import read_ranges
from inspector.optimize.quantization.prepare_biases_child import unshare_biases
from inspector.optimize.quantization.quantized import LeftOut, Quantized, QuantizeRequest
from inspector.optimize.quantization.quantized_saving_child import read_prepared, write_quantized
from inspector.optimize.quantization.quantized_tidy_child import names_in, tidy
from inspector.optimize.quantization.ranges import range_problems

_TYPES: Final = {"int8": QuantType.QInt8, "uint8": QuantType.QUInt8}
_FLOATS: Final = (TensorProto.FLOAT, TensorProto.FLOAT16)


def quantize_static(request: QuantizeRequest, _report: Callable[[int, int, str], None]) -> Quantized:
    """Write the model in QDQ form; raises what the quantizer does, OperationFailed where it changed nothing.

    Nodes around whose activations no finite range was seen stay in fp32 and are named in the answer.
    """
    model = read_prepared(request)
    producer = model.producer_name, model.producer_version
    unshare_biases(model)
    before = names_in(model)
    ranges = read_ranges(request.ranges)
    problems = range_problems(request.ranges)
    left_out = tuple(_without_ranges(model, request, set(ranges.keys()), problems))
    quantizer = QDQQuantizer(
        model,
        per_channel=request.per_channel,
        reduce_range=request.types.reduced,
        weight_qType=_TYPES[request.types.weights],
        activation_qType=_TYPES[request.types.activations],
        tensors_range=ranges,
        nodes_to_quantize=[],
        nodes_to_exclude=[*request.exclude, *(node.name for node in left_out)],
        op_types_to_quantize=list(request.operators),
        extra_options={"ActivationSymmetric": False, "WeightSymmetric": True},
    )
    quantizer.quantize_model()
    tidy(quantizer.model.model, before)
    return write_quantized(quantizer.model.model, request, producer, left_out)


def _without_ranges(
    model: ModelProto, request: QuantizeRequest, known: set[str], problems: dict[str, str]
) -> Iterator[LeftOut]:
    """Yield the nodes that touch a float tensor of which no range is known."""
    floats = _float_tensors(model)
    stored = {tensor.name for tensor in model.graph.initializer}
    operators, excluded = set(request.operators), set(request.exclude)
    for node in model.graph.node:
        if node.op_type in operators and node.name not in excluded:
            lacking = (name for name in _tensors(node) if name in floats and name not in stored and name not in known)
            name = next(lacking, "")
            if name:
                yield LeftOut(node.name, f"no range: {problems.get(name, 'it was not computed in calibration')}")


def _tensors(node: NodeProto) -> Iterator[str]:
    yield from (name for name in node.input if name)
    yield from (name for name in node.output if name)


def _float_tensors(model: ModelProto) -> set[str]:
    values = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    return {value.name for value in values if value.type.tensor_type.elem_type in _FLOATS}
