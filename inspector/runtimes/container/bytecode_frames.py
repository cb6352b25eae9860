"""What a Python that compiles modules sends back, taken apart piece by piece and believed only once it was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from inspector.isolation.escaping import cleaned
from inspector.isolation.plain_line import plain_line
from inspector.runtimes.container.bytecode_maker import DONE, HEAD, MADE, SKIPPED

MOST_BYTES: Final = 512 << 20
"""Of all bytecode together."""
_LARGEST: Final = 64 << 20
_LONGEST_PATH: Final = 4096
_LONGEST_REASON: Final = 1024
_MAGIC: Final = 4
_FRAME: Final = 13
_PYC_HEAD: Final = 16
_UNCHECKED: Final = (1).to_bytes(4, "little")
_CODE: Final = b"c\xe3"
"""How marshal begins a code object, with and without its flag for what is referred to again."""


@dataclass(frozen=True, slots=True)
class CompiledSource:
    """Bytecode of one source; both paths cleaned, relative to the root."""

    source: str
    path: str
    content: bytes


class BytecodeFrames:
    """Takes in what is sent, in whatever pieces; raises ValueError for what is not as agreed, and takes nothing more then."""

    def __init__(self, sources: tuple[bytes, ...]) -> None:
        """sources: absolute paths as they were asked for."""
        self.made: list[CompiledSource] = []
        self.skipped: list[tuple[str, str]] = []
        """Cleaned path of a source, and why there is no bytecode of it."""
        self.is_done = False
        self._sources = sources
        self._magic = b""
        self._next = 0
        self._bytes = 0
        self._pending = bytearray()

    def feed(self, data: bytes) -> None:
        """Take in the next piece; raises ValueError."""
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            raise ValueError(f"it sent more than {MOST_BYTES >> 20} MiB")
        self._pending += data
        if not self._magic and not self._has_begun():
            return
        while self._took_a_frame():
            pass

    def _has_begun(self) -> bool:
        if len(self._pending) < len(HEAD) + _MAGIC:
            return False
        if not self._pending.startswith(HEAD):
            raise ValueError("it printed something else")
        self._magic = bytes(self._pending[len(HEAD) : len(HEAD) + _MAGIC])
        if self._magic[2:] != b"\r\n":
            raise ValueError("its bytecode has no magic number")
        del self._pending[: len(HEAD) + _MAGIC]
        return True

    def _took_a_frame(self) -> bool:
        if self.is_done and self._pending:
            raise ValueError("it went on after its end")
        if len(self._pending) < _FRAME:
            return False
        kind = self._pending[0]
        index, path_length, length = (int.from_bytes(self._pending[place : place + 4], "big") for place in (1, 5, 9))
        self._check(kind, index, path_length, length)
        end = _FRAME + path_length + length
        if len(self._pending) < end:
            return False
        path, content = bytes(self._pending[_FRAME : _FRAME + path_length]), bytes(self._pending[_FRAME + path_length : end])
        del self._pending[:end]
        self._next = index + 1
        self._take(kind, index, path, content)
        return True

    def _check(self, kind: int, index: int, path_length: int, length: int) -> None:
        if kind == DONE and (index, path_length, length) == (len(self._sources), 0, 0):
            return
        if kind not in (MADE, SKIPPED) or not self._next <= index < len(self._sources):
            raise ValueError("it told of sources that nobody asked for")
        if path_length > _LONGEST_PATH or length > (_LARGEST if kind == MADE else _LONGEST_REASON):
            raise ValueError("it announced more than bytecode can be")

    def _take(self, kind: int, index: int, path: bytes, content: bytes) -> None:
        if kind == DONE:
            self.is_done = True
            return
        source = cleaned(self._sources[index].lstrip(b"/"))
        if kind == SKIPPED:
            self.skipped.append((source, plain_line(content.decode("utf-8", "replace"))))
            return
        if not is_path_of(self._sources[index], path) or not self._is_bytecode(content):
            raise ValueError(f"what it sent is no bytecode of {plain_line(source)}")
        self.made.append(CompiledSource(source, cleaned(path.lstrip(b"/")), content))

    def _is_bytecode(self, content: bytes) -> bool:
        return content.startswith(self._magic + _UNCHECKED) and content[_PYC_HEAD : _PYC_HEAD + 1] in (_CODE[:1], _CODE[1:])


def is_path_of(source: bytes, path: bytes) -> bool:
    """Whether a path is one at which Python looks for bytecode of a source: PEP 3147, or below a folder of its own for all."""
    folder, _, name = source.rpartition(b"/")
    where, _, file = path.rpartition(b"/")
    stem = name.rpartition(b".")[0]
    parts = path.split(b"/")
    if path[:1] != b"/" or 0 in path or b".." in parts or b"." in parts or b"" in parts[1:]:
        return False
    if not (stem and file.startswith(stem + b".") and file.endswith(b".pyc")):
        return False
    return where == folder + b"/__pycache__" or (where.endswith(folder) and where != folder)
