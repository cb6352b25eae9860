"""What the environment of a child that runs a model is, beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CHILD_ENVIRONMENT: Final[Mapping[str, str]] = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""Keeps numpy and the allocator from reserving address space for threads they will not use, which counts against the limit."""
