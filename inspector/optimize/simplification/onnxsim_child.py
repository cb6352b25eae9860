"""onnxsim as a child process runs it: by path, so that it reads and writes external data itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import onnx

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.formats.onnx.save_child import SaveRequest, save_in_child
from inspector.optimize.simplification.requests import ToolRequest
from inspector.records.tensor import Dim

_LARGEST_FOLD: Final = (1 << 31) - 10_000
"""onnxsim takes thresholds below this many bytes."""

SKIPPED: Final = ("fuse_matmul_add_bias_into_gemm_batched",)
"""Optimizers that make more nodes than they take: two Reshapes around each Gemm."""

_DECLARED: Final = ".declared.onnx"


def run(request: ToolRequest, _report: Callable[[int, int, str], None]) -> int:
    """Simplify the model and return the size of its file. Raises OperationFailed with what onnxsim says.

    onnxsim's own comparison (check_n) is off: the judge compares.
    """
    import onnxsim

    options: dict[str, Any] = {"check_n": 0, "certify": False, "include_subgraph": True, "skipped_optimizers": [*SKIPPED]}
    if request.fold_limit is not None:
        options["tensor_size_threshold"] = f"{min(request.fold_limit, _LARGEST_FOLD)}B"
    if _has_optional_inputs(request.source):
        options["mutable_initializer"] = True
    source = _declared(request)
    try:
        onnxsim.simplify(source, output_path=request.target, **options)
    except MemoryError:
        raise
    except Exception as error:
        raise OperationFailed(_said(error)) from error
    _forget(source, request)
    return Path(request.target).stat().st_size


def _declared(request: ToolRequest) -> str:
    """Return the path of the model, or of a copy that declares inferred shapes where outputs have none: onnxsim wants them."""
    model = onnx.load(request.source, load_external_data=False)
    pairs = zip(model.graph.output, request.output_shapes, strict=False)
    lacking = [(output, shape) for output, shape in pairs if shape is not None and _lacks_shape(output)]
    if not lacking:
        return request.source
    copy = Path(request.target).with_suffix(_DECLARED)
    save_in_child(SaveRequest(os.fsencode(request.source), os.fsencode(copy), {}), lambda *_: None)
    places = {output.name: shape for output, shape in lacking}
    model = onnx.load(str(copy), load_external_data=False)
    for output in model.graph.output:
        if output.name in places:
            _declare(output.type.tensor_type.shape, places[output.name])
    copy.write_bytes(model.SerializeToString())
    return str(copy)


def _lacks_shape(output: Any) -> bool:
    kind = output.type.tensor_type
    return output.type.HasField("tensor_type") and kind.elem_type != 0 and not kind.HasField("shape")


def _declare(shape: Any, lengths: tuple[Dim, ...]) -> None:
    shape.SetInParent()
    for length in lengths:
        dim = shape.dim.add()
        if isinstance(length, int):
            dim.dim_value = length
        elif length:
            dim.dim_param = length


def _forget(source: str, request: ToolRequest) -> None:
    """Remove the copy with declared shapes, if one was made."""
    if source != request.source:
        for path in Path(source).parent.glob(f"{Path(source).name}*"):
            path.unlink()


def _has_optional_inputs(path: str) -> bool:
    """Return whether weights of the main graph are inputs too, which since IR version 4 makes them defaults."""
    model = onnx.load(path, load_external_data=False)
    names = {tensor.name for tensor in model.graph.initializer}
    return model.ir_version >= 4 and any(value.name in names for value in model.graph.input)


def _said(error: Exception) -> str:
    if "bad_alloc" in str(error):
        raise MemoryError
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    return one_line(" ".join(lines[:3]) or type(error).__name__)
