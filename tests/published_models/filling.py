"""Gives the published models weights: seeded, and of the sizes training leaves, so that values neither die nor explode."""

from __future__ import annotations

from math import prod, sqrt
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

SEED = 20_240_501
RESIDUAL_GAIN = 0.5
"""Of the spread that keeps variance (He et al. 2015): the sums of residual networks grow otherwise."""


def fill_weights(model_path: Path) -> Path:
    """Write seeded weights into the external file of a published model and return the model's path."""
    model = onnx.load(model_path, load_external_data=False)
    gains = {node.input[1] for node in model.graph.node if node.op_type in ("LayerNormalization", "BatchNormalization")}
    variances = {node.input[4] for node in model.graph.node if node.op_type == "BatchNormalization"}
    random = np.random.default_rng(SEED)
    with (model_path.parent / "weights.bin").open("r+b") as file:
        for weight in model.graph.initializer:
            if weight.data_location == TensorProto.EXTERNAL:
                places = {entry.key: entry.value for entry in weight.external_data}
                file.seek(int(places["offset"]))
                file.write(_values(random, weight, weight.name in gains | variances).tobytes())
    return model_path


def _values(random: np.random.Generator, weight: TensorProto, around_one: bool) -> NDArray[np.generic]:
    shape = tuple(weight.dims)
    if weight.data_type == TensorProto.INT64:
        return np.arange(prod(shape), dtype=np.int64).reshape(shape)
    if around_one:
        return random.uniform(0.8, 1.2, shape).astype(np.float32)
    if len(shape) == 1:
        return random.normal(0, 0.02, shape).astype(np.float32)
    inputs = prod(shape[1:]) if len(shape) == 4 else shape[0]
    spread = RESIDUAL_GAIN * sqrt(2 / inputs) if len(shape) == 4 else min(0.05, 1 / sqrt(inputs))
    return random.normal(0, spread, shape).astype(np.float32)
