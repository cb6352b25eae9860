"""Shapes of convolutions, pooling and resizing over [batch, channels, spatial…]."""

from __future__ import annotations

from math import floor
from typing import Final

from inspector.analysis.cost.shapes.lengths import plus, quotient, rounded_up_quotient, times, windows
from inspector.analysis.cost.shapes.rule import Output, Rule, dims, dtype
from inspector.analysis.cost.use import UnknownCostError, Use
from inspector.records.tensor import Dim, Shape


def convolving(weight: int = 1, element_type: int | str = 0) -> Rule:
    """Return the rule of a convolution whose weight is that input, and whose result has that type or that input's."""

    def rule(use: Use) -> tuple[Output, ...]:
        data, filters = dims(use, 0), dims(use, weight)
        spatial = _windowed(use, data[2:], use.ints("kernel_shape") or filters[2:])
        kind = element_type if isinstance(element_type, str) else dtype(use, element_type)
        return ((kind, (data[0], filters[0], *spatial)),)

    return rule


def transposed_convolving(use: Use) -> tuple[Output, ...]:
    """ConvTranspose: stride·(in - 1) + output padding + dilated kernel - pads, or in·stride where padding is automatic."""
    data, filters = dims(use, 0), dims(use, 1)
    channels = times((filters[1], use.integer("group", 1)))
    given = use.ints("output_shape")
    if given is not None:
        return ((dtype(use), (data[0], channels, *given[-(len(data) - 2) :])),)
    kernel = use.ints("kernel_shape") or filters[2:]
    rank = len(kernel)
    strides, dilations = _each(use, "strides", rank), _each(use, "dilations", rank)
    extra, pads = use.ints("output_padding") or (0,) * rank, use.ints("pads") or (0,) * (2 * rank)
    automatic = use.text("auto_pad", "NOTSET")
    spatial: list[Dim] = []
    for axis, (length, size) in enumerate(zip(data[2:], kernel, strict=True)):
        if automatic.startswith("SAME"):
            spatial.append(times((length, strides[axis])))
            continue
        padding = 0 if automatic == "VALID" else pads[axis] + pads[axis + rank]
        rest = extra[axis] + _span(size, dilations[axis]) - padding - strides[axis]
        spatial.append(plus(times((length, strides[axis])), rest))
    return ((dtype(use), (data[0], channels, *spatial)),)


def pooling(use: Use) -> tuple[Output, ...]:
    """AveragePool, MaxPool (whose second output is the indexes) and LpPool."""
    data = dims(use, 0)
    spatial = _windowed(use, data[2:], use.ints("kernel_shape") or ())
    shape = (*data[:2], *spatial)
    return ((dtype(use), shape), ("int64", shape))


def pooling_globally(use: Use) -> tuple[Output, ...]:
    """Global pooling leaves one element a channel."""
    data = dims(use, 0)
    return ((dtype(use), (*data[:2], *(1 for _ in data[2:]))),)


def resizing(use: Use) -> tuple[Output, ...]:
    """Resize and Upsample to constant sizes or by constant scales."""
    data = dims(use, 0)
    if use.attribute("axes") is not None or use.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnknownCostError("only some axes are resized")
    sizes = use.integers(3)
    if sizes:
        return ((dtype(use), sizes),)
    scales = use.value(2 if use.node.operator == "Resize" and len(use.node.inputs) > 2 else 1)
    if not scales or len(scales) != len(data):
        raise UnknownCostError("scales are not constant")
    return ((dtype(use), tuple(_scaled(length, scale) for length, scale in zip(data, scales, strict=True))),)


def depth_to_space(use: Use) -> tuple[Output, ...]:
    """DepthToSpace: blocks of channels become positions."""
    batch, channels, height, width = dims(use, 0)
    block = use.integer("blocksize", 1)
    return ((dtype(use), (batch, quotient(channels, block * block), times((height, block)), times((width, block)))),)


def space_to_depth(use: Use) -> tuple[Output, ...]:
    """SpaceToDepth: blocks of positions become channels."""
    batch, channels, height, width = dims(use, 0)
    block = use.integer("blocksize", 1)
    return ((dtype(use), (batch, times((channels, block * block)), quotient(height, block), quotient(width, block))),)


def _windowed(use: Use, lengths: Shape, kernel: Shape) -> Shape:
    rank = len(lengths)
    if len(kernel) != rank:
        raise UnknownCostError("kernel does not fit the data")
    strides, dilations = _each(use, "strides", rank), _each(use, "dilations", rank)
    pads = use.ints("pads") or (0,) * (2 * rank)
    automatic, round_up = use.text("auto_pad", "NOTSET"), use.integer("ceil_mode") == 1
    result: list[Dim] = []
    for axis, (length, size) in enumerate(zip(lengths, kernel, strict=True)):
        if automatic.startswith("SAME"):
            result.append(rounded_up_quotient(length, strides[axis]))
            continue
        padding = 0 if automatic == "VALID" else pads[axis] + pads[axis + rank]
        if round_up:
            result.append(_rounded_up(length, _span(size, dilations[axis]), strides[axis], padding, pads[axis]))
        else:
            result.append(windows(length, _span(size, dilations[axis]), strides[axis], padding))
    return tuple(result)


def _rounded_up(length: Dim, span: int, stride: int, padding: int, start: int) -> Dim:
    count = windows(length, span, stride, padding, round_up=True)
    # A window that would start in the padding at the end is dropped.
    if isinstance(length, int) and isinstance(count, int) and (count - 1) * stride >= length + start:
        return count - 1
    return count


def _span(size: Dim, dilation: int) -> int:
    if not isinstance(size, int):
        raise UnknownCostError("kernel size unknown")
    return dilation * (size - 1) + 1


def _each(use: Use, name: str, rank: int) -> tuple[int, ...]:
    return use.ints(name) or (1,) * rank


def _scaled(length: Dim, scale: float) -> Dim:
    if isinstance(length, int):
        return floor(length * scale)
    if scale == int(scale):
        return times((length, int(scale)))
    return quotient(length, round(1 / scale)) if scale and 1 / scale == round(1 / scale) else None


_POOLS: Final = ("AveragePool", "MaxPool", "LpPool")
_GLOBAL_POOLS: Final = ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")

RULES: Final[dict[str, Rule]] = {
    "Conv": convolving(),
    "ConvInteger": convolving(element_type="int32"),
    "QLinearConv": convolving(3, 7),
    "DeformConv": convolving(),
    "com.microsoft:FusedConv": convolving(),
    "ConvTranspose": transposed_convolving,
    **dict.fromkeys(_POOLS, pooling),
    **dict.fromkeys(_GLOBAL_POOLS, pooling_globally),
    "Resize": resizing,
    "Upsample": resizing,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}
