"""Which instruction sets decide a layout."""

from __future__ import annotations

import platform

import pytest

from inspector.runtimes.processor_layout import layout_of, layout_processor


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "expected"),
    [
        ("x86_64", "processor\t: 0\nflags\t\t: fpu sse4_1 avx2 fma avx vnni\n", ("x86_64", "sse4_1", "avx", "avx2", "fma")),
        ("x86_64", "flags : avx avx512f\n\nprocessor : 1\nflags : sse4_1\n", ("x86_64", "avx", "avx512f")),
        ("aarch64", "Features\t: fp asimd i8mm\n", ("aarch64", "asimd")),
        ("x86_64", "", ()),
        ("", "flags : avx\n", ()),
    ],
)
def test_the_flags_that_decide_are_told_in_one_order(machine: str, cpuinfo: str, expected: tuple[str, ...]) -> None:
    assert layout_of(machine, cpuinfo) == expected


def test_this_machine() -> None:
    assert layout_processor()[:1] in ((platform.machine().lower(),), ())
