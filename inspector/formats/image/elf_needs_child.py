"""What ELF files ask of the loader, read with pyelftools; only ever inside a child, since files may be made to hurt it.

Formats: elf(5); System V ABI, "Dynamic Linking".
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, Any, Final, cast

from elftools.common.utils import parse_cstring_from_stream, struct_parse
from elftools.elf.elffile import ELFFile

from inspector.formats.image.many_answer import ElfAnswer, ManyRequest, RawElf
from inspector.formats.image.many_contents_child import each_content

_MOST_SEGMENTS: Final = 256
_MOST_TAGS: Final = 4096
_MOST_NEEDED: Final = 512
_MOST_READ: Final = 1 << 20
"""Bytes read of one file: its headers, its dynamic section and the few names in that."""
_LONGEST: Final = 1 << 16
"""Bytes of a list of folders; names are far shorter."""
_STRINGS: Final = ("DT_NEEDED", "DT_SONAME", "DT_RPATH", "DT_RUNPATH")


def elf_needs_in_child(request: ManyRequest, report: Callable[[int, int, str], None]) -> ElfAnswer:
    """Return what every file asked for needs; one that is damaged or made to mislead costs only itself."""
    answer = ElfAnswer()
    for content, stream in each_content(request, report, answer.problems):
        try:
            answer.found.append(_needs(content.number, cast("IO[bytes]", _Rationed(stream))))
        except Exception:  # whatever a parser may do with somebody's bytes
            answer.refused.append(content.number)
    return answer


class _Rationed(io.RawIOBase):
    """A stream that gives only so many bytes in all, so that no count in a file can keep its reader busy."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = _MOST_READ

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes; raises ValueError once too many were asked for."""
        if size is None or size < 0 or size > self._left:
            raise ValueError("asks for more than such a file takes")
        self._left -= size
        return self._stream.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a position."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()


def _needs(number: int, stream: IO[bytes]) -> RawElf:
    """Read one file: program headers, then what the dynamic segment says."""
    elf = ELFFile(stream)
    segments = list(_segments(elf, stream))
    dynamic = next((one for one in segments if one["p_type"] == "PT_DYNAMIC"), None)
    strings = _strings(elf, stream, segments, dynamic) if dynamic is not None else {}
    interpreter = next((one for one in segments if one["p_type"] == "PT_INTERP"), None)
    runpath = strings.get("DT_RUNPATH", [])
    rpath = [] if runpath else strings.get("DT_RPATH", [])
    machine = _machine(stream, elf.little_endian)
    return RawElf(
        number,
        tuple(dict.fromkeys(strings.get("DT_NEEDED", [])[:_MOST_NEEDED])),
        tuple(folder for one in (*runpath, *rpath) for folder in one.split(b":") if folder),
        strings.get("DT_SONAME", [b""])[0],
        b"" if interpreter is None else _string(stream, interpreter["p_offset"]),
        machine,
        elf.elfclass,
        bool(rpath),
    )


def _machine(stream: IO[bytes], is_little: bool) -> int:
    stream.seek(18)
    return int.from_bytes(stream.read(2), "little" if is_little else "big")


def _segments(elf: ELFFile, stream: IO[bytes]) -> Iterator[Any]:
    count, size = elf["e_phnum"], elf["e_phentsize"]
    if count > _MOST_SEGMENTS:
        raise ValueError("has more program headers than any linker makes")
    for index in range(count):
        yield struct_parse(elf.structs.Elf_Phdr, stream, elf["e_phoff"] + index * size)


def _strings(elf: ELFFile, stream: IO[bytes], segments: list[Any], dynamic: Any) -> dict[str, list[bytes]]:
    """Return the strings that the dynamic segment leads to, by tag."""
    tags = list(_tags(elf, stream, dynamic))
    table = next((value for tag, value in tags if tag == "DT_STRTAB"), None)
    found: dict[str, list[bytes]] = {}
    start = None if table is None else _file_offset(segments, table)
    if start is not None:
        for tag, value in tags:
            if tag in _STRINGS:
                found.setdefault(tag, []).append(_string(stream, start + value))
    return found


def _tags(elf: ELFFile, stream: IO[bytes], dynamic: Any) -> Iterator[tuple[str, int]]:
    size = elf.structs.Elf_Dyn.sizeof()
    for index in range(min(dynamic["p_filesz"] // size, _MOST_TAGS)):
        tag = struct_parse(elf.structs.Elf_Dyn, stream, dynamic["p_offset"] + index * size)
        if tag["d_tag"] == "DT_NULL":
            return
        yield tag["d_tag"], tag["d_val"]


def _file_offset(segments: list[Any], address: int) -> int | None:
    for one in segments:
        if one["p_type"] == "PT_LOAD" and 0 <= address - one["p_vaddr"] < one["p_filesz"]:
            return int(address - one["p_vaddr"] + one["p_offset"])
    return None


def _string(stream: IO[bytes], at: int) -> bytes:
    return (parse_cstring_from_stream(stream, at) or b"")[:_LONGEST]
