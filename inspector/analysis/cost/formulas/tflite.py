"""TensorFlow Lite's operators, from the definitions of its kernels (https://ai.google.dev/edge/litert/models/ops_compatibility).

Filters are [output channels, height, width, input channels], or [1, height, width, channels] for depthwise ones; weights of
FULLY_CONNECTED are [units, inputs]. What a bias, a fused activation and rescaling to integers take is left out, as in a
convolution elsewhere. Elementwise arithmetic on quantized integers counts like that on floats, on others it counts none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.analysis.cost.expression import Factors
from inspector.analysis.cost.formulas import tensorflow_matrix
from inspector.analysis.cost.use import UnknownCostError, Use, Work

_NOT_ARITHMETIC: Final = frozenset(("bool", "int32", "int64", "uint32", "uint64", "string", "resource"))
"""Element types of shapes, indexes and masks; 8 and 16 bits hold quantized values."""


def convolution(use: Use) -> Work:
    """CONV_2D: each output element sums over the kernel and the input channels of its group: out · filter[1:]."""
    return Work(macs=((*use.output(), *use.input(1)[1:]),))


def depthwise_convolution(use: Use) -> Work:
    """DEPTHWISE_CONV_2D: each output element sums over the kernel of its own channel: out · filter[1:3]."""
    return Work(macs=((*use.output(), *use.input(1)[1:3]),))


def convolution_3d(use: Use) -> Work:
    """CONV_3D: filters are [depth, height, width, input channels, output channels]: out · filter[:-1]."""
    return Work(macs=((*use.output(), *use.input(1)[:-1]),))


def transposed_convolution(use: Use) -> Work:
    """TRANSPOSE_CONV: each element of input 2 is spread over the kernel and the output channels: in · filter[:-1]."""
    return Work(macs=((*use.input(2), *use.input(1)[:-1]),))


def transposed_convolution_3d(use: Use) -> Work:
    """CONV_3D_TRANSPOSE: filters are [depth, height, width, output channels, input channels]: in · filter[:-1]."""
    return transposed_convolution(use)


def fully_connected(use: Use) -> Work:
    """FULLY_CONNECTED: each output element sums over the inputs of its unit: out · weights[-1]."""
    return Work(macs=((*use.output(), use.input(1)[-1]),))


def window(per_position: int) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each position of the window at each output element."""

    def work(use: Use) -> Work:
        sizes = use.ints("kernel_shape")
        if not sizes:
            raise UnknownCostError("size of the window missing")
        return Work(others=((per_position, *use.output(), *sizes),))

    return work


def per_element(operations: int) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each element of the output, none where it holds no quantity."""

    def work(use: Use) -> Work:
        return Work() if _is_counted_out(use) else Work(others=((operations, *use.output()),))

    return work


def reduction(per_input: int, per_output: int = 0) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each element reduced, and for each result."""

    def work(use: Use) -> Work:
        if _is_counted_out(use):
            return Work()
        terms: tuple[Factors, ...] = ((per_input, *use.input(0)),)
        return Work(others=(*terms, (per_output, *use.output())) if per_output else terms)

    return work


def summed(use: Use) -> Work:
    """ADD_N: one addition less than there are inputs, for each output element."""
    return Work() if _is_counted_out(use) else Work(others=((max(len(use.node.inputs) - 1, 0), *use.output()),))


def local_response(use: Use) -> Work:
    """LOCAL_RESPONSE_NORMALIZATION: a square for each neighbor among the channels, then scale, add, power and divide."""
    return Work(others=((2 * (2 * use.integer("radius") + 1) + 4, *use.output()),))


def recurrent(per_unit: int) -> Callable[[Use], Work]:
    """Return the formula of a layer over a sequence: at each step every matrix among its weights multiplies one vector.

    Input 0 is [batch, time, features] or, with time_major, [time, batch, features]; per_unit: operations of the gates.
    """

    def work(use: Use) -> Work:
        steps = use.input(0)[:2]
        matrices = [shape for index in range(1, len(use.node.inputs)) if len(shape := _weights(use, index)) == 2]
        if not matrices:
            raise UnknownCostError("no weights among the inputs")
        return Work(macs=tuple((*steps, *shape) for shape in matrices), others=((per_unit, *use.output()),))

    return work


