"""onnxslim, an optional package, as a child process runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import onnx

from inspector.errors import OperationFailed
from inspector.formats.clean_text import one_line
from inspector.optimize.simplification.requests import ToolRequest

_LARGEST_INLINE: Final = 1 << 30
_SMALLEST_EXTERNAL: Final = 1024


def run(request: ToolRequest, _report: Callable[[int, int, str], None]) -> int:
    """Simplify the model and return the size of its file. Raises OperationFailed with what onnxslim says."""
    import onnxslim

    options: dict[str, Any] = {} if request.fold_limit is None else {"size_threshold": request.fold_limit}
    try:
        slimmed = onnxslim.slim(request.source, **options)
    except MemoryError:
        raise
    except BaseException as error:  # it calls sys.exit where it gives up
        raise OperationFailed(one_line(f"{type(error).__name__}: {' '.join(str(error).split())}")) from error
    if slimmed is None:
        raise OperationFailed("it gave no model")
    target = Path(request.target)
    if slimmed.ByteSize() > _LARGEST_INLINE:
        onnx.save(
            slimmed,
            str(target),
            save_as_external_data=True,
            location=f"{target.name}.data",
            size_threshold=_SMALLEST_EXTERNAL,
        )
    else:
        onnx.save(slimmed, str(target))
    return target.stat().st_size
