"""scikit-learn's handwritten digits, split by image and multiplied by seeded shifts and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20261123
LEVELS = 16
"""scikit-learn's digits have pixel values 0..16."""


@dataclass(frozen=True)
class Digits:
    """Pixel values 0..16 as float32[n,1,8,8] with labels int64[n]; no original image is in both halves."""

    train_pixels: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_pixels: NDArray[np.float32]
    test_labels: NDArray[np.int64]


def _shift(image: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    moved = np.zeros_like(image)
    height, width = image.shape
    moved[max(rows, 0) : height + min(rows, 0), max(columns, 0) : width + min(columns, 0)] = image[
        max(-rows, 0) : height + min(-rows, 0), max(-columns, 0) : width + min(-columns, 0)
    ]
    return moved


def _variants(images: NDArray[np.float32], copies: int, noise: float, rng: np.random.Generator) -> NDArray[np.float32]:
    out = []
    for image in images:
        for copy in range(copies):
            rows, columns = (0, 0) if copy == 0 else rng.integers(-1, 2, size=2)
            noisy = _shift(image, int(rows), int(columns)) + rng.normal(0.0, noise, size=image.shape)
            out.append(np.clip(np.rint(noisy), 0, LEVELS))
    return np.asarray(out, dtype=np.float32)[:, None]


def load(train_images: int = 1200, train_copies: int = 8, test_copies: int = 5) -> Digits:
    """Return seeded training and test variants (about 9,600 and 3,000 images)."""
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(SEED)
    bunch = load_digits()
    order = rng.permutation(len(bunch.images))
    images, labels = bunch.images[order].astype(np.float32), bunch.target[order].astype(np.int64)
    head, tail = slice(0, train_images), slice(train_images, None)
    return Digits(
        train_pixels=_variants(images[head], train_copies, 0.8, rng),
        train_labels=np.repeat(labels[head], train_copies),
        test_pixels=_variants(images[tail], test_copies, 0.8, rng),
        test_labels=np.repeat(labels[tail], test_copies),
    )
