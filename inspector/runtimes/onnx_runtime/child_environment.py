"""What the environment of a child that runs a model is, beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.isolation.limits import NUMPY_ON_ONE_THREAD

WITHOUT_TELEMETRY: Final[Mapping[str, str]] = {"ORT_DISABLE_TELEMETRY": "1"}
"""Keeps ONNX Runtime from leaving the file ".ses" with an identity of its own in the temporary folder when it is imported."""

CHILD_ENVIRONMENT: Final[Mapping[str, str]] = {
    **NUMPY_ON_ONE_THREAD,
    "MALLOC_ARENA_MAX": "2",
    **WITHOUT_TELEMETRY,
}
"""Keeps numpy and the allocator from reserving address space for threads they will not use, which counts against the limit."""
