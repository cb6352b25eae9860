"""What the first bytes of a program say: machine and kind of ELF files, interpreter of scripts. Format: elf(5)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import error, unpack_from
from typing import Final

_MACHINES: Final = {
    3: "386", 8: "mips", 20: "ppc", 21: "ppc64", 22: "s390x", 40: "arm", 62: "amd64", 183: "arm64",
    243: "riscv64", 258: "loong64",
}  # fmt: skip
_EXECUTABLE, _SHARED = 2, 3
_LOADER_SEGMENT: Final = 3
_LONGEST_PATH: Final = 4096
_FOREIGN: Final = (
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a macOS program or Java class"),
)


@dataclass(frozen=True, slots=True)
class Elf:
    """One ELF file: its machine in OCI's words ("amd64"), whether a loader can map it, and the loader it asks for."""

    machine: str
    bits: int
    is_loadable: bool
    """A program or shared library, and no object file."""
    loader: str = ""
    """Path of the loader (PT_INTERP), where enough of the file was given to tell."""


def parse_elf(head: bytes) -> Elf | None:
    """Return what the first bytes of an ELF file say, or None for anything else."""
    if len(head) < 20 or head[:4] != b"\x7fELF" or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    order = "<" if head[5] == 1 else ">"
    kind, machine = unpack_from(f"{order}HH", head, 16)
    name = _MACHINES.get(machine, f"machine {machine}")
    if machine == 21 and order == "<":
        name = "ppc64le"
    bits = 64 if head[4] == 2 else 32
    return Elf(name, bits, kind in (_EXECUTABLE, _SHARED), _loader(head, order, bits))


def script_interpreter(head: bytes) -> tuple[str, ...]:
    """Return the words of a script's first line after #!, a carriage return kept; empty for what is no script."""
    if not head.startswith(b"#!"):
        return ()
    line = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace")
    return tuple(line.strip(" \t").replace("\t", " ").split(" ", 1))


def foreign_program(head: bytes) -> str:
    """Return what a program of another operating system is, or an empty text."""
    return next((what for magic, what in _FOREIGN if head.startswith(magic)), "")


def _loader(head: bytes, order: str, bits: int) -> str:
    try:
        if bits == 64:
            (table,), (entry_size, count) = unpack_from(f"{order}Q", head, 32), unpack_from(f"{order}HH", head, 54)
        else:
            (table,), (entry_size, count) = unpack_from(f"{order}I", head, 28), unpack_from(f"{order}HH", head, 42)
        for at in range(table, min(table + count * entry_size, len(head)), entry_size or len(head)):
            (segment,) = unpack_from(f"{order}I", head, at)
            if segment == _LOADER_SEGMENT:
                return _text(head, order, bits, at)
    except error:
        pass
    return ""


def _text(head: bytes, order: str, bits: int, at: int) -> str:
    place, length = _place_64(head, order, at) if bits == 64 else _place_32(head, order, at)
    if length > _LONGEST_PATH or place + length > len(head):
        return ""
    return head[place : place + length].split(b"\0")[0].decode("utf-8", "replace")


def _place_64(head: bytes, order: str, at: int) -> tuple[int, int]:
    (offset,), (length,) = unpack_from(f"{order}Q", head, at + 8), unpack_from(f"{order}Q", head, at + 32)
    return offset, length


def _place_32(head: bytes, order: str, at: int) -> tuple[int, int]:
    (offset,), (length,) = unpack_from(f"{order}I", head, at + 4), unpack_from(f"{order}I", head, at + 16)
    return offset, length
