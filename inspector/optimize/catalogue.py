"""Every optimizer there is, made when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from inspector.records.optimization import OptimizerName

if TYPE_CHECKING:
    from inspector.optimize.optimizer import Optimizer

_PLACES: Final[dict[OptimizerName, tuple[str, str]]] = {
    "simplify": ("inspector.optimize.simplify", "Simplify"),
    "fp16": ("inspector.optimize.half_precision", "HalfPrecision"),
    "int8": ("inspector.optimize.quantize", "Int8"),
    "int8-dynamic": ("inspector.optimize.quantize", "Int8Dynamic"),
    "warmstart": ("inspector.optimize.warmstart", "Warmstart"),
}

_SAVED_MODEL_PLACES: Final[dict[OptimizerName, tuple[str, str]]] = {
    "prune": ("inspector.optimize.prune_saved_model", "PruneSavedModel"),
    "simplify": ("inspector.optimize.simplify_saved_model", "SimplifySavedModel"),
    "to-onnx": ("inspector.optimize.to_onnx", "ToOnnx"),
    "to-litert": ("inspector.optimize.to_litert", "ToLiteRT"),
    "fp16": ("inspector.optimize.to_litert", "HalfLiteRT"),
    "int8": ("inspector.optimize.to_litert", "Int8LiteRT"),
    "int8-dynamic": ("inspector.optimize.to_litert", "Int8DynamicLiteRT"),
}


class _Catalogue(Mapping[OptimizerName, "Optimizer"]):
    """Optimizers by name, in the order a chain usually has; a module is imported when its optimizer is asked for."""

    def __init__(self, places: Mapping[OptimizerName, tuple[str, str]]) -> None:
        self._places = places
        self._made: dict[OptimizerName, Optimizer] = {}

    def __getitem__(self, name: OptimizerName) -> Optimizer:
        if name not in self._made:
            module, kind = self._places[name]
            self._made[name] = cast("Optimizer", getattr(import_module(module), kind)())
        return self._made[name]

    def __iter__(self) -> Iterator[OptimizerName]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


OPTIMIZERS: Final[Mapping[OptimizerName, Optimizer]] = _Catalogue(_PLACES)
"""For ONNX models."""

SAVED_MODEL_OPTIMIZERS: Final[Mapping[OptimizerName, Optimizer]] = _Catalogue(_SAVED_MODEL_PLACES)
"""For SavedModels; after to-onnx, what has become of one is optimized as any ONNX model."""
