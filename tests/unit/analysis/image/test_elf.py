"""First bytes of programs: ELF, scripts, programs of other systems."""

from __future__ import annotations

import sys
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.analysis.image.elf import Elf, foreign_program, parse_elf, script_interpreter


def elf(machine: int = 62, bits: int = 64, kind: int = 2, loader: str = "", order: str = "<") -> bytes:
    """Return an ELF file of nothing but its header and, with a loader, the segment that names it."""
    identity = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    text = loader.encode() + b"\0"
    if bits == 64:
        header = pack(f"{order}HHIQQQIHHHHHH", kind, machine, 1, 0, 64, 0, 0, 64, 56, 1 if loader else 0, 0, 0, 0)
        segment = pack(f"{order}IIQQQQQQ", 3, 4, 120, 0, 0, len(text), len(text), 1)
    else:
        header = pack(f"{order}HHIIIIIHHHHHH", kind, machine, 1, 0, 52, 0, 0, 52, 32, 1 if loader else 0, 0, 0, 0)
        segment = pack(f"{order}IIIIIIII", 3, 84, 0, 0, len(text), len(text), 4, 1)
    return identity + header + (segment + text if loader else b"")


@pytest.mark.parametrize(
    ("machine", "bits", "order", "name"),
    [
        (62, 64, "<", "amd64"),
        (183, 64, "<", "arm64"),
        (3, 32, "<", "386"),
        (22, 64, ">", "s390x"),
        (21, 64, "<", "ppc64le"),
        (21, 64, ">", "ppc64"),
        (40, 32, "<", "arm"),
        (999, 64, "<", "machine 999"),
    ],
)
def test_machines(machine: int, bits: int, order: str, name: str) -> None:
    assert parse_elf(elf(machine, bits, order=order)[:64]) == Elf(name, bits, True)


@pytest.mark.parametrize(("bits", "loader"), [(64, "/lib64/ld-linux-x86-64.so.2"), (32, "/lib/ld-linux.so.2")])
def test_the_loader_is_read_where_the_head_reaches(bits: int, loader: str) -> None:
    head = elf(bits=bits, loader=loader)
    found = parse_elf(head)
    assert found is not None
    assert found.loader == loader
    cut = parse_elf(head[:64])
    assert cut is not None
    assert cut.loader == ""


def test_object_files_are_not_loadable() -> None:
    found = parse_elf(elf(kind=1))
    assert found is not None
    assert not found.is_loadable


def test_the_interpreter_that_runs_this_test() -> None:
    found = parse_elf(Path(sys.executable).resolve().read_bytes()[:4096])
    assert found is not None
    assert found.is_loadable
    assert found.loader.startswith("/lib")


@given(st.binary(max_size=300))
def test_any_bytes_after_the_magic_are_read_or_not(tail: bytes) -> None:
    found = parse_elf(b"\x7fELF" + tail)
    assert found is None or found.bits in (32, 64)
    assert parse_elf(b"x" + tail) is None


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"#!/bin/sh\necho", ("/bin/sh",)),
        (b"#! /usr/bin/env python3\n", ("/usr/bin/env", "python3")),
        (b"#!/bin/sh -e -u\n", ("/bin/sh", "-e -u")),
        (b"#!/bin/sh\r\n", ("/bin/sh\r",)),
        (b"#!\n", ("",)),
        (b"/bin/sh\n", ()),
        (b"", ()),
    ],
)
def test_interpreters(head: bytes, words: tuple[str, ...]) -> None:
    assert script_interpreter(head) == words


def test_programs_of_other_systems() -> None:
    assert foreign_program(b"MZ\x90\0") == "a Windows program"
    assert foreign_program(b"\x7fELF") == ""
