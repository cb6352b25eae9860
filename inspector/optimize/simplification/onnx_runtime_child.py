"""ONNX Runtime's basic optimizations, which no hardware matters to, as a child process runs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from inspector.formats.onnx.read import read
from inspector.optimize.simplification.requests import ToolRequest
from inspector.runtimes.onnx_runtime.write_optimized import write_optimized

_LARGEST_INLINE: Final = 1 << 30


def run(request: ToolRequest, _report: Callable[[int, int, str], None]) -> int:
    """Write the model as the runtime simplifies it and return the size of its file. Raises OperationFailed."""
    weight_bytes = sum(weight.byte_count for weight in read(Path(request.source)).weights)
    target = Path(request.target)
    external = f"{target.name}.data" if weight_bytes > _LARGEST_INLINE else ""
    write_optimized(request.source, request.target, external_name=external, fold_limit=request.fold_limit)
    return target.stat().st_size
