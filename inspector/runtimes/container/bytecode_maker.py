"""Compiles modules: this text is run by the Python of an image, 3.7 or later, with nothing but its standard library.

Its argument is a file of paths, each ended by a null byte. Standard output is HEAD, the 4 bytes that this Python's bytecode
begins with, and a frame for each path: what it is (1 byte), index of the path, length of the .pyc file's path, length of what
follows it (4 bytes each, big-endian); then both. Last comes a frame DONE whose index is the number of paths.
"""

import importlib.util
import marshal
import os
import stat
import sys

HEAD = b"modelpack-tui bytecode 1\n"
SKIPPED, MADE, DONE = 0, 1, 2
LARGEST_SOURCE = 16 << 20
_UNCHECKED = (1).to_bytes(4, "little")
_LONGEST_REASON = 200


def made_of(path: bytes) -> "tuple[bytes, bytes]":
    """Return path and content of the .pyc file of a source; its hash is in it and not checked (PEP 552)."""
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - paths of bytes
        raise ValueError("is no file")
    with open(path, "rb") as file:  # noqa: PTH123
        source = file.read(LARGEST_SOURCE + 1)
    if len(source) > LARGEST_SOURCE:
        raise ValueError("is too large")
    name = os.fsdecode(path)
    code = compile(source, name, "exec", dont_inherit=True)
    head = importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source)
    return os.fsencode(importlib.util.cache_from_source(name)), head + marshal.dumps(code)


def frame(kind: int, index: int, path: bytes = b"", content: bytes = b"") -> bytes:
    """Return what tells of one source."""
    return bytes([kind]) + b"".join(number.to_bytes(4, "big") for number in (index, len(path), len(content))) + path + content


def tell(index: int, path: bytes) -> bytes:
    """Return the frame of one source, whatever becomes of it."""
    try:
        return frame(MADE, index, *made_of(path))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        return frame(SKIPPED, index, b"", reason.encode("utf-8", "replace"))


def main(listing: str) -> None:
    """Compile every source that a file lists."""
    with open(listing, "rb") as file:  # noqa: PTH123
        paths = file.read().split(b"\0")[:-1]
    out = sys.stdout.buffer
    out.write(HEAD + importlib.util.MAGIC_NUMBER)
    for index, path in enumerate(paths):
        out.write(tell(index, path))
    out.write(frame(DONE, len(paths)))
    out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
