"""Whether Python takes a .pyc file for what its source says, by its first bytes (PEP 552)."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 16
_HASH_BASED: Final = 0b01
_KNOWN_FLAGS: Final = 0b11
_32_BITS: Final = 0xFFFF_FFFF


def takes_bytecode(head: bytes, mtime: int, size: int) -> bool:
    """Whether Python runs a .pyc file instead of its source; which Python made it is not judged.

    head: its first 16 bytes; mtime (seconds since 1970) and size (bytes) are the source's. One with times is taken only if both
    are the same, in 32 bits; an unchecked one with a hash always; a checked one if the source is what it was made of, which is
    taken for granted. Source: SourceLoader.get_code of Python's Lib/importlib/_bootstrap_external.py.
    """
    if len(head) < HEAD_BYTES:
        return False
    flags, stored_mtime, stored_size = (int.from_bytes(head[place : place + 4], "little") for place in (4, 8, 12))
    if flags & ~_KNOWN_FLAGS:
        return False
    if flags & _HASH_BASED:
        return True
    return flags == 0 and stored_mtime == mtime & _32_BITS and stored_size == size & _32_BITS
