"""A small transformer of four identical blocks that reads a digit as 64 pixel tokens, with its labelled test data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from sample_models import training
from sample_models.digits_data import LEVELS, Digits

WIDTH = 64
HEADS = 4
BLOCKS = 4
TOKENS = 64


class Attention(nn.Module):
    """Multi-head self-attention written out, so that the export shows its matrix products."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def _heads(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.reshape(-1, TOKENS, HEADS, WIDTH // HEADS).transpose(1, 2)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        query, key, value = (self._heads(part(hidden)) for part in (self.query, self.key, self.value))
        scores = torch.softmax(query @ key.transpose(-1, -2) / (WIDTH // HEADS) ** 0.5, dim=-1)
        return self.out((scores @ value).transpose(1, 2).reshape(-1, TOKENS, WIDTH))


class Block(nn.Module):
    """Attention and a feed-forward network, each behind a layer normalization and a residual connection."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = Attention()
        self.feed_forward = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        hidden = hidden + self.attention(self.norm1(hidden))
        return hidden + self.feed_forward(self.norm2(hidden))


class DigitsTransformer(nn.Module):
    """Token ids int64[batch,64] in 0..16 to logits float32[batch,10]."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(LEVELS + 1, WIDTH)
        self.position = nn.Parameter(torch.randn(1, TOKENS, WIDTH))
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, 10)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        hidden = self.blocks(self.embedding(tokens) + self.position)
        return self.head(self.norm(hidden).mean(dim=1))


METADATA = {
    "task": "sequence-classification",
    "labels": "0,1,2,3,4,5,6,7,8,9",
    "preprocessing": "8x8 grayscale pixels rounded to 0..16 and read row by row as 64 token ids",
    "license": "Apache-2.0",
    "training_data": "scikit-learn digits (UCI Optical Recognition of Handwritten Digits), seeded shifts and noise",
}


def _tokens(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(len(pixels), TOKENS).astype(np.int64)


def write(folder: Path, digits: Digits) -> float:
    """Write digits_transformer.onnx and .npz (tokens int64[n,64], label int64[n]); return the test accuracy."""
    torch.manual_seed(2)
    network = DigitsTransformer()
    train_tokens = torch.from_numpy(_tokens(digits.train_pixels))
    training.train(network, train_tokens, torch.from_numpy(digits.train_labels), epochs=24, rate=2e-3)
    path = folder / "digits_transformer.onnx"
    training.export(network, train_tokens[:2], path, "tokens", METADATA, "Handwritten digits read as 64 pixel tokens")
    tokens = _tokens(digits.test_pixels)
    np.savez_compressed(folder / "digits_transformer.npz", tokens=tokens, label=digits.test_labels)
    return training.accuracy(path, "tokens", tokens, digits.test_labels)
