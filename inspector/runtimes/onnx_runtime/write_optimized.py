"""A model as the runtime rewrites it before running it, written to a file. On the child's side only."""

from __future__ import annotations

from typing import Final, Literal

from inspector.runtimes.onnx_runtime.messages import refusal_text
from inspector.runtimes.onnx_runtime.sessions import RuntimeRefused

SMALLEST_EXTERNAL: Final = 1024
"""Weights of fewer bytes stay in the model file: the runtime refuses shapes that lie outside it."""
_FATAL: Final = 4

Level = Literal["basic", "extended", "all"]
"""basic gives standard operators only, extended the runtime's own as well, all also layouts that this processor likes."""

_LEVELS: Final[dict[Level, str]] = {
    "basic": "ORT_ENABLE_BASIC",
    "extended": "ORT_ENABLE_EXTENDED",
    "all": "ORT_ENABLE_ALL",
}


def write_optimized(
    path: str, target: str, *, external_name: str = "", fold_limit: int | None = None, level: Level = "basic"
) -> None:
    """Write the model at path to target after the runtime's optimizations of a level.

    external_name puts weights into a file of that name beside target; fold_limit keeps constants of more bytes from being
    made. Raises RuntimeRefused with one clean line. Keys: onnxruntime_session_options_config_keys.h of ONNX Runtime.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(_FATAL)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, _LEVELS[level])
    options.optimized_model_filepath = target
    options.enable_cpu_mem_arena = False
    if external_name:
        options.add_session_config_entry("session.optimized_model_external_initializers_file_name", external_name)
        options.add_session_config_entry(
            "session.optimized_model_external_initializers_min_size_in_bytes", str(SMALLEST_EXTERNAL)
        )
    if fold_limit is not None:
        options.add_session_config_entry("optimization.constant_folding_max_output_size_in_bytes", str(fold_limit))
    try:
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as error:  # the runtime's exceptions share no base class
        text = refusal_text(error)
        if "bad_alloc" in text.lower() or "failed to allocate memory" in text.lower():
            raise MemoryError(text) from None
        raise RuntimeRefused(f"the runtime cannot load it: {text}") from None
