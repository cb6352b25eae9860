"""Describe the machine a review is made on, without importing any of the packages it names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from inspector.isolation.control_groups import granted
from inspector.records.review import Environment
from inspector.runtimes.installed import installed_version
from inspector.runtimes.processor import processor_flags

_ISA_OF_INTEREST: Final = (
    *("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx_vnni"),
    *("avx_vnni_int8", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16"),
    *("neon", "asimd", "asimddp", "asimdhp", "i8mm", "bf16", "sve", "sve2", "sme", "rvv"),
)
"""Instruction sets that decide how fast inference runs, as Linux names them in /proc/cpuinfo."""

_PACKAGES: Final = (
    *("onnx", "onnxruntime", "onnxruntime-gpu", "numpy", "protobuf", "textual", "tensorflow-cpu", "tensorflow"),
    *("tf2onnx", "ai-edge-litert"),
    *(f"nvidia-{name}" for name in ("cuda-runtime", "cuda-runtime-cu12", "cudnn-cu12", "cudnn-cu13")),
)

_CPUINFO: Final = Path("/proc/cpuinfo")


def environment() -> Environment:
    """Return processor, instruction sets, usable cores, usable memory in bytes, platform and package versions."""
    import platform

    cpuinfo = _read(_CPUINFO)
    return Environment(
        cpu=_processor_name(cpuinfo) or platform.processor() or platform.machine(),
        isa=_instruction_sets(cpuinfo),
        cores=_usable_cores(),
        memory_bytes=_usable_memory(),
        platform=platform.platform(),
        versions=dict(_versions()),
    )


def _processor_name(cpuinfo: str) -> str:
    """Return the name of the first processor described in the text of /proc/cpuinfo, "" where it has none."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Processor", "uarch") and value.strip():
            return value.strip()
    return ""


def _instruction_sets(cpuinfo: str) -> tuple[str, ...]:
    present = processor_flags(cpuinfo)
    return tuple(name for name in _ISA_OF_INTEREST if name in present)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _usable_memory() -> int:
    """Return physical memory, or the container's limit where that is lower; 0 where the platform does not say."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
    limit = granted().memory_bytes
    return physical if limit is None else min(physical, limit)


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", ".".join(str(part) for part in sys.version_info[:3])
    for package in _PACKAGES:
        version = installed_version(package)
        if version:
            yield package, version
    if libc := _libc():
        yield "libc", libc


def _libc() -> str:
    """Return "glibc 2.36"; "" for others, which do not say."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, ValueError, OSError):
        return ""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