def basic_recurrent(per_unit: int) -> Callable[[Use], Work]:
    """Return the formula of one step: input 0 is [batch, features]; per_unit: operations of the gates."""

    def work(use: Use) -> Work:
        rows = use.input(0)[:1]
        matrices = [shape for index in range(1, len(use.node.inputs)) if len(shape := _weights(use, index)) == 2]
        return Work(macs=tuple((*rows, *shape) for shape in matrices), others=((per_unit, *use.output()),))

    return work


def _weights(use: Use, index: int) -> Factors:
    """Return the shape of an input that is a weight, () for any other."""
    if not use.has_input(index) or not use.scope.is_constant(use.node.inputs[index]):
        return ()
    return use.input(index)


def _is_counted_out(use: Use) -> bool:
    spec = use.scope.spec(use.node.outputs[0]) if use.node.outputs else None
    return spec is not None and spec.dtype in _NOT_ARITHMETIC


_ONE: Final = (
    "ABS ADD ATAN2 CEIL COS CUMSUM DIV EXP FLOOR FLOOR_DIV FLOOR_MOD LEAKY_RELU LOG MUL NEG POW PRELU ROUND RSQRT SIGN SIN "
    "SQRT SQUARE SUB TANH STABLEHLO_ABS STABLEHLO_ADD STABLEHLO_CBRT STABLEHLO_COSINE STABLEHLO_DIVIDE STABLEHLO_EXPONENTIAL "
    "STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MULTIPLY STABLEHLO_NEGATE STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT "
    "STABLEHLO_SUBTRACT STABLEHLO_TANH"
)
_MORE: Final = {
    "COMPLEX_ABS": 4,
    "DEQUANTIZE": 2,
    "ELU": 3,
    "FAKE_QUANT": 4,
    "GELU": 5,
    "HARD_SWISH": 3,
    "L2_NORMALIZATION": 3,
    "LOGISTIC": 4,
    "LOG_SOFTMAX": 4,
    "QUANTIZE": 3,
    "RESIZE_BILINEAR": 8,
    "SOFTMAX": 4,
    "SQUARED_DIFFERENCE": 2,
    "STABLEHLO_LOGISTIC": 4,
}
"""Operations for each element of the output, as their counterparts in ONNX and TensorFlow count."""

_FORMULAS: Final[dict[str, Callable[[Use], Work]]] = {
    **{name: per_element(count) for name, count in (dict.fromkeys(_ONE.split(), 1) | _MORE).items()},
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": depthwise_convolution,
    "CONV_3D": convolution_3d,
    "TRANSPOSE_CONV": transposed_convolution,
    "CONV_3D_TRANSPOSE": transposed_convolution_3d,
    "FULLY_CONNECTED": fully_connected,
    "BATCH_MATMUL": tensorflow_matrix.batched_matrix_product,
    "AVERAGE_POOL_2D": window(1),
    "L2_POOL_2D": window(2),
    "MEAN": reduction(1, 1),
    "SUM": reduction(1),
    "REDUCE_PROD": reduction(1),
    "SEGMENT_SUM": reduction(1),
    "UNSORTED_SEGMENT_SUM": reduction(1),
    "UNSORTED_SEGMENT_PROD": reduction(1),
    "ADD_N": summed,
    "LOCAL_RESPONSE_NORMALIZATION": local_response,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": recurrent(18),
    "BIDIRECTIONAL_SEQUENCE_LSTM": recurrent(18),
    "UNIDIRECTIONAL_SEQUENCE_RNN": recurrent(1),
    "BIDIRECTIONAL_SEQUENCE_RNN": recurrent(1),
    "LSTM": basic_recurrent(18),
    "RNN": basic_recurrent(1),
    "SVDF": basic_recurrent(1),
}
FORMULAS: Final[dict[str, Callable[[Use], Work]]] = {f"tflite:{name}": formula for name, formula in _FORMULAS.items()}
