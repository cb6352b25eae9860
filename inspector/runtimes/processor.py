"""What this machine's processor offers for 8-bit arithmetic, read without importing anything heavy."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

_CPUINFO: Final = Path("/proc/cpuinfo")

_MOST_BYTES: Final = 1 << 20
"""Of /proc/cpuinfo: the first processor is described in the first few kilobytes."""

_X86: Final = ("avx512_vnni", "avx_vnni", "amx_int8")
_NAMES: Final = {
    "avx512_vnni": "AVX512-VNNI",
    "avx_vnni": "AVX-VNNI",
    "amx_int8": "AMX-INT8",
    "asimddp": "the Arm dot-product instructions",
}

Architecture = Literal["x86", "arm", "other"]


@dataclass(frozen=True, slots=True)
class IntegerArithmetic:
    """How a processor multiplies 8-bit integers.

    instructions is the name of those that add four products into 32 bits without saturating, "" where there are none;
    known is False where the platform does not tell.
    """

    architecture: Architecture
    instructions: str
    known: bool = True


@cache
def integer_arithmetic() -> IntegerArithmetic:
    """Return what this machine's processor offers for 8-bit arithmetic; the flags come from /proc/cpuinfo."""
    try:
        with _CPUINFO.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_MOST_BYTES)
    except OSError:
        text = ""
    return _arithmetic(platform.machine(), sys.platform, text)


def _arithmetic(machine: str, system: str, cpuinfo: str) -> IntegerArithmetic:
    """Return what a machine of that name offers, from the text of its /proc/cpuinfo ("" where there is none)."""
    name = machine.lower()
    flags = processor_flags(cpuinfo)
    if name in ("x86_64", "amd64", "i386", "i686"):
        found = next((flag for flag in _X86 if flag in flags), "")
        return IntegerArithmetic("x86", _NAMES.get(found, ""), bool(flags))
    if name.startswith(("aarch64", "arm")):
        has = "asimddp" in flags or system == "darwin"  # every Apple processor for Macs has them
        return IntegerArithmetic("arm", _NAMES["asimddp"] if has else "", bool(flags) or system == "darwin")
    return IntegerArithmetic("other", "", known=False)


def processor_flags(cpuinfo: str) -> frozenset[str]:
    """Return the instruction sets of the first processor in the text of /proc/cpuinfo, as Linux names them."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()
