"""What the environment of a child that runs a model is, beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from inspector.isolation.limits import NUMPY_ON_ONE_THREAD

CHILD_ENVIRONMENT: Final[Mapping[str, str]] = {
    **NUMPY_ON_ONE_THREAD,
    "MALLOC_ARENA_MAX": "2",
}
"""Keeps numpy and the allocator from reserving address space for threads they will not use, which counts against the limit."""
