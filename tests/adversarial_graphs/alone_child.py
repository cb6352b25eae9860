"""One converter alone, as its documentation says to use it, in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import onnx


@dataclass(frozen=True, slots=True)
class AloneRequest:
    """The model to convert, with what, and where to."""

    path: str
    converter: str
    output: str


def convert_alone(request: AloneRequest, report: Callable[[int, int, str], None]) -> str:
    """Convert a file with inputs and outputs kept in fp32; return nothing."""
    onnx.save(_converted(onnx.load(request.path), request.converter), request.output)
    return ""


def _converted(model: onnx.ModelProto, converter: str) -> Any:
    if converter == "onnxruntime":
        from onnxruntime.transformers.float16 import convert_float_to_float16

        return convert_float_to_float16(model, keep_io_types=True)
    if converter == "onnxconverter-common":
        from onnxconverter_common.float16 import convert_float_to_float16 as convert

        return convert(model, keep_io_types=True)
    import onnxsim

    return onnxsim.quantize_fp16(model, keep_io_types=True)
