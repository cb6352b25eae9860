"""Shapes of TensorFlow Lite's operators, where the file leaves lengths open: most are those of TensorFlow's own.

Definitions: https://ai.google.dev/edge/litert/models/ops_compatibility. Channels are last.
"""

from __future__ import annotations

from math import prod
from typing import Final

from inspector.analysis.cost.shapes import tensorflow_movement as movement
from inspector.analysis.cost.shapes import tensorflow_spatial as spatial
from inspector.analysis.cost.shapes.elementwise import broadcasting, comparing, same
from inspector.analysis.cost.shapes.lengths import plus, quotient, rounded_up_quotient, times, windows
from inspector.analysis.cost.shapes.rule import Output, Rule, dims, dtype, lengths, replaced
from inspector.analysis.cost.shapes.tensorflow_slices import slicing
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.tensor import Dim, Shape

_SAME: Final = (
    "ABS CAST CEIL COS CUMSUM DEQUANTIZE ELU EXP FAKE_QUANT FLOOR GELU HARD_SWISH L2_NORMALIZATION LEAKY_RELU "
    "LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_NOT LOGISTIC LOG_SOFTMAX NEG PRELU QUANTIZE RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 "
    "REVERSE_SEQUENCE REVERSE_V2 ROUND RSQRT SIGN SIN SOFTMAX SQRT SQUARE TANH ZEROS_LIKE DYNAMIC_UPDATE_SLICE ADD_N "
    "MATRIX_SET_DIAG"
)
_ARITHMETIC: Final = "ADD ATAN2 DIV FLOOR_DIV FLOOR_MOD MAXIMUM MINIMUM MUL POW SQUARED_DIFFERENCE SUB BITWISE_XOR RIGHT_SHIFT"
_COMPARISONS: Final = "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR NOT_EQUAL"
_REDUCTIONS: Final = "MEAN REDUCE_ALL REDUCE_ANY REDUCE_MAX REDUCE_MIN REDUCE_PROD SUM"


def convolving(use: Use) -> tuple[Output, ...]:
    """CONV_2D: the filter's first dimension is the number of output channels."""
    filters = dims(use, 1)
    return ((dtype(use), _windowed(use, filters[1:3], filters[0])),)


def convolving_depthwise(use: Use) -> tuple[Output, ...]:
    """DEPTHWISE_CONV_2D: the filter's last dimension is the number of output channels."""
    filters = dims(use, 1)
    return ((dtype(use), _windowed(use, filters[1:3], filters[3])),)


def convolving_3d(use: Use) -> tuple[Output, ...]:
    """CONV_3D: filters end in input and output channels."""
    filters = dims(use, 1)
    return ((dtype(use), _windowed(use, filters[:3], filters[4])),)


def pooling(use: Use) -> tuple[Output, ...]:
    """Pooling: windows of kernel_shape."""
    return ((dtype(use), _windowed(use, use.ints("kernel_shape") or (), dims(use, 0)[3])),)


def transposed(use: Use) -> tuple[Output, ...]:
    """TRANSPOSE_CONV: the shape is the first input, its batch that of the data."""
    sizes = lengths(use, 0)
    return ((dtype(use, 2), (dims(use, 2)[0], *sizes[1:])),)


def connecting(use: Use) -> tuple[Output, ...]:
    """FULLY_CONNECTED: units in place of the last dimension; the others become one unless they are kept."""
    data, (units, inputs) = dims(use, 0), dims(use, 1)
    if use.integer("keep_num_dims"):
        return ((dtype(use), (*data[:-1], units)),)
    rows = times(data[:-1]) if data[-1] == inputs else None
    return ((dtype(use), (rows, units)),)


def joining(use: Use) -> tuple[Output, ...]:
    """CONCATENATION: lengths add along the axis."""
    shapes = [dims(use, index) for index in range(len(use.node.inputs))]
    total: Dim = 0
    for shape in shapes:
        total = plus(total, shape[use.integer("axis")])
    best = [next((dim for dim in column if dim is not None), None) for column in zip(*shapes, strict=True)]
    return ((dtype(use), replaced(tuple(best), use.integer("axis"), total)),)


