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


class _Catalogue(Mapping[OptimizerName, "Optimizer"]):
    """Optimizers by name, in the order a chain usually has; a module is imported when its optimizer is asked for."""

    def __init__(self) -> None:
        self._made: dict[OptimizerName, Optimizer] = {}

    def __getitem__(self, name: OptimizerName) -> Optimizer:
        if name not in self._made:
            module, kind = _PLACES[name]
            self._made[name] = cast("Optimizer", getattr(import_module(module), kind)())
        return self._made[name]

    def __iter__(self) -> Iterator[OptimizerName]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


OPTIMIZERS: Final[Mapping[OptimizerName, Optimizer]] = _Catalogue()
