"""Shapes of TensorFlow's convolutions, pooling, resizing and matrix products.

Definitions: https://www.tensorflow.org/api_docs/python/tf/raw_ops. Channels are last unless data_format puts them second.
"""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.shapes.lengths import broadcast, quotient, rounded_up_quotient, times, windows
from inspector.analysis.cost.shapes.rule import Output, Rule, dims, dtype, lengths
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.tensor import Dim, Shape


def convolving(use: Use) -> tuple[Output, ...]:
    """Conv2D, Conv3D: the filter's last dimension is the number of output channels."""
    filters = dims(use, 1)
    return ((dtype(use), _windowed(use, filters[:-2], filters[-1])),)


def convolving_depthwise(use: Use) -> tuple[Output, ...]:
    """DepthwiseConv2dNative: channels times the filter's last dimension."""
    filters = dims(use, 1)
    return ((dtype(use), _windowed(use, filters[:2], times(filters[2:]))),)


def given_sizes(use: Use) -> tuple[Output, ...]:
    """Conv2DBackpropInput: the shape is the first input; where a length of it is not known, only the filter tells channels."""
    sizes = list(lengths(use, 0))
    sizes[_channel_axis(use, len(sizes))] = dims(use, 1)[-2]
    return ((dtype(use, 2), tuple(None if size == -1 else size for size in sizes)),)


def pooling(use: Use) -> tuple[Output, ...]:
    """MaxPool, AvgPool and their three-dimensional kin: windows of ksize in every dimension."""
    data, sizes = dims(use, 0), use.ints("ksize")
    if sizes is None or len(sizes) != len(data):
        raise UnknownCostError("attribute ksize missing")
    spatial = _spatial_axes(use, len(data))
    channels = data[_channel_axis(use, len(data))]
    return ((dtype(use), _windowed(use, tuple(sizes[axis] for axis in spatial), channels)),)


def resizing(use: Use) -> tuple[Output, ...]:
    """ResizeBilinear and its kin: height and width are the second input."""
    data, size = dims(use, 0), lengths(use, 1)
    kind = dtype(use) if use.node.operator == "ResizeNearestNeighbor" else "float32"
    return ((kind, (data[0], size[0], size[1], data[3])),)


def depth_to_space(use: Use) -> tuple[Output, ...]:
    """DepthToSpace: blocks of channels become positions."""
    batch, height, width, channels = _channels_last(use)
    block = use.integer("block_size", 1)
    shape = (batch, times((height, block)), times((width, block)), quotient(channels, block * block))
    return ((dtype(use), _as_given(use, shape)),)


def space_to_depth(use: Use) -> tuple[Output, ...]:
    """SpaceToDepth: blocks of positions become channels."""
    batch, height, width, channels = _channels_last(use)
    block = use.integer("block_size", 1)
    shape = (batch, quotient(height, block), quotient(width, block), times((channels, block * block)))
    return ((dtype(use), _as_given(use, shape)),)


def matrix_product(use: Use) -> tuple[Output, ...]:
    """MatMul: two matrices, each of which may be transposed."""
    return ((dtype(use), _product(use, use.integer("transpose_a"), use.integer("transpose_b"))),)


def batched_matrix_product(use: Use) -> tuple[Output, ...]:
    """BatchMatMul: batch dimensions broadcast."""
    return ((dtype(use), _product(use, use.integer("adj_x"), use.integer("adj_y"))),)


def summing_indexes(use: Use) -> tuple[Output, ...]:
    """Einsum without an ellipsis: each index of the result has the length it has in an operand."""
    left, arrow, right = use.text("equation", "").replace(" ", "").partition("->")
    terms = left.split(",")
    if not arrow or "." in left or len(terms) != len(use.node.inputs):
        raise UnknownCostError("equation with an ellipsis or without a result")
    extents: dict[str, Dim] = {}
    for position, term in enumerate(terms):
        for index, dim in zip(term, dims(use, position), strict=True):
            if extents.get(index) in (None, 1):
                extents[index] = dim
    return ((dtype(use), tuple(extents.get(index) for index in right)),)


def _product(use: Use, transpose_left: int, transpose_right: int) -> Shape:
    left, right = dims(use, 0), dims(use, 1)
    if len(left) < 2 or len(right) < 2:
        raise UnknownCostError("operand is no matrix")
    rows = left[-1] if transpose_left else left[-2]
    columns = right[-2] if transpose_right else right[-1]
    return (*broadcast((left[:-2], right[:-2])), rows, columns)


def _windowed(use: Use, kernel: Shape, channels: Dim) -> Shape:
    data = dims(use, 0)
    rank = len(data)
    spatial = _spatial_axes(use, rank)
    if len(kernel) != len(spatial):
        raise UnknownCostError("kernel does not fit the data")
    strides, dilations = use.ints("strides") or (1,) * rank, use.ints("dilations") or (1,) * rank
    explicit = use.ints("explicit_paddings") or (0,) * (2 * rank)
    padding = use.text("padding", "VALID")
    result = list(data)
    result[_channel_axis(use, rank)] = channels
    for axis, size in zip(spatial, kernel, strict=True):
        if padding == "SAME":
            result[axis] = rounded_up_quotient(data[axis], strides[axis])
            continue
        if not isinstance(size, int):
            raise UnknownCostError("kernel size unknown")
        added = explicit[2 * axis] + explicit[2 * axis + 1] if padding == "EXPLICIT" else 0
        result[axis] = windows(data[axis], dilations[axis] * (size - 1) + 1, strides[axis], added)
    return tuple(result)


def _is_channels_first(use: Use) -> bool:
    return use.text("data_format", "NHWC").startswith("NC")


def _channel_axis(use: Use, rank: int) -> int:
    return 1 if _is_channels_first(use) else rank - 1


def _spatial_axes(use: Use, rank: int) -> range:
    return range(2, rank) if _is_channels_first(use) else range(1, rank - 1)


def _channels_last(use: Use) -> Shape:
    data = dims(use, 0)
    return (data[0], data[2], data[3], data[1]) if _is_channels_first(use) else data


def _as_given(use: Use, shape: Shape) -> Shape:
    return (shape[0], shape[3], shape[1], shape[2]) if _is_channels_first(use) else shape


_RULES: Final[dict[str, Rule]] = {
    **dict.fromkeys(("Conv2D", "Conv3D", "_FusedConv2D"), convolving),
    "DepthwiseConv2dNative": convolving_depthwise,
    **dict.fromkeys(("Conv2DBackpropInput", "Conv3DBackpropInputV2", "DepthwiseConv2dNativeBackpropInput"), given_sizes),
    **dict.fromkeys(("AvgPool", "AvgPool3D", "MaxPool", "MaxPool3D"), pooling),
    **dict.fromkeys(("ResizeArea", "ResizeBicubic", "ResizeBilinear", "ResizeNearestNeighbor"), resizing),
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
    **dict.fromkeys(("MatMul", "_FusedMatMul"), matrix_product),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), batched_matrix_product),
    "Einsum": summing_indexes,
}
RULES: Final[dict[str, Rule]] = {f"tensorflow:{name}": rule for name, rule in _RULES.items()}
LOOK_AT_VALUES: Final = frozenset(
    f"tensorflow:{name}" for name in _RULES if name.startswith("Resize") or "BackpropInput" in name
)
"""Rules that depend on constants or shape arithmetic among the inputs."""
