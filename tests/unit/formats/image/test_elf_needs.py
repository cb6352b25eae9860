"""What ELF files need, read from layers however they are stored; files made to hurt cost only themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from inspector.analysis.image.file_system import merge
from inspector.formats.image.elf_needs import read_elf_needs, read_first_bytes
from inspector.isolation.child import ChildFailed
from inspector.isolation.limits import CancelToken
from inspector.records.event import Warned
from inspector.records.image import Compression, Image
from inspector.records.image_contents import ElfNeeds
from tests.images.build import File, HardLink, Sparse, Symlink, build_layer
from tests.unit.formats.image.elf_making import ElfFile
from tests.unit.formats.image.layer_images import image_of, indexed

PROGRAM = ElfFile(("libm.so.6", "libc.so.6"), runpath="$ORIGIN/../lib:/opt/lib", interpreter="/lib64/ld.so").build()
LIBRARY = ElfFile(("libc.so.6",), "libfoo.so.1", rpath="$ORIGIN/../foo.libs", padding=10_000).build()
BOTH = ElfFile(rpath="/old", runpath="/new").build()
SMALL = ElfFile(("libc.so",), machine=40, bits=32).build()
BIG_ENDIAN = ElfFile(("libc.so.6",), machine=22, order=">").build()
ENTRIES: list[tuple[str, Any]] = [
    ("bin/app", File(PROGRAM, 0o755)),
    ("bin/app2", HardLink("bin/app")),
    ("bin/link", Symlink("app")),
    ("bin/script", File(b"#!/bin/sh\n", 0o755)),
    ("lib/both.so", BOTH),
    ("lib/empty.so", b""),
    ("lib/libfoo.so.1", LIBRARY),
    ("lib/small.so", SMALL),
    ("lib/s390x.so", BIG_ENDIAN),
]
NEEDS = {
    "bin/app": ElfNeeds(("libm.so.6", "libc.so.6"), ("$ORIGIN/../lib", "/opt/lib"), "", "/lib64/ld.so", 62),
    "bin/app2": ElfNeeds(("libm.so.6", "libc.so.6"), ("$ORIGIN/../lib", "/opt/lib"), "", "/lib64/ld.so", 62),
    "lib/both.so": ElfNeeds((), ("/new",), machine=62),
    "lib/libfoo.so.1": ElfNeeds(("libc.so.6",), ("$ORIGIN/../foo.libs",), "libfoo.so.1", machine=62, is_inherited=True),
    "lib/small.so": ElfNeeds(("libc.so",), machine=40, bits=32),
    "lib/s390x.so": ElfNeeds(("libc.so.6",), machine=22),
}


def told(steps: Iterator[Any]) -> tuple[Any, list[Warned]]:
    """Return what steps make, and the warnings on the way."""
    warnings = []
    while True:
        try:
            event = next(steps)
        except StopIteration as stop:
            return stop.value, warnings
        if isinstance(event, Warned):
            warnings.append(event)


def needs_of(image: Image, paths: list[str] | None = None) -> tuple[Mapping[str, ElfNeeds], list[Warned]]:
    return told(read_elf_needs(image, merge(image.layers), paths))


@pytest.mark.parametrize(
    ("compression", "wrapping"), [("none", "none"), ("gzip", "none"), ("zstd", "none"), ("none", "gzip"), ("gzip", "zstd")]
)
def test_every_elf_file_wherever_it_lies(compression: Compression, wrapping: Compression, tmp_path: Path) -> None:
    over = {"lib/over.so": ElfFile(("libover.so",)).build(), "lib/both.so": BOTH}
    image = indexed(image_of(tmp_path, [build_layer(ENTRIES, compression), build_layer(over, compression)], wrapping))
    found, warnings = needs_of(image)
    assert found == {**NEEDS, "lib/over.so": ElfNeeds(("libover.so",), machine=62)}
    assert warnings == []


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_sparse_file(compression: Compression, tmp_path: Path) -> None:
    library = ElfFile(("libc.so.6",), padding=100_000).build()
    sparse = Sparse(len(library), ((0, library[:512]), (len(library) - 512, library[-512:])))
    image = indexed(image_of(tmp_path, [build_layer({"lib/cuda.so": sparse, "lib/both.so": BOTH}, compression)]))
    found, _ = needs_of(image, ["lib/cuda.so", "lib/both.so"])
    assert found == {"lib/cuda.so": ElfNeeds(("libc.so.6",), machine=62), "lib/both.so": NEEDS["lib/both.so"]}


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    image = indexed(image_of(tmp_path, [build_layer(ENTRIES)]))
    assert needs_of(image, ["bin/app", "bin/link", "bin", "no/such"])[0] == {"bin/app": NEEDS["bin/app"]}
    assert needs_of(image, []) == ({}, [])


def test_programs_of_this_machine(tmp_path: Path) -> None:
    program = Path(sys.executable).resolve().read_bytes()
    image = indexed(image_of(tmp_path, [build_layer({"python": File(program, 0o755)}, "gzip")]))
    needs = needs_of(image)[0]["python"]
    assert any(name.startswith("libc.") for name in needs.needed)
    assert needs.interpreter.startswith("/")
    assert needs.machine == int.from_bytes(program[18:20], sys.byteorder)


LOOP = ElfFile(("libc.so.6",), strings_at=0x400000).build()
HOSTILE = {
    "cut short": PROGRAM[:100],
    "only a magic number": b"\x7fELF",
    "cut after its headers": PROGRAM[:-40],
    "more program headers than there are bytes": ElfFile(segments=0xFFFE).build(),
    "strings far outside": ElfFile(("libc.so.6",), strings_at=1 << 60).build(),
    "no end to its names": ElfFile((b"x" * 3_000_000,)).build(),
    "random bytes": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 8,
    "of no class": b"\x7fELF\x07" + PROGRAM[5:],
    "thousands of needs": ElfFile([f"lib{number}.so" for number in range(60_000)]).build(),
}


def test_files_made_to_hurt_cost_only_themselves(tmp_path: Path) -> None:
    files = {f"lib/{number}.so": data for number, data in enumerate(HOSTILE.values())}
    image = indexed(image_of(tmp_path, [build_layer({"lib/good.so": BOTH, **files, "lib/loop.so": LOOP})]))
    found, warnings = needs_of(image)
    assert found["lib/good.so"] == NEEDS["lib/both.so"]
    assert all(len(needs.needed) <= 512 for needs in found.values())
    assert len(warnings) == 1
    assert "could not be understood, such as lib/" in warnings[0].message
    assert len(found) < len(files)


def test_names_are_cleaned_as_paths_are(tmp_path: Path) -> None:
    evil = b"lib\x1b]52;c;eA==\x07.so"
    layer = build_layer([("lib/evil.so", ElfFile((evil,)).build()), (f"lib/{evil.decode()}", BOTH)])
    image = indexed(image_of(tmp_path, [layer]))
    (name,) = needs_of(image)[0]["lib/evil.so"].needed
    assert "\x1b" not in name
    assert f"lib/{name}" in merge(image.layers).entries


def test_a_layer_that_is_gone_is_said(tmp_path: Path) -> None:
    image = indexed(image_of(tmp_path, [build_layer(ENTRIES, "gzip")]))
    Path(image.artifact.path).write_bytes(b"\x1f\x8b" + bytes(100))
    found, warnings = needs_of(image)
    assert found == {}
    assert len(warnings) == 1
    assert "layer" in warnings[0].message


def test_cancelling(tmp_path: Path) -> None:
    image = indexed(image_of(tmp_path, [build_layer(ENTRIES)]))
    token = CancelToken()
    token.cancel()
    with pytest.raises(ChildFailed, match="cancelled"):
        told(read_elf_needs(image, merge(image.layers), None, token))


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_first_bytes(compression: Compression, tmp_path: Path) -> None:
    image = indexed(image_of(tmp_path, [build_layer(ENTRIES, compression)]))
    wanted = {"bin/script": 1 << 30, "lib/both.so": 4, "bin/app2": 5, "bin/app": 4, "lib/empty.so": 9, "bin": 3, "no": 1}
    found, _ = told(read_first_bytes(image, merge(image.layers), wanted))
    assert found == {
        "bin/app": b"\x7fELF",
        "bin/app2": b"\x7fELF\x02",
        "bin/script": b"#!/bin/sh\n",
        "lib/both.so": b"\x7fELF",
    }
