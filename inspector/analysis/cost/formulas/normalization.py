"""Normalizations, for each element; what is done once a row or a channel (roots, divisions) is left out.

Definitions: https://onnx.ai/onnx/operators/. Mean takes one addition, centering one, the square sum two, dividing by the
deviation one, scale and shift one each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from inspector.analysis.cost.use import UnknownCostError, Use, Work


def per_element(operations: int, *, optional: tuple[int, ...] = ()) -> Callable[[Use], Work]:
    """Return the formula of so many operations for each element of input 0, and one for each optional input given."""

    def work(use: Use) -> Work:
        extra = sum(use.has_input(index) for index in optional)
        return Work(others=((operations + extra, *use.input(0)),))

    return work


def local_response(use: Use) -> Work:
    """LRN: squares and sums over size channels, then scales, adds, raises and divides: size + 5."""
    return Work(others=((max(use.integer("size"), 1) + 5, *use.input(0)),))


def embedding(use: Use) -> Work:
    """EmbedLayerNormalization: adds up to three embeddings and normalizes (7)."""
    hidden = use.input(2)[-1]
    additions = 2 if use.has_input(4) else 1
    return Work(others=((additions + 7, *use.input(0), hidden),))


def skip(use: Use) -> Work:
    """SkipLayerNormalization: the residual sum, the optional bias, and the normalization (6, and 1 for beta)."""
    return Work(others=((7 + use.has_input(3) + use.has_input(4), *use.input(0)),))


def group_norm_activated(use: Use) -> Work:
    """com.microsoft GroupNorm: 7, and SiLU's five where it is fused; SkipGroupNorm also adds the residual."""
    operations = 7 + (5 if use.integer("activation") else 0) + (1 if use.node.operator.startswith("Skip") else 0)
    return Work(others=((operations, *use.input(0)),))


def linear_model(use: Use) -> Work:
    """ai.onnx.ml LinearClassifier and LinearRegressor: rows · coefficients multiply-accumulates."""
    coefficients = use.attribute("coefficients")
    if coefficients is None or not isinstance(coefficients.value, tuple):
        raise UnknownCostError("attribute coefficients missing")
    shape = use.input(0)
    rows = shape[0] if len(shape) > 1 else 1
    return Work(macs=((rows, len(coefficients.value)),))


FORMULAS: Final = {
    "BatchNormalization": per_element(2),
    "InstanceNormalization": per_element(7),
    "GroupNormalization": per_element(7),
    "LayerNormalization": per_element(6, optional=(2,)),
    "RMSNormalization": per_element(4),
    "SimplifiedLayerNormalization": per_element(4),
    "LpNormalization": per_element(3),
    "MeanVarianceNormalization": per_element(5),
    "LRN": local_response,
    "com.microsoft:GroupNorm": group_norm_activated,
    "com.microsoft:SkipGroupNorm": group_norm_activated,
    "com.microsoft:SkipLayerNormalization": skip,
    "com.microsoft:SkipSimplifiedLayerNormalization": per_element(5, optional=(3,)),
    "com.microsoft:SimplifiedLayerNormalization": per_element(4),
    "com.microsoft:EmbedLayerNormalization": embedding,
    "ai.onnx.ml:Scaler": per_element(2),
    "ai.onnx.ml:Normalizer": per_element(3),
    "ai.onnx.ml:LinearClassifier": linear_model,
    "ai.onnx.ml:LinearRegressor": linear_model,
}
