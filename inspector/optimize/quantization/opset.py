"""Raise an old operator set to the first one that quantizes per channel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inspector.errors import InspectorError
from inspector.isolation.limits import CancelToken
from inspector.optimize.attempts import reason_of
from inspector.optimize.quantization.children import run_in_child
from inspector.optimize.quantization.prepared import ConvertRequest, Named
from inspector.records.event import Steps
from inspector.records.optimization import Attempt, OptimizeSettings

NEEDED_OPSET: Final = 13
"""The first in which QuantizeLinear and DequantizeLinear have an axis (https://onnx.ai/onnx/operators/)."""

LEAST_OPSET: Final = 11
"""The first with DynamicQuantizeLinear; QuantizeLinear came with 10."""

NAME: Final = "opset raised by onnx's version converter"


@dataclass(frozen=True, slots=True)
class Raised:
    """The model to go on with, and what failed."""

    path: str
    attempts: tuple[Attempt, ...] = ()


def raise_opset(named: Named, folder: str, settings: OptimizeSettings, cancel: CancelToken) -> Steps[Raised]:
    """Return the model at opset 13 or later; as it was where the converter fails, which is then an Attempt."""
    if named.opset >= NEEDED_OPSET or named.opset == 0:
        return Raised(named.path)
    if named.external:
        reason = f"opset {named.opset} stays: the converter cannot take models of this size"
        return Raised(named.path, (Attempt(NAME, "not run", reason),))
    target = str(Path(folder, "raised.onnx"))
    request = ConvertRequest(named.path, NEEDED_OPSET, target)
    try:
        yield from run_in_child("prepare_child:convert_opset", request, int, settings, cancel, "raising its opset")
    except InspectorError as error:
        return Raised(named.path, (Attempt(NAME, "failed", reason_of(error)),))
    return Raised(target)
