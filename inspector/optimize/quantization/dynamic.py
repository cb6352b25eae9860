"""The search for dynamic int8: per channel, else per tensor, then the worst nodes in fp32."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inspector.optimize.quantization.fallback import fall_back
from inspector.optimize.quantization.fallback_trial import Trial, Tried
from inspector.optimize.quantization.fallback_trials import Trials
from inspector.optimize.quantization.number_types import NumberTypes
from inspector.optimize.quantization.static import HOPELESS
from inspector.records.event import Steps

_PRODUCTS: Final = ("Attention", "LSTM", "MatMul")
"""Gemm becomes MatMul before it is quantized."""

_EMBEDDING: Final = "Gather"


def search_dynamic(trials: Trials, types: NumberTypes, convolutions: bool) -> Steps[Tried | None]:
    """Try ways of dynamic quantization until one passes; convolutions says whether they are quantized, too."""
    operators = (*_PRODUCTS, _EMBEDDING, "Conv") if convolutions else (*_PRODUCTS, _EMBEDDING)
    first = Trial("dynamic", types, tuple(sorted(operators)), per_channel=trials.prepared.opset >= 13)
    tried = yield from trials.run(first)
    if tried.failed_at in ("quantizer", "checker", "load"):
        for other in _plainer(first):
            if trials.over_budget:
                break
            plainer = yield from trials.run(other)
            tried = plainer if plainer.failed_at != "quantizer" else tried
            if tried.failed_at not in ("quantizer", "checker", "load"):
                break
    if tried.enough or tried.failed_at in (*HOPELESS, "quantizer", "size"):
        return tried
    return (yield from fall_back(trials, tried))


def _plainer(trial: Trial) -> list[Trial]:
    """Return ways that ask less of the quantizer: one scale a tensor, no embeddings, matrix products alone."""
    per_tensor = replace(trial, per_channel=False)
    fewer = tuple(operator for operator in trial.operators if operator != _EMBEDDING)
    plain = replace(per_tensor, operators=fewer, note="no embeddings")
    ways = [per_tensor, plain, replace(plain, operators=("MatMul",), note="MatMul only")]
    return [way for way in ways if way.key != trial.key]
