"""Convolutions, from the definitions in the ONNX operator reference (https://onnx.ai/onnx/operators/).

A bias is the value the accumulation starts from, so it adds no operation: k products and k additions with it.
"""

from __future__ import annotations

from typing import Final

from inspector.analysis.cost.use import Use, Work


def convolution(use: Use) -> Work:
    """Each output element sums over input channels / groups and the kernel: out · W[1] · W[2:], W being [M, C/g, k…]."""
    return Work(macs=((*use.output(), *use.input(1)[1:]),))


def quantized_convolution(use: Use) -> Work:
    """QLinearConv: weights are input 3; each sum is requantized (scale, round, add the zero point)."""
    output = use.output()
    return Work(macs=((*output, *use.input(3)[1:]),), others=((3, *output),))


def transposed_convolution(use: Use) -> Work:
    """Each input element is spread over output channels / groups and the kernel: in · W[1] · W[2:], W being [C, M/g, k…]."""
    return Work(macs=((*use.input(0), *use.input(1)[1:]),))


def deformable_convolution(use: Use) -> Work:
    """Conv on sampled inputs: bilinear sampling takes four multiply-accumulates for each channel and kernel position."""
    output, weight = use.output(), use.input(1)
    channels = use.input(0)[1]
    sampling = (4, output[0], channels, *output[2:], *weight[2:])
    return Work(macs=((*output, *weight[1:]), sampling))


def causal_convolution(use: Use) -> Work:
    """CausalConvWithState: a depthwise convolution of the sequence: out · kernel length, W being [C, 1, k]."""
    return Work(macs=((*use.output(), use.input(1)[-1]),))


FORMULAS: Final = {
    "Conv": convolution,
    "ConvInteger": convolution,
    "QLinearConv": quantized_convolution,
    "ConvTranspose": transposed_convolution,
    "DeformConv": deformable_convolution,
    "CausalConvWithState": causal_convolution,
    "com.microsoft:CausalConvWithState": causal_convolution,
    "com.microsoft:FusedConv": convolution,
    "com.microsoft:QLinearConv": quantized_convolution,
    "com.microsoft:ConvTransposeWithDynamicPads": transposed_convolution,
    "com.microsoft:NhwcConv": convolution,
    "com.microsoft:NhwcFusedConv": convolution,
    "com.microsoft.nchwc:Conv": convolution,
}