def gathering(use: Use) -> tuple[Output, ...]:
    """GATHER: the axis becomes the shape of the indexes."""
    shape, indexes = dims(use, 0), dims(use, 1)
    axis = range(len(shape))[use.integer("axis")]
    return ((dtype(use), (*shape[:axis], *indexes[use.integer("batch_dims") :], *shape[axis + 1 :])),)


def looking_up(use: Use) -> tuple[Output, ...]:
    """EMBEDDING_LOOKUP: a row for each index; the indexes come first."""
    return ((dtype(use, 1), (*dims(use, 0), *dims(use, 1)[1:])),)


def choosing(use: Use) -> tuple[Output, ...]:
    """SELECT: like its choices."""
    return ((dtype(use, 1), dims(use, 1)),)


def resizing(use: Use) -> tuple[Output, ...]:
    """Resizing: height and width are the second input."""
    data, size = dims(use, 0), lengths(use, 1)
    return ((dtype(use), (data[0], size[0], size[1], data[3])),)


def filling(use: Use) -> tuple[Output, ...]:
    """FILL: the shape is the first input."""
    return ((dtype(use, 1), lengths(use, 0)),)


def to_depth(use: Use) -> tuple[Output, ...]:
    """SPACE_TO_DEPTH: blocks of positions become channels."""
    batch, height, width, channels = dims(use, 0)
    block = use.integer("block_size", 1)
    return ((dtype(use), (batch, quotient(height, block), quotient(width, block), times((channels, block * block)))),)


def from_depth(use: Use) -> tuple[Output, ...]:
    """DEPTH_TO_SPACE: blocks of channels become positions."""
    batch, height, width, channels = dims(use, 0)
    block = use.integer("block_size", 1)
    return ((dtype(use), (batch, times((height, block)), times((width, block)), quotient(channels, block * block))),)


def to_batch(use: Use) -> tuple[Output, ...]:
    """SPACE_TO_BATCH_ND: each padded spatial length is divided by its block, and the batch multiplied by all of them."""
    data, blocks, pads = dims(use, 0), _constant(use, 1), _constant(use, 2)
    spatial_lengths = data[1 : 1 + len(blocks)]
    padded = [plus(length, pads[2 * i] + pads[2 * i + 1]) for i, length in enumerate(spatial_lengths)]
    lengths_after = [quotient(length, block) for length, block in zip(padded, blocks, strict=True)]
    return ((dtype(use), (times((data[0], *blocks)), *lengths_after, *data[1 + len(blocks) :])),)


def from_batch(use: Use) -> tuple[Output, ...]:
    """BATCH_TO_SPACE_ND: the other way round, what is cropped taken off."""
    data, blocks, crops = dims(use, 0), _constant(use, 1), _constant(use, 2)
    spatial_lengths = data[1 : 1 + len(blocks)]
    whole = [times((length, block)) for length, block in zip(spatial_lengths, blocks, strict=True)]
    cropped = [plus(length, -crops[2 * i] - crops[2 * i + 1]) for i, length in enumerate(whole)]
    return ((dtype(use), (_divided(data[0], prod(blocks)), *cropped, *data[1 + len(blocks) :])),)


def _divided(length: Dim, blocks: int) -> Dim:
    """Return the batch that was multiplied by the blocks before."""
    if isinstance(length, str):
        number, _, rest = length.partition("*")
        if rest and number.isdecimal() and int(number) == blocks:
            return rest
    return quotient(length, blocks)


def _constant(use: Use, position: int) -> tuple[int, ...]:
    values = use.integers(position)
    if values is None:
        raise UnknownCostError("not constant")
    return values


def following(use: Use) -> tuple[Output, ...]:
    """Recurrent layers over a sequence: batch and time are the input's, the file tells the rest."""
    return ((dtype(use), (*dims(use, 0)[:2], None)),)


