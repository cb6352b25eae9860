"""ResNet-50 and MobileNetV2 as torchvision defines them, on 224 x 224 images.

ResNet-50: https://arxiv.org/abs/1512.03385 with the stride in the 3 x 3 convolution ("v1.5", as torchvision's 4.09 G counts).
MobileNetV2: table 2 of https://arxiv.org/abs/1801.04381.
"""

from __future__ import annotations

from pathlib import Path

from tests.published_models.building import GraphBuilder, tensor

_RESNET_STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""Width, blocks, stride of the first block."""

_MOBILENET_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, channels, blocks, stride of the first block."""


class _Images(GraphBuilder):
    """Convolutions followed by batch normalization, which exporters fold into weight and bias."""

    def __init__(self, *, folded: bool) -> None:
        super().__init__()
        self.folded = folded

    def convolution(self, x: str, channels: int, filters: int, kernel: int, stride: int = 1, group: int = 1) -> str:
        weights = [self.weight(filters, channels // group, kernel, kernel)]
        if self.folded:
            weights.append(self.weight(filters))
        padding = kernel // 2
        x = self.node(
            "Conv",
            x,
            *weights,
            kernel_shape=(kernel, kernel),
            strides=(stride, stride),
            pads=(padding,) * 4,
            group=group,
        )
        return x if self.folded else self.node("BatchNormalization", x, *(self.weight(filters) for _ in range(4)))

    def classifier(self, x: str, channels: int) -> None:
        x = self.node("Flatten", self.node("GlobalAveragePool", x))
        self.node("Gemm", x, self.weight(1000, channels), self.weight(1000), transB=1)

    def save_classifier(self, folder: Path) -> Path:
        return self.save(folder, (tensor("image", "batch", 3, 224, 224),), tensor("logits", "batch", 1000))


def save_resnet50(folder: Path, *, folded: bool = True) -> Path:
    """Write ResNet-50 into the folder, batch normalization folded as exporters do or kept, and return the model's path."""
    images = _Images(folded=folded)
    x = images.node("Relu", images.convolution("image", 3, 64, 7, stride=2))
    x = images.node("MaxPool", x, kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1))
    channels = 64
    for width, blocks, first_stride in _RESNET_STAGES:
        for block in range(blocks):
            x = _bottleneck(images, x, channels, width, first_stride if block == 0 else 1)
            channels = 4 * width
    images.classifier(x, channels)
    return images.save_classifier(folder)


def save_mobilenet_v2(folder: Path, *, folded: bool = True) -> Path:
    """Write MobileNetV2 of width 1.0 into the folder, batch normalization folded or kept, and return the model's path."""
    images = _Images(folded=folded)
    zero, six = images.number(0.0), images.number(6.0)
    x = images.node("Clip", images.convolution("image", 3, 32, 3, stride=2), zero, six)
    channels = 32
    for expansion, filters, blocks, first_stride in _MOBILENET_STAGES:
        for block in range(blocks):
            stride = first_stride if block == 0 else 1
            hidden = channels * expansion
            y = x
            if expansion != 1:
                y = images.node("Clip", images.convolution(y, channels, hidden, 1), zero, six)
            y = images.node("Clip", images.convolution(y, hidden, hidden, 3, stride, group=hidden), zero, six)
            y = images.convolution(y, hidden, filters, 1)
            x = images.node("Add", x, y) if stride == 1 and channels == filters else y
            channels = filters
    x = images.node("Clip", images.convolution(x, channels, 1280, 1), zero, six)
    images.classifier(x, 1280)
    return images.save_classifier(folder)


def _bottleneck(images: _Images, x: str, channels: int, width: int, stride: int) -> str:
    y = images.node("Relu", images.convolution(x, channels, width, 1))
    y = images.node("Relu", images.convolution(y, width, width, 3, stride))
    y = images.convolution(y, width, 4 * width, 1)
    if channels != 4 * width:
        x = images.convolution(x, channels, 4 * width, 1, stride)
    return images.node("Relu", images.node("Add", y, x))
