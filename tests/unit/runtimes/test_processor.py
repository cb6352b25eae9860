"""What a processor offers for 8-bit arithmetic, told from what Linux says of it."""

from __future__ import annotations

import pytest

from inspector.runtimes.processor import _arithmetic, integer_arithmetic

ICE_LAKE = (
    "processor\t: 0\nmodel name\t: X\nflags\t\t: fpu sse4_2 avx2 avx512f avx512_vnni amx_tile\n\n"
    "processor\t: 1\nflags\t\t: fpu\n"
)
HASWELL = "flags\t\t: fpu sse4_2 avx avx2 fma\n"
GRAVITON = "processor\t: 0\nFeatures\t: fp asimd asimddp sve\n"


@pytest.mark.parametrize(
    ("machine", "system", "cpuinfo", "architecture", "instructions", "known"),
    [
        ("x86_64", "linux", ICE_LAKE, "x86", "AVX512-VNNI", True),
        ("AMD64", "linux", "flags: avx2 avx_vnni", "x86", "AVX-VNNI", True),
        ("x86_64", "linux", HASWELL, "x86", "", True),
        ("x86_64", "darwin", "", "x86", "", False),
        ("aarch64", "linux", GRAVITON, "arm", "the Arm dot-product instructions", True),
        ("aarch64", "linux", "Features: fp asimd", "arm", "", True),
        ("arm64", "darwin", "", "arm", "the Arm dot-product instructions", True),
        ("riscv64", "linux", "isa: rv64", "other", "", False),
    ],
)
def test_tells_what_multiplies_8_bit_numbers(
    machine: str, system: str, cpuinfo: str, architecture: str, instructions: str, known: bool
) -> None:
    found = _arithmetic(machine, system, cpuinfo)
    assert (found.architecture, found.instructions, found.known) == (architecture, instructions, known)


def test_tells_of_this_machine() -> None:
    assert integer_arithmetic().architecture in ("x86", "arm", "other")
