"""Convolutions and pooling of TensorFlow, from the definitions in its API reference (https://www.tensorflow.org/api_docs/python/tf/raw_ops).

Filters are [kernel…, input channels / groups, output channels], or [height, width, channels, multiplier] for depthwise ones.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Final

from inspector.analysis.cost.use import UnknownCostError, Use, Work


def convolution(use: Use) -> Work:
    """Each output element sums over the kernel and the input channels of its group: out · filter[:-1]."""
    return Work(macs=((*use.output(), *use.input(1)[:-1]),))


def depthwise_convolution(use: Use) -> Work:
    """Each output element sums over the kernel of its own channel: out · filter[:2]."""
    return Work(macs=((*use.output(), *use.input(1)[:2]),))


def transposed_convolution(use: Use) -> Work:
    """Conv2DBackpropInput: each element of input 2 is spread over the kernel and the output's channels: in · filter[:-1]."""
    return Work(macs=((*use.input(2), *use.input(1)[:-1]),))


def depthwise_transposed_convolution(use: Use) -> Work:
    """DepthwiseConv2dNativeBackpropInput: each element of input 2 is spread over the kernel: in · filter[:2]."""
    return Work(macs=((*use.input(2), *use.input(1)[:2]),))


def filter_gradient(use: Use) -> Work:
    """Conv2DBackpropFilter: each element of input 2 meets the kernel and the input channels: in · filter[:-1]."""
    return Work(macs=((*use.input(2), *use.output()[:-1]),))


def dilation(use: Use) -> Work:
    """Dilation2D: each output element adds the kernel's values and takes the largest: out · filter[:2] additions."""
    return Work(others=((*use.output(), *use.input(1)[:2]),))


def window(per_position: int) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each position of the window at each output element (AvgPool: 1)."""

    def work(use: Use) -> Work:
        sizes = use.ints("ksize")
        if not sizes:
            raise UnknownCostError("attribute ksize missing")
        return Work(others=((per_position, *use.output(), prod(sizes)),))

    return work


FORMULAS: Final = {
    "tensorflow:Conv": convolution,
    "tensorflow:Conv2D": convolution,
    "tensorflow:Conv3D": convolution,
    "tensorflow:_FusedConv2D": convolution,
    "tensorflow:QuantizedConv2D": convolution,
    "tensorflow:DepthwiseConv2dNative": depthwise_convolution,
    "tensorflow:_FusedDepthwiseConv2dNative": depthwise_convolution,
    "tensorflow:Conv2DBackpropInput": transposed_convolution,
    "tensorflow:Conv3DBackpropInput": transposed_convolution,
    "tensorflow:Conv3DBackpropInputV2": transposed_convolution,
    "tensorflow:DepthwiseConv2dNativeBackpropInput": depthwise_transposed_convolution,
    "tensorflow:Conv2DBackpropFilter": filter_gradient,
    "tensorflow:Conv3DBackpropFilterV2": filter_gradient,
    "tensorflow:Dilation2D": dilation,
    "tensorflow:AvgPool": window(1),
    "tensorflow:AvgPool3D": window(1),
}
