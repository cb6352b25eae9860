"""ELF files made in code: headers, a dynamic section and its strings, for any class and byte order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

NEEDED, STRTAB, SONAME, RPATH, RUNPATH = 1, 5, 14, 15, 29
LOAD, DYNAMIC, INTERP = 1, 2, 3
ADDRESS = 0x400000


@dataclass(frozen=True)
class ElfFile:
    """What an ELF file shall say; padding comes between headers and the dynamic section, as code does in real ones."""

    needed: Sequence[str | bytes] = ()
    soname: str = ""
    rpath: str = ""
    runpath: str = ""
    interpreter: str = ""
    machine: int = 62
    bits: int = 64
    order: str = "<"
    padding: int = 0
    strings_at: int | None = None
    """Address that DT_STRTAB says, where it shall lie."""
    segments: int | None = None
    """Number of program headers that the header claims."""

    def build(self) -> bytes:
        """Return the file."""
        strings, tags = self._strings()
        interpreter = self.interpreter.encode() + b"\0" if self.interpreter else b""
        count = 3 if interpreter else 2
        start = self._header_size + count * self._segment_size
        strings_at = start + len(interpreter)
        dynamic_at = strings_at + len(strings) + self.padding
        table = ADDRESS + strings_at if self.strings_at is None else self.strings_at
        dynamic = b"".join(self._words(tag, value) for tag, value in [*tags, (STRTAB, table), (0, 0)])
        end = dynamic_at + len(dynamic)
        headers = [self._segment(LOAD, 0, end), self._segment(DYNAMIC, dynamic_at, len(dynamic))]
        headers += [self._segment(INTERP, start, len(interpreter))] if interpreter else []
        return self._header(count) + b"".join(headers) + interpreter + strings + bytes(self.padding) + dynamic

    def _strings(self) -> tuple[bytes, list[tuple[int, int]]]:
        strings, tags = b"\0", []
        texts = [(NEEDED, name) for name in self.needed]
        texts += [(SONAME, self.soname), (RPATH, self.rpath), (RUNPATH, self.runpath)]
        for tag, text in texts:
            if text:
                tags.append((tag, len(strings)))
                strings += (text if isinstance(text, bytes) else text.encode()) + b"\0"
        return strings, tags

    @property
    def _header_size(self) -> int:
        return 64 if self.bits == 64 else 52

    @property
    def _segment_size(self) -> int:
        return 56 if self.bits == 64 else 32

    def _words(self, *values: int) -> bytes:
        return pack(f"{self.order}{len(values)}{'Q' if self.bits == 64 else 'I'}", *values)

    def _header(self, count: int) -> bytes:
        start = bytes([0x7F, *b"ELF", self.bits // 32, 1 if self.order == "<" else 2, 1]) + bytes(9)
        sizes = (self._header_size, self._segment_size, count if self.segments is None else self.segments, 0, 0, 0)
        kind = pack(f"{self.order}HHI", 3, self.machine, 1)
        places = self._words(0, self._header_size, 0)
        return start + kind + places + pack(f"{self.order}I6H", 0, *sizes)

    def _segment(self, kind: int, offset: int, size: int) -> bytes:
        address = ADDRESS + offset
        if self.bits == 64:
            return pack(f"{self.order}II6Q", kind, 5, offset, address, address, size, size, 8)
        return pack(f"{self.order}8I", kind, offset, address, address, size, size, 5, 4)