def stepping(use: Use) -> tuple[Output, ...]:
    """One step of a recurrent layer: the batch is the input's, the file tells the rest."""
    return ((dtype(use), (dims(use, 0)[0], None)),)


def _windowed(use: Use, kernel: Shape, channels: Dim) -> Shape:
    data = dims(use, 0)
    rank = len(kernel)
    strides, dilations = use.ints("strides") or (1,) * rank, use.ints("dilations") or (1,) * rank
    found: list[Dim] = []
    for length, size, stride, dilation in zip(data[1:-1], kernel, strides, dilations, strict=True):
        if use.text("padding", "SAME") == "SAME":
            found.append(rounded_up_quotient(length, stride) if stride > 0 else None)
            continue
        if not isinstance(size, int):
            raise UnknownCostError("size of the kernel unknown")
        found.append(windows(length, dilation * (size - 1) + 1, stride, 0))
    return (data[0], *found, channels)


_RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(_SAME.split(), same),
    **dict.fromkeys(_ARITHMETIC.split(), broadcasting),
    **dict.fromkeys(_COMPARISONS.split(), comparing),
    **dict.fromkeys(_REDUCTIONS.split(), movement.reducing),
    **dict.fromkeys(("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"), pooling),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), movement.picking),
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), movement.padding),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), resizing),
    **dict.fromkeys(("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN"), following),
    **dict.fromkeys(("BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN"), following),
    **dict.fromkeys(("LSTM", "RNN", "SVDF"), stepping),
    "BATCH_TO_SPACE_ND": from_batch,
    "SPACE_TO_BATCH_ND": to_batch,
    "BATCH_MATMUL": spatial.batched_matrix_product,
    "BROADCAST_TO": movement.broadcasting_to,
    "CONCATENATION": joining,
    "CONV_2D": convolving,
    "CONV_3D": convolving_3d,
    "DEPTHWISE_CONV_2D": convolving_depthwise,
    "DEPTH_TO_SPACE": from_depth,
    "EMBEDDING_LOOKUP": looking_up,
    "EXPAND_DIMS": movement.expanding,
    "FILL": filling,
    "FULLY_CONNECTED": connecting,
    "GATHER": gathering,
    "GATHER_ND": movement.gathering_points,
    "ONE_HOT": movement.marking,
    "PACK": movement.packing,
    "RESHAPE": movement.reshaping,
    "SELECT": choosing,
    "SELECT_V2": movement.choosing,
    "SHAPE": movement.describing,
    "SLICE": movement.cutting,
    "SPACE_TO_DEPTH": to_depth,
    "SPLIT": movement.splitting,
    "SPLIT_V": movement.splitting_unevenly,
    "SQUEEZE": movement.squeezing,
    "STRIDED_SLICE": slicing,
    "TILE": movement.tiling,
    "TOPK_V2": movement.ranking,
    "TRANSPOSE": movement.transposing,
    "TRANSPOSE_CONV": transposed,
    "UNPACK": movement.unpacking,
}
_BY_SHAPE_ALONE: Final = frozenset(
    (*_SAME.split(), *_ARITHMETIC.split(), *_COMPARISONS.split(), "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
)
_WITHOUT_ATTRIBUTES: Final = (same, broadcasting, comparing)
RULES: Final[dict[str, Rule]] = {
    **{f"tflite:{name}": rule for name, rule in _RULES.items()},
    **{name.replace("tensorflow:", "flex:Flex"): rule for name, rule in movement.RULES.items() if rule in _WITHOUT_ATTRIBUTES},
}
"""Of TensorFlow's operators in a .tflite only those whose attributes do not matter, since none are read."""
LOOK_AT_VALUES: Final = frozenset(f"tflite:{name}" for name in _RULES if name not in _BY_SHAPE_ALONE)
"""Rules that depend on constants or shape arithmetic among the inputs."""
