"""What of this machine's processor decides how ONNX Runtime lays out weights, read without importing anything heavy."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path
from typing import Final

from inspector.runtimes.processor import processor_flags

_CPUINFO: Final = Path("/proc/cpuinfo")
_MOST_BYTES: Final = 1 << 20

_DECISIVE: Final = ("sse4_1", "avx", "avx2", "fma", "avx512f", "asimd")
"""Flags that choose the kernels of MLAS, and with them the width of its blocks (onnxruntime/core/mlas/lib/platform.cpp)."""


@cache
def layout_processor() -> tuple[str, ...]:
    """Return the architecture and the instruction sets that decide layouts, as Linux names them; empty: it does not tell."""
    try:
        with _CPUINFO.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_BYTES)
    except OSError:
        text = ""
    return layout_of(platform.machine(), text)


def layout_of(machine: str, cpuinfo: str) -> tuple[str, ...]:
    """Return the same for a machine of that name with that text of /proc/cpuinfo ("" where there is none)."""
    flags = processor_flags(cpuinfo)
    if not machine or not flags:
        return ()
    return (machine.lower(), *(name for name in _DECISIVE if name in flags))
