"""A small convolutional network that reads handwritten digits, with its labelled test data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from sample_models import training
from sample_models.digits_data import LEVELS, Digits


class DigitsCnn(nn.Module):
    """Two stages of convolution and pooling, then two dense layers; input float32[batch,1,8,8] in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.stage1 = nn.Sequential(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2))
        self.stage2 = nn.Sequential(nn.Conv2d(64, 96, 3, padding=1), nn.BatchNorm2d(96), nn.ReLU(), nn.MaxPool2d(2))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(96 * 4, 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, 10))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.head(self.stage2(self.stage1(self.stem(image))))


METADATA = {
    "task": "image-classification",
    "labels": "0,1,2,3,4,5,6,7,8,9",
    "preprocessing": "grayscale 8x8, pixel values divided by 16 to lie in 0..1, layout NCHW",
    "license": "Apache-2.0",
    "training_data": "scikit-learn digits (UCI Optical Recognition of Handwritten Digits), seeded shifts and noise",
}


def write(folder: Path, digits: Digits) -> float:
    """Write digits_cnn.onnx and digits_cnn.npz (image float32[n,1,8,8], label int64[n]); return the test accuracy."""
    torch.manual_seed(1)
    network = DigitsCnn()
    train_images = torch.from_numpy(digits.train_pixels / LEVELS)
    training.train(network, train_images, torch.from_numpy(digits.train_labels), epochs=14, rate=3e-3)
    path = folder / "digits_cnn.onnx"
    training.export(network, train_images[:2], path, "image", METADATA, "Handwritten digits, 8x8 pixels")
    images = (digits.test_pixels / LEVELS).astype(np.float32)
    np.savez_compressed(folder / "digits_cnn.npz", image=images, label=digits.test_labels)
    return training.accuracy(path, "image", images, digits.test_labels)
